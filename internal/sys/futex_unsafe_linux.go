package sys

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Operations and flags of the kernel. None has the PRIVATE flag: the words are
// shared between processes.
const (
	futexWait     = 0
	futexWake     = 1
	futexWaiters  = 1 << 31
	sysFutexWaitv = 449 // the same number on amd64 and arm64
	futex2SizeU32 = 2
)

// fallbackSlice is how long a wait without futex_waitv lasts at most.
const fallbackSlice = 5 * time.Millisecond

// century is long enough, and a sum with it does not overflow.
const century = 100 * 365 * 24 * time.Hour

// States of waitv.
const (
	waitvUnknown = iota
	waitvWorks
	waitvMissing
)

// waitv tells whether the kernel, or the sandbox in front of it, has futex_waitv.
var waitv atomic.Int32

// idle is a word that nobody writes. It is global because the kernel gets its
// address as a number, and a stack may move.
var idle uint32

// HasWaitV tells whether FutexWait can wait on several words at once. Where it
// can not, it waits on the first in short slices.
func HasWaitV() bool {
	if waitv.Load() == waitvUnknown {
		FutexWait([]Word{{&idle, 1}, {&idle, 1}}, 0)
	}
	return waitv.Load() == waitvWorks
}

// ForgoWaitV makes this process do without futex_waitv, as under an old kernel,
// until restore is called. It is for tests.
func ForgoWaitV() (restore func()) {
	was := waitv.Swap(waitvMissing)
	return func() { waitv.Store(was) }
}

// FutexWake wakes up to n sleepers on addr, in any process, and returns how many
// it woke. It is raw: it never sleeps, so the scheduler need not know. addr may
// be unmapped; then nobody is woken.
func FutexWake(addr *uint32, n int) int {
	r, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(addr)), futexWake, uintptr(n), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(r)
}

// waiter is struct futex_waitv.
type waiter struct {
	val, addr uint64
	flags, _  uint32
}

// FutexWait sleeps while each word has its value, for at most timeout, on the
// monotonic clock. It returns the index of a word that was woken; words before it
// may have been woken too, which nobody will tell. Otherwise it returns -1 and
// ErrTimeout, ErrAgain, ErrInterrupted or what the kernel said. A wake-up may be
// spurious, and without futex_waitv a timeout may come early. It reads no word
// itself, so that one that is unmapped meanwhile is an error and no crash.
//
// Preconditions:
//   - there are 1 to MaxWords words;
//   - no word is on a stack of Go.
func FutexWait(words []Word, timeout time.Duration) (int, error) {
	switch {
	case len(words) == 1:
		return waitFirst(words[0], timeout) // cheaper
	case waitv.Load() == waitvMissing:
		return waitFirst(words[0], min(timeout, fallbackSlice))
	}
	var few [10]waiter
	list := few[:0]
	for _, w := range words {
		list = append(list, waiter{uint64(w.Val), uint64(uintptr(unsafe.Pointer(w.Addr))), futex2SizeU32, 0})
	}
	deadline := unix.NsecToTimespec(soon() + int64(min(max(timeout, 0), century)))
	n, _, errno := unix.Syscall6(sysFutexWaitv, uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)), 0,
		uintptr(unsafe.Pointer(&deadline)), unix.CLOCK_MONOTONIC, 0)
	runtime.KeepAlive(words)
	if refused(errno) {
		waitv.Store(waitvMissing)
		return waitFirst(words[0], min(timeout, fallbackSlice))
	}
	waitv.CompareAndSwap(waitvUnknown, waitvWorks)
	return outcome(int(n), errno)
}

// origin is an instant, on the clock of the kernel and on that of Go, which is the same
// but for where it begins.
var origin = struct {
	kernel int64
	ours   time.Time
}{Monotonic(), time.Now()}

// soon is Monotonic without a system call. It is late by as much as passed between its
// two clocks once, so it is for timeouts only.
func soon() int64 { return origin.kernel + int64(time.Since(origin.ours)) }

// refused tells an error that is not one of futex_waitv's own: an old kernel says
// ENOSYS, a sandbox whatever it was told to say.
func refused(errno unix.Errno) bool {
	switch errno {
	case 0, unix.EAGAIN, unix.ETIMEDOUT, unix.EINTR, unix.EFAULT, unix.EINVAL, unix.ENOMEM:
		return false
	}
	return true
}

// waitFirst sleeps on one word. If there are others it is so short that the caller, who
// looks at them, is not late.
func waitFirst(w Word, timeout time.Duration) (int, error) {
	slice := unix.NsecToTimespec(int64(min(max(timeout, 0), century)))
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w.Addr)), futexWait,
		uintptr(w.Val), uintptr(unsafe.Pointer(&slice)), 0, 0)
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

// Yield lets other threads that want this processor have it first.
func Yield() { unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
