package sys

import (
	"sync"

	"golang.org/x/sys/unix"
)

const (
	membarrierGlobal         = 2 // MEMBARRIER_CMD_GLOBAL_EXPEDITED
	membarrierRegisterGlobal = 4 // MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED
)

func membarrier(command uintptr) bool {
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, command, 0, 0)
	return errno == 0
}

// RegisterBarrier makes the barriers of all processes reach the threads of this one,
// from now on, and tells whether the kernel does that.
var RegisterBarrier = sync.OnceValue(func() bool { return membarrier(membarrierRegisterGlobal) })

// Barrier makes every running thread of every process that has registered, and the
// caller, pass a full memory barrier. It tells whether the kernel does that.
func Barrier() bool { return membarrier(membarrierGlobal) }
