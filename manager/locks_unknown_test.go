package manager_test

import (
	"context"
	"testing"
	"time"

	"shmkit/manager"
	shsync "shmkit/sync"
)

// What a server that was stopped gives to who has gone is given back.
func TestUnknownLocks(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, err := manager.Dial(background, w.family, w.address, testKey, manager.WithUnknown(20*time.Millisecond))
		must(t, err)
		t.Cleanup(func() { c.Close() })
		other := w.dial(t)

		m, err := manager.NewMutex(c, manager.Named("mutex"))
		must(t, err)
		m2, err := manager.OpenMutex(other, "mutex")
		must(t, err)
		unknown(t, w, func(ctx context.Context) error { return m.LockContext(ctx) })
		must(t, m2.Lock())

		r, err := manager.NewRecursiveMutex(c, manager.Named("recursive"))
		must(t, err)
		r2, err := manager.OpenRecursiveMutex(other, "recursive")
		must(t, err)
		h := shsync.NewHolder()
		unknown(t, w, func(ctx context.Context) error { return r.LockContext(ctx, h) })
		must(t, r2.Lock(h))

		s, err := manager.NewSemaphore(c, 2, manager.Named("semaphore"))
		must(t, err)
		s2, err := manager.OpenSemaphore(other, "semaphore")
		must(t, err)
		unknown(t, w, func(ctx context.Context) error { return s.AcquireNContext(ctx, 2) })
		must(t, s2.AcquireN(2))

		b, err := manager.NewBarrier(c, 1, manager.Named("barrier"))
		must(t, err)
		b2, err := manager.OpenBarrier(other, "barrier")
		must(t, err)
		unknown(t, w, func(ctx context.Context) error {
			_, err := b.WaitAction(ctx, func() error { t.Error("an action of a wait that was given up"); return nil })
			return err
		})
		for _, err := b2.Wait(); err == nil; _, err = b2.Wait() {
			// It breaks: there is nobody who acts.
		}
	})
}

// unknown makes a call while the server is stopped, in both ways: its context ends meanwhile,
// and has ended before.
func unknown(t *testing.T, w *world, call func(ctx context.Context) error) {
	t.Helper()
	w.server.Stop()
	ctx, cancel := context.WithCancelCause(background)
	go cancel(errInit)
	is(t, "a call to a server that is stopped", call(ctx), errInit) // nothing was sent, or the outcome is not known
	err := call(ctx)
	is(t, "one whose context has ended", err, manager.ErrUnknown)
	is(t, "the same", err, errInit)
	w.server.Cont()
}

// A wait of a condition that is given up ends with the lock, and so not before the server can
// tell.
func TestCondInsists(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, err := manager.Dial(background, w.family, w.address, testKey, manager.WithUnknown(time.Millisecond))
		must(t, err)
		t.Cleanup(func() { c.Close() })
		m, err := manager.NewMutex(c, manager.Named("mutex"))
		must(t, err)
		m2, err := manager.OpenMutex(w.dial(t), "mutex")
		must(t, err)
		cond, err := manager.NewCond(m)
		must(t, err)
		must(t, m.Lock())
		ctx, cancel := context.WithCancelCause(background)
		over := make(chan error)
		go func() { over <- cond.WaitContext(ctx) }()
		must(t, m2.Lock()) // so it waits
		cancel(errInit)
		w.server.Stop()
		time.Sleep(5 * time.Millisecond) // to give it a chance to be wrong
		w.server.Cont()
		select {
		case err := <-over:
			t.Errorf("a wait ended without the lock: %v", err)
		case <-time.After(5 * time.Millisecond): // the same
		}
		must(t, m2.Unlock())
		is(t, "Wait", <-over, errInit)
		must(t, m.Unlock())
		is(t, "Wait without the lock", cond.WaitContext(ctx), errNotHeld)
		must(t, m.Lock())
		is(t, "Wait with a context that has ended", cond.WaitContext(ctx), errInit)
		must(t, m.Unlock())
	})
}
