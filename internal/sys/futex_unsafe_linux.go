package sys

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	futexWait      = 0
	futexWake      = 1
	futexWaiters   = 1 << 31
	sysFutexWaitv  = 449 // the same number on amd64 and arm64
	futex2SizeU32  = 2   // and not FUTEX2_PRIVATE: the words are shared
	fallbackSlice  = 5 * time.Millisecond
	waitvUnknown   = 0
	waitvWorks     = 1
	waitvIsMissing = 2
)

// waitv tells whether the kernel, or the sandbox in front of it, has futex_waitv.
var waitv atomic.Int32

// HasWaitV tells whether FutexWait can wait on several words at once. Where it
// can not, it waits on the first in short slices.
func HasWaitV() bool {
	if waitv.Load() == waitvUnknown {
		var w uint32
		FutexWait([]Word{{&w, 1}}, time.Millisecond)
	}
	return waitv.Load() == waitvWorks
}

// FutexWake wakes up to n sleepers on addr, in any process, and returns how many
// it woke. It is raw: it never sleeps, so the scheduler need not know.
func FutexWake(addr *uint32, n int) int {
	r, _, _ := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(addr)), futexWake, uintptr(n), 0, 0, 0)
	return int(r)
}

// waiter is struct futex_waitv.
type waiter struct {
	val, addr uint64
	flags, _  uint32
}

// FutexWait sleeps while each word has its value, for at most timeout, on the
// monotonic clock. It returns the index of the word that was woken, or -1 and
// ErrTimeout, ErrAgain or ErrInterrupted. A wake-up may be spurious. words must
// have 1 to MaxWords entries.
func FutexWait(words []Word, timeout time.Duration) (int, error) {
	if waitv.Load() == waitvIsMissing {
		return waitFirst(words, timeout)
	}
	var few [4]waiter
	list := few[:0]
	for _, w := range words {
		list = append(list, waiter{uint64(w.Val), uint64(uintptr(unsafe.Pointer(w.Addr))), futex2SizeU32, 0})
	}
	deadline := unix.NsecToTimespec(Monotonic() + int64(timeout))
	n, _, errno := unix.Syscall6(sysFutexWaitv, uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)), 0,
		uintptr(unsafe.Pointer(&deadline)), unix.CLOCK_MONOTONIC, 0)
	runtime.KeepAlive(words)
	if errno == unix.ENOSYS || errno == unix.EPERM {
		waitv.Store(waitvIsMissing)
		return waitFirst(words, timeout)
	}
	waitv.Store(waitvWorks)
	return outcome(int(n), errno)
}

// waitFirst sleeps on the first word alone, so short that the caller, who looks
// at the others, is not late.
func waitFirst(words []Word, timeout time.Duration) (int, error) {
	slice := unix.NsecToTimespec(int64(min(max(timeout, 0), fallbackSlice)))
	for _, w := range words[1:] {
		if atomic.LoadUint32(w.Addr) != w.Val {
			return -1, ErrAgain
		}
	}
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(words[0].Addr)), futexWait,
		uintptr(words[0].Val), uintptr(unsafe.Pointer(&slice)), 0, 0)
	runtime.KeepAlive(words)
	return outcome(0, errno)
}

func outcome(n int, errno unix.Errno) (int, error) {
	switch errno {
	case 0:
		return n, nil
	case unix.EAGAIN:
		return -1, ErrAgain
	case unix.ETIMEDOUT:
		return -1, ErrTimeout
	case unix.EINTR:
		return -1, ErrInterrupted
	}
	return -1, errno
}
