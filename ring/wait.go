package ring

import (
	"context"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
)

// Items and Space are futexes: a bit that says that somebody may sleep, and a number
// that changes with each wake-up. Whoever makes something that others may sleep for
// takes the bit away and wakes one of them. That one puts the bit back when it has what
// it wanted, because others may sleep still, and passes the wake-up on if there is more.

// wakeItems is called after a message has come.
func (c *core) wakeItems() { c.wake(&c.head.Items) }

// wakeSpace is called after a place, or a block, has become free.
func (c *core) wakeSpace() { c.wake(&c.head.Space) }

func (c *core) wake(futex *uint32) {
	// sync: sleepers
	if w := atomic.LoadUint32(futex); w&layout.QueueWaiters != 0 {
		c.wakeSlow(futex, w)
	}
}

// wakeSlow is outlined so that wake inlines.
//
//go:noinline
func (c *core) wakeSlow(futex *uint32, w uint32) {
	// Whoever changed the word meanwhile has woken somebody, or looks again himself.
	// sync: sleepers
	if atomic.CompareAndSwapUint32(futex, w, (w+1)&^layout.QueueWaiters) {
		atomic.AddUint64(&c.obj.Stats().Wakes, 1)
		park.Wake(futex, 1)
	}
}

// wakeAll wakes everybody, who then looks at everything.
func (c *core) wakeAll() {
	for _, futex := range []*uint32{&c.head.Items, &c.head.Space} {
		atomic.AddUint32(futex, 1) // sync: sleepers
		park.Rouse(futex)
	}
}

// waiting is one call that waits on a futex until try succeeds or fails.
type waiting struct {
	c     *core
	futex *uint32
	try   func() (again bool, err error) // again: not now
	more  func() bool                    // whether another sleeper would find something
	slept bool
}

// await waits for try.
func (w *waiting) await(ctx context.Context, detached func() bool) error {
	err := park.Loop(ctx, func(r *park.Round) (bool, error) {
		if r.Slept && !w.slept {
			w.slept = true
			atomic.AddUint64(&w.c.obj.Stats().Sleeps, 1)
		}
		return w.attempt(r, detached)
	})
	if w.slept {
		w.passOn(err)
	}
	return err
}

// attempt is one turn of the waiting loop; see park.Loop.
func (w *waiting) attempt(r *park.Round, detached func() bool) (done bool, err error) {
	for {
		if detached() {
			return false, ErrDetached
		}
		if again, err := w.try(); !again {
			return err == nil, err
		}
		if r.Spinning {
			return false, nil
		}
		if w.c.bury(r.Recheck) {
			continue
		}
		// Announce, then try again: what came in between was not announced to us.
		now := atomic.LoadUint32(w.futex) // sync: sleepers
		if now&layout.QueueWaiters == 0 {
			if !atomic.CompareAndSwapUint32(w.futex, now, now|layout.QueueWaiters) {
				continue
			}
			now |= layout.QueueWaiters
		}
		w.mourn(r, now)
		if again, err := w.try(); !again {
			return err == nil, err
		}
		return false, nil
	}
}

// mourn names the words to sleep on: the futex, and the death words of some who have
// blocks. Whom there is no room for is found dead at the end of a sleep.
func (w *waiting) mourn(r *park.Round, now uint32) {
	r.On(w.futex, now)
	room := 2
	var last uint32
	w.c.inHands(func(owner uint32, _ *uint64, _ uint64) bool {
		if owner == last {
			return true
		}
		last = owner
		if addr, val, ok := w.c.obj.DeathWord(owner); ok {
			r.On(addr, val)
			room--
		} else {
			r.Within(time.Millisecond) // it is dying, or somebody cleans up after it
		}
		return room > 0
	})
}

// passOn is what one who has slept owes to those who still do.
func (w *waiting) passOn(err error) {
	if err != nil {
		// It may have been woken for something that it does not take.
		park.Wake(w.futex, 1)
		return
	}
	atomic.OrUint32(w.futex, layout.QueueWaiters) // sync: sleepers
	if w.more() {
		w.c.wake(w.futex)
	}
}
