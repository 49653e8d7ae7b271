package sync_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/layout"
	shsync "shmkit/sync"
)

// Who has waited long is hungry, and the lock is kept for it: no fast path takes it.
func TestHungryFirst(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	lock := lockObject(t, seg).Mutex()
	must(t, m.Lock())
	p := start(t, m)
	p.Send("lock")
	for atomic.LoadUint32(&lock.Hungry) == 0 {
		time.Sleep(time.Millisecond)
	}
	p.Stop()
	must(t, m.Unlock())
	if w := atomic.LoadUint32(&lock.Word); w != layout.MutexWaiters {
		t.Fatalf("the word is %#x although somebody is hungry, want free with W", w)
	}
	p.Cont()
	p.Expect("<nil>")
	if h := atomic.LoadUint32(&lock.Hungry); h != 0 {
		t.Errorf("Hungry is %#x although the lock was taken", h)
	}
	p.Send("unlock")
	p.Expect("<nil>")
}

// A hungry one that never comes holds up nobody for long, and nobody twice.
func TestHungryAndGone(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	o := lockObject(t, seg)
	lock := o.Mutex()
	sleeps := func() uint64 { return atomic.LoadUint64(&o.Stats().Sleeps) }
	for _, gone := range []uint32{1, 1 << 31, ^uint32(0)} {
		atomic.StoreUint32(&lock.Hungry, gone)
		atomic.StoreUint32(&lock.Word, layout.MutexWaiters)
		before := sleeps()
		must(t, m.Lock())
		if sleeps() == before {
			t.Error("it took the lock at once, though another was hungry")
		}
		if h := atomic.LoadUint32(&lock.Hungry); h != 0 {
			t.Errorf("Hungry is %#x still", h)
		}
		must(t, m.Unlock())
	}
}

// Nor does it where those who are never polite take the lock and give it back meanwhile,
// which wakes who is polite before its time is over.
func TestHungryAndGoneAmongImpatient(t *testing.T) {
	var lock layout.Mutex
	lock.Word, lock.Hungry = layout.MutexWaiters, 7
	first, then := shsync.LetPass(&lock, 2*time.Millisecond)
	if !first || then {
		t.Errorf("it lets the hungry one pass: %v, and 2 ms later: %v; want true and false", first, then)
	}
	if lock.Hungry != 0 {
		t.Errorf("Hungry is %#x still", lock.Hungry)
	}
}

// TryLock, and a context that has ended, take a free lock whoever is hungry.
func TestHungryAndImpatient(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	lock := lockObject(t, seg).Mutex()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, take := range map[string]func() error{
		"TryLock": func() error {
			ok, err := m.TryLock()
			if !ok {
				err = errors.Join(err, shsync.ErrNotHeld)
			}
			return err
		},
		"LockContext": func() error { return m.LockContext(ended) },
	} {
		atomic.StoreUint32(&lock.Hungry, 7)
		atomic.StoreUint32(&lock.Word, layout.MutexWaiters)
		if err := take(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		must(t, m.Unlock())
	}
}

// Who gives up is not hungry any more.
func TestHungryGivesUp(t *testing.T) {
	watchdog(t)
	seg, m, _ := counterSegment(t)
	lock := lockObject(t, seg).Mutex()
	must(t, m.Lock())
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error)
	go func() { got <- m.LockContext(ctx) }()
	for atomic.LoadUint32(&lock.Hungry) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("LockContext: %v", err)
	}
	if h := atomic.LoadUint32(&lock.Hungry); h != 0 {
		t.Errorf("Hungry is %#x still", h)
	}
	must(t, m.Unlock())
}
