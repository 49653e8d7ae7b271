package sync_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	shsync "shmkit/sync"
)

func init() { shmtest.Register("cond-holder", holdCondLock) }

// holdCondLock takes the lock of a condition, of whatever kind, to its end.
func holdCondLock(c *shmtest.Child) {
	var cond shsync.Cond
	c.Must(cond.UnmarshalText([]byte(c.Args[0])))
	if rw := cond.RWMutex(); rw != nil {
		c.Must(rw.Lock())
	}
	if m := cond.RecursiveMutex(); m != nil {
		c.Must(m.Lock(shsync.NewHolder()))
	}
	c.Must(cond.Notify(1))
	c.Say("notified")
	c.Park()
}

// condWithLock is one kind of lock.
type condWithLock struct {
	name   string
	lock   shsync.CondLock
	take   func() error
	give   func() error
	repair func() error
}

func condLocks(t *testing.T) []condWithLock {
	rw, err := shsync.NewRWMutex()
	must(t, err)
	rec, err := shsync.NewRecursiveMutex()
	must(t, err)
	h := shsync.NewHolder()
	t.Cleanup(func() { must(t, errors.Join(rw.Close(), rec.Close())) })
	return []condWithLock{
		{"RWMutex", rw, rw.Lock, rw.Unlock, rw.MarkConsistent},
		{
			"RecursiveMutex", rec,
			func() error { return errors.Join(rec.Lock(h), rec.Lock(h)) },
			func() error { // both levels are back
				if n := rec.Held(h); n != 2 {
					t.Errorf("held %d times after Wait, want 2", n)
				}
				return errors.Join(rec.Unlock(h), rec.Unlock(h))
			},
			func() error { return rec.MarkConsistent(h) },
		},
	}
}

// A condition works with each kind of lock: it is given back as a whole, and taken
// again as it was, also if a holder died meanwhile.
func TestCondLocks(t *testing.T) {
	watchdog(t)
	for _, l := range condLocks(t) {
		t.Run(l.name, func(t *testing.T) {
			c, err := shsync.NewCond(l.lock)
			must(t, err)
			defer c.Close()
			if err := c.Wait(); !errors.Is(err, shsync.ErrNotHeld) {
				t.Errorf("Wait without the lock: %v", err)
			}
			must(t, l.take())
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			if err := c.WaitContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("WaitContext: %v", err)
			}
			text, err := c.MarshalText()
			must(t, err)
			var killer sync.WaitGroup
			killer.Go(func() {
				for c.Info().Waiters == 0 {
					time.Sleep(100 * time.Microsecond)
				}
				p := shmtest.Start(t, "cond-holder", string(text))
				p.Expect("notified")
				p.Kill()
			})
			if err := c.Wait(); !errors.Is(err, shsync.ErrOwnerDied) {
				t.Errorf("Wait while a holder dies: %v", err)
			}
			killer.Wait()
			must(t, l.repair())
			must(t, l.give())
			if found, err := mustDefault(t).Check(); err != nil || len(found) > 0 {
				t.Errorf("Check: %v %v", found, err)
			}
		})
	}
}

// To read is not to hold the lock: nobody may change the data then.
func TestCondReader(t *testing.T) {
	rw, err := shsync.NewRWMutex()
	must(t, err)
	defer rw.Close()
	c, err := shsync.NewCond(rw)
	must(t, err)
	defer c.Close()
	must(t, rw.RLock())
	for what, err := range map[string]error{"Wait": c.Wait(), "Notify": c.Notify(1)} {
		if !errors.Is(err, shsync.ErrNotHeld) {
			t.Errorf("%s of a reader: %v", what, err)
		}
	}
	must(t, rw.RUnlock())
}
