package include_test

import (
	"runtime"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	"shmkit/value"
)

// wordOf is the word of the lock called "lock".
func wordOf(t *testing.T, seg *shm.Segment) *uint32 {
	t.Helper()
	o, err := seg.OpenObject("lock", shm.Spec{Kind: shm.KindMutex, Mutex: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return &o.Mutex().Word
}

// sleepers are n threads that sleep on a lock that somebody holds.
func sleepers(t *testing.T, word *uint32, n int) *shmtest.Sleepers {
	t.Helper()
	w := atomic.OrUint32(word, layout.MutexWaiters) | layout.MutexWaiters
	return shmtest.Sleep(t, word, w, n)
}

// What C unlocks wakes a sleeper in another process.
func TestCWakesOthers(t *testing.T) {
	seg, _, path := mutex(t)
	word := wordOf(t, seg)
	p := openPeer(t, path, "lock")
	p.want(ok, "lock")
	s := sleepers(t, word, 2)
	p.want(ok, "unlock")
	if n := s.Left(); n != 1 {
		t.Errorf("%d of 2 still sleep after unlock, want 1", n)
	}
}

// A waiter in C that has slept keeps the mark that others may sleep.
func TestCKeepsWaiters(t *testing.T) {
	seg, _, path := mutex(t)
	word := wordOf(t, seg)
	a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
	a.want(ok, "lock")
	slot := b.slot()
	b.send("lock")
	eventually(t, "waiter never slept", func() bool { return sleepsOf(t, seg, slot) > 0 })
	a.want(ok, "unlock")
	b.wantAnswer(ok)
	if w := atomic.LoadUint32(word); w&layout.MutexWaiters == 0 {
		t.Errorf("word is %#x: if others sleep, nobody will wake them", w)
	}
	b.want(ok, "unlock")
}

// A wake-up from another process reaches what sleeps in C, with futex_waitv and
// without.
func TestCIsWoken(t *testing.T) {
	for _, mode := range []string{"waitv", "nowaitv"} {
		seg, mu, path := mutex(t)
		word := wordOf(t, seg)
		a, b := openPeer(t, path, "lock"), openPeer(t, path, "lock")
		if mode == "nowaitv" {
			b.want(ok, mode)
		}
		a.want(ok, "lock")
		slot := b.slot()
		b.send("lock")
		// The sleeps of C are bounded. If it has slept again and again and was never
		// there to be woken, it sleeps on another word than ours.
		for woken := 0; woken == 0; woken = shmtest.WakeAll(word) {
			if sleepsOf(t, seg, slot) > 10 {
				t.Fatalf("%s: nobody can wake the waiter", mode)
			}
			runtime.Gosched()
		}
		a.want(ok, "unlock")
		b.wantAnswer(ok)
		b.want(ok, "unlock")
		if err := mu.Lock(); err != nil {
			t.Fatal(err)
		}
		if err := mu.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
}

func sleepsOf(t *testing.T, seg *shm.Segment, slot uint32) uint64 {
	t.Helper()
	info, err := seg.Info()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range info.Participants {
		if p.Slot == slot {
			return p.Sleeps
		}
	}
	t.Fatalf("nobody in slot %d", slot)
	return 0
}

// A waiter in C that gives up may have received the wake-up that another needs.
func TestCGivesUpAndPassesOn(t *testing.T) {
	seg, mu, path := mutex(t)
	word := wordOf(t, seg)
	p := openPeer(t, path, "lock")
	if err := mu.Lock(); err != nil {
		t.Fatal(err)
	}
	s := sleepers(t, word, 2)
	p.want(timedOut, "timedlock", 10)
	if n := s.Left(); n != 1 {
		t.Errorf("%d of 2 still sleep, want 1", n)
	}
	if err := mu.Unlock(); err != nil {
		t.Fatal(err)
	}
}

// C takes the lock of a large Value over from one that was killed while it copied:
// what was being stored is the value then.
func TestCFinishesTheCopy(t *testing.T) {
	seg, path := segment(t)
	v, err := value.NewIn(seg, "large", large{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	typ, err := shm.TypeOf[large]()
	if err != nil {
		t.Fatal(err)
	}
	o, err := seg.OpenObject("large", shm.Spec{Kind: shm.KindValue, Type: typ, Count: 1, Mutex: true})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	p := openPeer(t, path, "large")
	item, redo := &shm.Items[large](o)[0], shm.RedoOf[large](o)
	redo.Shadow = large{[5]uint64{7, 7, 7, 7, 7}}
	item.W[0] = 7
	redo.State = shm.RedoHeld | shm.RedoCopy
	atomic.StoreUint32(&o.Mutex().Word, layout.Owner(900, 5)) // long dead
	p.want(ownerDead, "lock")
	if *item != redo.Shadow || redo.State != 0 {
		t.Errorf("item %v, state %d with the lock held", *item, redo.State)
	}
	p.want(ok, "mark")
	p.want(ok, "unlock")
}
