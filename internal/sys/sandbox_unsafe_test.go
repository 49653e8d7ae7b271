//go:build linux

package sys_test

import (
	"errors"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
)

func init() { shmtest.Register("sandbox", waitInSandbox) }

// forbid makes system call nr fail with errno, in all threads of this process.
func forbid(nr uint32, errno unix.Errno) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: nr, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x00050000 | uint32(errno)}, // SECCOMP_RET_ERRNO
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000},                 // SECCOMP_RET_ALLOW
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const setModeFilter, allThreads = 1, 1
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, allThreads, uintptr(unsafe.Pointer(&prog)))
	if e != 0 {
		return e
	}
	return nil
}

func waitInSandbox(c *shmtest.Child) {
	if err := forbid(unix.SYS_FUTEX_WAITV, unix.EACCES); err != nil {
		c.Say("no seccomp")
		return
	}
	word := new(uint32)
	_, err := sys.FutexWait([]sys.Word{{Addr: word, Val: 0}}, time.Millisecond)
	c.Say(errors.Is(err, sys.ErrTimeout), sys.HasWaitV())
}

// A sandbox may refuse futex_waitv with any error: the wait sleeps all the same,
// and does not come back at once, again and again.
func TestFutexWaitForbidden(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	p := shmtest.Start(t, "sandbox")
	switch answer := p.Line(); answer {
	case "no seccomp":
		t.Skip("needs seccomp filters")
	case "true false":
	default:
		t.Errorf("asleep for the time asked, with futex_waitv: %q", answer)
	}
}
