package sync_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// In these tests threads sleep in the kernel in place of waiters, without a bound:
// a waiter of ours looks again by itself after a while, which would hide a wake-up
// that nobody sends.

// lockObject is the object of the lock of a counterSegment.
func lockObject(t *testing.T, seg *shm.Segment) *shm.Object {
	t.Helper()
	o, err := seg.OpenObject("lock", shm.Spec{Kind: shm.KindMutex, Mutex: true})
	must(t, err)
	t.Cleanup(func() { o.Close() })
	return o
}

// contended is a lock that p holds, with n sleepers.
func contended(t *testing.T, seg *shm.Segment, n int) (word *uint32, s *shmtest.Sleepers) {
	t.Helper()
	word = &lockObject(t, seg).Mutex().Word
	w := atomic.OrUint32(word, layout.MutexWaiters) | layout.MutexWaiters
	return word, shmtest.Sleep(t, word, w, n)
}

func TestUnlockWakesOne(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	must(t, m.Lock())
	_, s := contended(t, seg, 2)
	must(t, m.Unlock())
	if n := s.Left(); n != 1 {
		t.Errorf("%d of 2 still sleep after Unlock, want 1", n)
	}
}

// Nobody will ever get a lock that was not repaired: all who sleep have to hear it.
func TestUnrepairedUnlockWakesAll(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	p := start(t, m)
	ask(p, "lock", "<nil>")
	p.Kill()
	if err := m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Fatalf("got %v", err)
	}
	_, s := contended(t, seg, 3)
	must(t, m.Unlock())
	if n := s.Left(); n != 0 {
		t.Errorf("%d of 3 still sleep on a lock that nobody can get", n)
	}
}

// Who takes the lock over from the dead takes over its sleepers too: it wakes one,
// who will know the new holder, and its Unlock wakes the next.
func TestTakeoverKeepsWaiters(t *testing.T) {
	watchdog(t)
	for name, take := range map[string]func(m *shsync.Mutex) error{
		"Lock":    (*shsync.Mutex).Lock,
		"TryLock": func(m *shsync.Mutex) error { _, err := m.TryLock(); return err },
	} {
		seg, m, _ := counterSegment(t)
		p := start(t, m)
		ask(p, "lock", "<nil>")
		_, s := contended(t, seg, 3)
		p.Kill()
		if err := take(m); !errors.Is(err, shsync.ErrOwnerDied) {
			t.Fatalf("%s: %v", name, err)
		}
		must(t, m.MarkConsistent())
		must(t, m.Unlock())
		if n := s.Left(); n != 1 {
			t.Errorf("%s: %d of 3 still sleep after take-over and Unlock, want 1", name, n)
		}
	}
}

// Who takes a lock that others may sleep for wakes one of them: that one learns who
// holds it now, so there is always somebody whom the kernel tells of a death.
func TestTakerWakesTheNext(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	word := &lockObject(t, seg).Mutex().Word
	atomic.StoreUint32(word, layout.MutexWaiters) // as a waker leaves it that dies before it wakes
	s := shmtest.Sleep(t, word, layout.MutexWaiters, 2)
	must(t, m.Lock())
	if n := s.Left(); n != 1 {
		t.Errorf("%d of 2 still sleep, want 1", n)
	}
	must(t, m.Unlock())
}

// A waiter announces itself before it sleeps, and keeps the mark when it gets the
// lock: others may still sleep.
func TestWaiterKeepsWaiters(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	must(t, m.Lock())
	got := make(chan error)
	go func() { got <- m.Lock() }()
	asleep(1)
	if !m.Info().Waiters {
		t.Error("somebody sleeps and the word does not tell")
	}
	must(t, m.Unlock())
	must(t, <-got)
	if !m.Info().Waiters {
		t.Error("the waiter that got the lock forgot the others")
	}
	must(t, m.Unlock())
}

// A waiter that gives up may have received the wake-up that another one needs.
func TestCancelledWaiterPassesOn(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	must(t, m.Lock())
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error)
	go func() { got <- m.LockContext(ctx) }()
	asleep(1)
	_, s := contended(t, seg, 1)
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := s.Left(); n != 0 {
		t.Error("the other one still sleeps")
	}
	must(t, m.Unlock())
}

// The kernel wakes one of those that sleep on a death word. Whoever takes a lock
// over wakes the rest, whose locks the same process may have held.
func TestMournersAreWoken(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	o := lockObject(t, seg)
	p := start(t, m)
	ask(p, "lock", "<nil>")
	death, alive, ok := o.DeathWord(atomic.LoadUint32(&o.Mutex().Word))
	if !ok {
		t.Skip("skipped: the kernel announces no deaths")
	}
	s := shmtest.Sleep(t, death, alive, 3)
	p.Kill()
	if _, err := m.TryLock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Fatalf("got %v", err)
	}
	if n := s.Left(); n != 0 {
		t.Errorf("%d of 3 still sleep on the death word", n)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
}

// The next one to attach passes on the locks of the dead, and wakes who waits.
func TestSweepPassesLocksOn(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	p := start(t, m)
	ask(p, "lock", "<nil>")
	word, s := contended(t, seg, 1)
	p.Kill()
	shmtest.Start(t, "named", seg.Path()).Line()
	if w := atomic.LoadUint32(word); w != layout.MutexOrphan|layout.MutexWaiters {
		t.Errorf("word is %#x after the sweep, want an orphan with waiters", w)
	}
	if n := s.Left(); n != 0 {
		t.Error("the sleeper still sleeps after the sweep")
	}
	if err := m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Errorf("got %v", err)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
}
