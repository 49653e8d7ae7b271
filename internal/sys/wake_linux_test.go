package sys_test

import (
	"runtime"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
)

// A wake-up reaches sleepers of other processes, and as many as it is for: the
// word is the same one to all of them.
func TestWakeIsShared(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	word := new(uint32)
	s := shmtest.Sleep(t, word, 0, 3)
	if n := sys.FutexWake(word, 2); n != 2 {
		t.Errorf("woke %d sleepers, want 2", n)
	}
	if n := s.Left(); n != 1 {
		t.Errorf("%d sleepers left, want 1", n)
	}
}

// Who waits can be woken by other processes, as which the test's own call counts:
// it has no PRIVATE flag.
func TestWaitIsShared(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, n := range []int{1, 2} { // each has a system call of its own
		words := make([]sys.Word, n)
		for i := range words {
			words[i].Addr = new(uint32)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := sys.FutexWait(words, 10*time.Second)
			ended <- err
		}()
		for shmtest.WakeAll(words[n-1].Addr) == 0 {
			select {
			case err := <-ended:
				t.Fatalf("%d words: nobody could wake it: %v", n, err)
			default:
				runtime.Gosched()
			}
		}
		if err := <-ended; err != nil {
			t.Errorf("%d words: %v", n, err)
		}
	}
}
