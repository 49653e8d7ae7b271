package manager_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"shmkit/manager"
)

// A call whose context ends while the server is stopped ends, and says that its outcome is
// not known; what it is given later is given back.
func TestUnknown(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, err := manager.Dial(background, w.family, w.address, testKey, manager.WithUnknown(20*time.Millisecond))
		must(t, err)
		t.Cleanup(func() { c.Close() })
		m, err := manager.NewMutex(c, manager.Named("m"))
		must(t, err)
		other, err := manager.OpenMutex(w.dial(t), "m")
		must(t, err)
		for range 3 {
			w.server.Stop()
			ctx, cancel := context.WithCancelCause(background)
			go func() {
				manager.AwaitCall(c)
				cancel(errInit)
			}()
			err = manager.LockUndo(ctx, m)
			is(t, "a call to a server that is stopped", err, manager.ErrUnknown)
			is(t, "the same", err, errInit)
			is(t, "a call that was not begun", manager.LockUndo(ctx, m), errInit)
			if errors.Is(manager.LockUndo(ctx, m), manager.ErrUnknown) {
				t.Error("the outcome of a call that was not sent is not known")
			}
			w.server.Cont()
			// The server locks it for the call, and it is unlocked again.
			must(t, other.Lock())
			must(t, other.Unlock())
		}
	})
}

// A call that was cancelled and done all the same has an answer; one that was not done says so.
func TestCancel(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		m, err := manager.NewMutex(c, manager.Named("m"))
		must(t, err)
		holder, err := manager.OpenMutex(w.dial(t), "m")
		must(t, err)
		for range 200 {
			must(t, holder.Lock())
			ctx, cancel := context.WithCancelCause(background)
			locked := make(chan error)
			go func() { locked <- m.LockContext(ctx) }()
			unlocked := make(chan error)
			go func() { unlocked <- holder.Unlock() }()
			cancel(errInit)
			if err := <-locked; err == nil {
				must(t, m.Unlock())
			} else {
				is(t, "LockContext", err, errInit)
			}
			must(t, <-unlocked)
		}
	})
}

// WithTimeout bounds calls that have no time of their own.
func TestTimeout(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, err := manager.Dial(background, w.family, w.address, testKey, manager.WithTimeout(10*time.Millisecond))
		must(t, err)
		t.Cleanup(func() { c.Close() })
		m, err := manager.NewMutex(c)
		must(t, err)
		must(t, m.Lock())
		is(t, "Lock of one that is held", m.Lock(), errTimeout)
	})
}
