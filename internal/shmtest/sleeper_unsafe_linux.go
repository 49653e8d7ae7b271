package shmtest

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// Sleepers are threads that sleep in the kernel on one word, in place of processes
// that wait. They know nothing of package park, and their sleep has no bound, so
// nothing hides a wake-up that is not sent.
type Sleepers struct {
	word *uint32
	all  sync.WaitGroup
}

// futexWait and futexWake are FUTEX_WAIT and FUTEX_WAKE without the PRIVATE flag.
// Package sys has them too, but it is one of those that are under test.
const futexWait, futexWake = 0, 1

// Sleep makes n sleepers on word, which has the value val, and returns when all
// are asleep.
//
// Preconditions:
//   - word is in mapped memory or in the heap of Go;
//   - nothing changes or wakes word before Sleep returns.
func Sleep(t testing.TB, word *uint32, val uint32, n int) *Sleepers {
	t.Helper()
	s := &Sleepers{word: word}
	tids := make(chan int, n)
	for range n {
		s.all.Go(func() {
			runtime.LockOSThread() // the thread ends with the goroutine
			blockSignals()
			tids <- syscall.Gettid()
			syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(val), 0, 0, 0)
		})
	}
	for range n {
		path := fmt.Sprintf("/proc/self/task/%d/syscall", <-tids)
		// The number of the system call and its first argument; elsewhere the thread
		// has not come so far.
		want := fmt.Sprintf("%d 0x%x ", syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)))
		for {
			line, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(line), want) {
				break
			}
			runtime.Gosched()
		}
	}
	return s
}

// blockSignals keeps the sleep of this thread whole: the death of a child would end
// it, and it could not begin again on a word that has changed meanwhile.
func blockSignals() {
	const setMask = 2
	all := ^uint64(0)
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, setMask, uintptr(unsafe.Pointer(&all)), 0, unsafe.Sizeof(all), 0, 0)
}

// Woken returns when somebody else has woken them all.
func (s *Sleepers) Woken() { s.all.Wait() }

// Left tells how many were still asleep, and ends them. The kernel takes a sleeper
// off the word before the call that wakes it returns, so nobody has to wait for
// the result.
func (s *Sleepers) Left() int {
	n := WakeAll(s.word)
	s.all.Wait()
	return n
}

// WakeAll wakes everybody who sleeps on word, in any process, and tells how many
// there were.
func WakeAll(word *uint32) int {
	n, _, _ := syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, math.MaxInt32, 0, 0, 0)
	return int(n)
}
