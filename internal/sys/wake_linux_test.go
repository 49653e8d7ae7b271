package sys_test

import (
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
