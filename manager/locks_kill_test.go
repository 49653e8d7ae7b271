package manager_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	shsync "shmkit/sync"
)

// kit is one of each.
type kit struct {
	mutex     *manager.Mutex
	recursive *manager.RecursiveMutex
	semaphore *manager.Semaphore
	bounded   *manager.BoundedSemaphore
	cond      *manager.Cond
	event     *manager.Event
	barrier   *manager.Barrier
	failed    *manager.Event
	inside    *manager.Value[int] // who has mutex
}

func newKit(t testing.TB, c *manager.Client) *kit {
	k := &kit{}
	errs := make([]error, 9)
	k.mutex, errs[0] = manager.NewMutex(c, manager.Named("mutex"))
	k.recursive, errs[1] = manager.NewRecursiveMutex(c, manager.Named("recursive"))
	k.semaphore, errs[2] = manager.NewSemaphore(c, 2, manager.Named("semaphore"))
	k.bounded, errs[3] = manager.NewBoundedSemaphore(c, 2, manager.Named("bounded"))
	k.event, errs[4] = manager.NewEvent(c, manager.Named("event"))
	k.barrier, errs[5] = manager.NewBarrier(c, 3, manager.Named("barrier"))
	k.inside, errs[6] = manager.NewValue(c, 0)
	must(t, errors.Join(errs...))
	k.cond, errs[7] = manager.NewCond(k.mutex, manager.Named("cond"))
	k.failed, errs[8] = manager.NewEvent(c, manager.Named("failed"))
	must(t, errors.Join(errs[7:]...))
	return k
}

// openKit opens all by their names, but inside.
func openKit(c *manager.Client, inside string) (*kit, error) {
	k := &kit{inside: new(manager.Value[int])}
	errs := make([]error, 9)
	k.mutex, errs[0] = manager.OpenMutex(c, "mutex")
	k.recursive, errs[1] = manager.OpenRecursiveMutex(c, "recursive")
	k.semaphore, errs[2] = manager.OpenSemaphore(c, "semaphore")
	k.bounded, errs[3] = manager.OpenBoundedSemaphore(c, "bounded")
	k.event, errs[4] = manager.OpenEvent(c, "event")
	k.barrier, errs[5] = manager.OpenBarrier(c, "barrier")
	errs[6] = k.inside.UnmarshalText([]byte(inside))
	k.cond, errs[7] = manager.OpenCond(c, "cond")
	k.failed, errs[8] = manager.OpenEvent(c, "failed")
	return k, errors.Join(errs...)
}

func init() {
	shmtest.Register("lock-victim", func(c *shmtest.Child) {
		k, err := openKit(dialed(c), c.Args[2])
		c.Must(err)
		c.Say("ready")
		for {
			ctx, cancel := context.WithTimeout(background, time.Duration(rand.IntN(3000))*time.Microsecond)
			if err := k.anything(ctx); err != nil {
				k.failed.Set()
				c.Must(err)
			}
			cancel()
		}
	})
}

// anything makes one call or some, which end with ctx.
func (k *kit) anything(ctx context.Context) error {
	switch rand.IntN(7) {
	case 0:
		return expected(k.mutex.WithContext(ctx, func(bool) error { return k.alone() }))
	case 1:
		h := shsync.NewHolder()
		return expected(k.recursive.WithContext(ctx, h, func(bool) error {
			return k.recursive.With(h, func(bool) error { return nil })
		}))
	case 2:
		return expected(k.semaphore.WithContext(ctx, func() error { return nil }))
	case 3:
		return expected(k.bounded.WithContext(ctx, func() error { return nil }))
	case 4:
		return k.condition(ctx)
	case 5:
		if rand.IntN(2) == 0 {
			return errors.Join(k.event.Set(), k.event.Clear())
		}
		return expected(k.event.WaitContext(ctx))
	default:
		_, err := k.barrier.WaitAction(ctx, func() error { return nil })
		if errors.Is(err, shsync.ErrBroken) {
			return k.barrier.Reset()
		}
		return expected(err)
	}
}

// condition waits or notifies.
func (k *kit) condition(ctx context.Context) error {
	err := k.repaired(k.mutex.LockContext(ctx))
	if err != nil {
		return expected(err)
	}
	if rand.IntN(2) == 0 {
		err = k.cond.NotifyAll()
	} else {
		err = k.repaired(k.cond.WaitContext(ctx))
	}
	return errors.Join(expected(err), k.alone(), k.mutex.Unlock())
}

// repaired is err of a call that took the mutex, which is consistent then.
func (k *kit) repaired(err error) error {
	if errors.Is(err, shsync.ErrOwnerDied) {
		return k.mutex.MarkConsistent()
	}
	return err
}

var errNotAlone = errors.New("somebody else is inside")

// alone fails if somebody else has the mutex too.
func (k *kit) alone() error {
	me := os.Getpid()
	if err := k.inside.Store(me); err != nil {
		return err
	}
	switch who, err := k.inside.Load(); {
	case err != nil:
		return err
	case who != me:
		return errNotAlone
	}
	return nil
}

// expected is nil for what may happen where others are killed and contexts end.
func expected(err error) error {
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errNotAlone) {
		return nil
	}
	return err
}

// Clients are killed at any time, in any call: what they had is there for the others, and all of
// it in the end.
func TestLocksUnderKills(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	eachWorld(t, func(t *testing.T, w *world) {
		k := newKit(t, w.dial(t))
		inside, err := k.inside.MarshalText()
		must(t, err)
		var victims []*shmtest.Process
		start := func() {
			p := w.start(t, "lock-victim", string(inside))
			p.Expect("ready")
			victims = append(victims, p)
		}
		for range 3 {
			start()
		}
		for range kills {
			start()
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond) // any moment
			i := rand.IntN(len(victims))
			victims[i].Kill()
			victims = append(victims[:i], victims[i+1:]...)
		}
		for _, p := range victims {
			p.Kill()
		}
		w.quiet(t, 1) // the server learns of a death some time after it
		if k.failed.IsSet() {
			t.Error("a client failed that was not killed")
		}
		must(t, k.semaphore.AcquireN(2))
		must(t, k.bounded.AcquireN(2))
		must(t, k.bounded.ReleaseN(2))
		is(t, "a release too many", k.bounded.Release(), shsync.ErrTooMany)
		must(t, k.semaphore.ReleaseN(2))
		if n := k.semaphore.Value(); n != 2 {
			t.Errorf("%d permits are free, want 2", n)
		}
		must(t, k.mutex.With(func(bool) error {
			info, err := k.cond.Info()
			if err == nil && info.Waiting+info.Notified > 0 {
				t.Errorf("%+v, and nobody lives who could wait", info)
			}
			return err
		}))
		must(t, k.recursive.With(shsync.NewHolder(), func(bool) error { return nil }))
		must(t, k.barrier.Reset())
		if n := k.barrier.Waiting(); n != 0 {
			t.Errorf("%d wait at the barrier", n)
		}
	})
}
