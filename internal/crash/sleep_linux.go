//go:build linux && (amd64 || arm64)

package crash

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	sysFutexWaitv = 449
	futexPrivate  = 128
)

// awaitSleep waits until the thread, which is in a system call, has come out of it
// (false) or sleeps there for something that processes share (true).
func (t *Tracer) awaitSleep() (bool, error) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, t.tid, &info, unix.WEXITED|unix.WSTOPPED|unix.WALL|unix.WNOHANG|unix.WNOWAIT, nil)
		if err != nil && err != syscall.EINTR {
			return false, fmt.Errorf("crash: wait: %w", err)
		}
		if err == nil && info.Signo != 0 {
			return false, nil
		}
		if t.sleeps() && t.shares() {
			return true, nil
		}
		time.Sleep(20 * time.Microsecond) // how often to look, nothing more
	}
}

// sleeps tells whether the kernel has put the thread to sleep, and not its tracer.
func (t *Tracer) sleeps() bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", t.pid, t.tid))
	i := bytes.LastIndexByte(text, ')')
	return i > 0 && len(text) > i+2 && text[i+2] == 'S'
}

// shares tells whether the system call that the thread sleeps in is a wait for
// something that processes share.
func (t *Tracer) shares() bool {
	nr, addr, op := t.sleepsIn()
	return nr == sysFutexWaitv || nr == unix.SYS_FUTEX && op&futexPrivate == 0 && t.shared(addr) || nr == unix.SYS_FCNTL
}

// sleepsIn is the system call that the thread sleeps in, and its first arguments.
func (t *Tracer) sleepsIn() (nr, addr, op uint64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/syscall", t.pid, t.tid))
	fmt.Sscanf(string(text), "%d 0x%x 0x%x", &nr, &addr, &op)
	return nr, addr, op
}
