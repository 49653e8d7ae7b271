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
	word := new(uint32)
	ended := make(chan error, 1)
	go func() {
		_, err := sys.FutexWait([]sys.Word{{Addr: word, Val: 0}}, 10*time.Second)
		ended <- err
	}()
	for shmtest.WakeAll(word) == 0 {
		select {
		case err := <-ended:
			t.Fatalf("nobody could wake it: %v", err)
		default:
			runtime.Gosched()
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
