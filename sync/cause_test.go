package sync_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	shsync "shmkit/sync"
)

// endedBy is a context that has ended because of cause: so end the contexts of
// goroutines one of which failed.
func endedBy(cause error) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	return ctx
}

// A context that ended because somebody else met ErrOwnerDied does not give the lock.
func TestCauseIsNoLock(t *testing.T) {
	watchdog(t)
	m, rw, r, o, h := newMutex(t), newRWMutex(t), newRecursive(t), newOnce(t), shsync.NewHolder()
	read := newRWMutex(t)
	must(t, m.Lock())
	must(t, rw.Lock())
	must(t, read.RLock())
	must(t, r.Lock(h))
	inside := func(bool) error { t.Error("ran without the lock"); return nil }
	for _, died := range []error{shsync.ErrOwnerDied, fmt.Errorf("worker: %w", shsync.ErrOwnerDied), &shsync.LostError{Units: 1}} {
		ctx := endedBy(died)
		for name, err := range map[string]error{
			"Mutex": m.LockContext(ctx), "Mutex.With": m.WithContext(ctx, inside),
			"RWMutex": rw.LockContext(ctx), "RWMutex.With": rw.WithContext(ctx, inside), "RWMutex, read": read.LockContext(ctx),
			"RWMutex, to read": rw.RLockContext(ctx), "RWMutex.RWith": rw.RWithContext(ctx, func() error { return inside(false) }),
			"RecursiveMutex":      r.LockContext(ctx, shsync.NewHolder()),
			"RecursiveMutex.With": r.WithContext(ctx, shsync.NewHolder(), inside),
		} {
			if err == nil || errors.Is(err, shsync.ErrOwnerDied) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s, ended by %v: %v", name, died, err)
			}
		}
		if m.Info().Takeovers != 0 {
			t.Error("counted as a takeover")
		}
		must(t, o.Do(func() error {
			err := o.DoContext(ctx, func() error { t.Error("ran twice at once"); return nil })
			if errors.Is(err, shsync.ErrOwnerDied) || !errors.Is(err, context.Canceled) {
				t.Errorf("Once, ended by %v: %v", died, err)
			}
			return nil
		}))
		o = newOnce(t)
	}
	must(t, read.RUnlock())
	must(t, read.Lock())
}

// After Wait the lock is held, whatever ended the context.
func TestCondCause(t *testing.T) {
	watchdog(t)
	for _, cause := range []error{shsync.ErrOwnerDied, shsync.ErrNotHeld, uncomparable{shsync.ErrClosed}, shsync.ErrClosed} {
		c := newCond(t)
		must(t, c.m.Lock())
		err := c.WaitContext(endedBy(cause))
		if err == nil || errors.Is(err, shsync.ErrOwnerDied) || errors.Is(err, shsync.ErrNotHeld) {
			t.Errorf("ended by %v: %v", cause, err)
		}
		must(t, c.m.Unlock())
	}
}

// uncomparable is an error as validators return it: a list.
type uncomparable []error

func (u uncomparable) Error() string   { return "list" }
func (u uncomparable) Unwrap() []error { return u }

func TestWaitGroupCause(t *testing.T) {
	watchdog(t)
	g, err := shsync.NewWaitGroup()
	must(t, err)
	defer g.Close()
	must(t, g.Add(1))
	if err := g.WaitContext(endedBy(&shsync.LostError{Units: 7})); errors.Is(err, shsync.ErrOwnerDied) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A party that gives up breaks the barrier also if another barrier broke before.
func TestBarrierCause(t *testing.T) {
	watchdog(t)
	b, err := shsync.NewBarrier(2)
	must(t, err)
	defer b.Close()
	if i, err := b.WaitContext(endedBy(shsync.ErrBroken)); i != -1 || !errors.Is(err, shsync.ErrBroken) {
		t.Errorf("%d %v", i, err)
	}
	if !b.Broken() || b.Waiting() != 0 {
		t.Errorf("%v: the party that gave up still counts", b)
	}
}
