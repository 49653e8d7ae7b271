//go:build linux && (amd64 || arm64)

package crash_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// residentAwaits has the resident wait for something, until waits tells that others see
// that, and it sleeps: whoever wakes it takes another way if it is not in the kernel yet.
func residentAwaits(what string, waits func(s *scene) bool) func(s *scene) {
	return func(s *scene) {
		s.ask(s.resident, what, "staging")
		for !waits(s) || !asleepInKernel(s.resident.PID()) {
			runtime.Gosched()
		}
	}
}

// asleepInKernel tells whether a thread of the process waits for something that processes
// share, beside the one that does so all the time: the keeper. Go's own threads have the
// PRIVATE flag.
func asleepInKernel(pid int) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	n := 0
	for _, f := range files {
		b, _ := os.ReadFile(f)
		var nr, addr, op uint64
		fmt.Sscanf(string(b), "%d 0x%x 0x%x", &nr, &addr, &op)
		if nr == futexWaitv || nr == syscall.SYS_FUTEX && op&futexPrivate == 0 {
			n++
		}
	}
	return n > 1
}

const (
	futexWaitv   = 449
	futexPrivate = 128
)
