package ring

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/word"
	"shmkit/shm"
)

// Items and Space are futexes: how many may sleep, and a number that changes with each
// wake-up.
//
//	sleepers      who announces itself makes it   who wakes makes it
//	QueueNobody   QueueOne                        –
//	QueueOne      QueueMany                       QueueNobody, and wakes one
//	QueueMany     QueueMany                       QueueMany, and wakes one; if there was
//	                                              none, QueueNobody, and wakes all
//
// So whoever sleeps has announced itself in the word since it last became QueueNobody,
// or is being woken. Nobody is counted, so it does not matter who of them is killed.
// Whoever makes something that others may sleep for does so by a compare-and-swap and
// looks at the word after that; who sleeps announces itself, and looks for that thing
// after that.

func (c *core) wake(futex *uint32) {
	// sync: sleepers
	if atomic.LoadUint32(futex)&layout.QueueSleepers != layout.QueueNobody {
		c.wakeSlow(futex)
	}
}

// wakeSlow is outlined so that wake inlines.
//
//go:noinline
func (c *core) wakeSlow(futex *uint32) {
	for {
		w := atomic.LoadUint32(futex) // sync: sleepers
		if w&layout.QueueSleepers == layout.QueueNobody {
			return
		}
		next := word.QueueWake(w)
		// sync: sleepers
		if !atomic.CompareAndSwapUint32(futex, w, next) {
			continue
		}
		atomic.AddUint64(&c.obj.Stats().Wakes, 1)
		if park.Wake(futex, 1) > 0 || next&layout.QueueSleepers == layout.QueueNobody {
			return
		}
		// Who has announced itself since then, and changed nothing by that, is woken.
		// sync: sleepers
		if atomic.CompareAndSwapUint32(futex, next, word.QueueNobodyLeft(next)) {
			park.Wake(futex, math.MaxInt32)
		}
		return
	}
}

// wakeAll wakes everybody, who then looks at everything.
func (c *core) wakeAll() {
	for _, futex := range []*uint32{&c.head.Items, &c.head.Space} {
		atomic.AddUint32(futex, 1) // sync: sleepers
		park.Rouse(futex)
	}
}

// want is what a call waits for.
type want uint8

const (
	wantItem  want = 1 << iota // a message, or the end of the queue
	wantRoom                   // a place in the ring
	wantBlock                  // a free block
)

// there tells whether what is wanted is there, or never will be.
func (w want) there(c *core) bool {
	if w == wantItem {
		_, _, _, err := c.front()
		return err != ErrEmpty
	}
	_, _, s, err := c.room()
	if w&wantRoom != 0 && err == ErrFull {
		return false
	}
	return w&wantBlock == 0 || err != nil && err != ErrFull || c.someFree(s.block)
}

// futex is where one sleeps who wants w.
func (w want) futex(c *core) *uint32 {
	if w == wantItem {
		return &c.head.Items
	}
	return &c.head.Space
}

// await returns when there is, or was, what the caller wants, or with an error: the
// cause of ctx, or ErrDetached when handle is nil.
func (c *core) await(ctx context.Context, handle *atomic.Pointer[core], w want) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if c.spin(w) {
		return nil
	}
	if c.obj.Enter() != nil {
		return ErrDetached
	}
	defer c.obj.Leave()
	s := sleeping{c: c, handle: handle, want: w, futex: w.futex(c)}
	err := park.Sleep(ctx, s.attempt)
	if err != nil && s.slept {
		park.Wake(s.futex, 1) // it may have been woken for something that it does not take
	}
	return err
}

// sleeping is one call that sleeps.
type sleeping struct {
	c      *core
	handle *atomic.Pointer[core]
	want   want
	futex  *uint32
	slept  bool
}

// attempt is one turn of the waiting loop; see park.Loop.
func (s *sleeping) attempt(r *park.Round) (done bool, err error) {
	if r.Slept && !s.slept {
		s.slept = true
		atomic.AddUint64(&s.c.obj.Stats().Sleeps, 1)
	}
	for {
		if s.handle.Load() == nil {
			return false, ErrDetached
		}
		if s.want.there(s.c) {
			return true, nil
		}
		// Announce, then look again: what came in between was not announced to us.
		now := atomic.LoadUint32(s.futex) // sync: sleepers
		next := word.QueueAnnounce(now)
		if next != now && !atomic.CompareAndSwapUint32(s.futex, now, next) {
			continue
		}
		r.On(s.futex, next)
		if s.starved() {
			r.Within(time.Millisecond) // see drop
		}
		if s.mourn(r) {
			r.Forget()
			continue
		}
		if s.handle.Load() == nil { // Detach takes it away before it changes the words
			return false, ErrDetached
		}
		return s.want.there(s.c), nil
	}
}

// starved tells whether there is a place in the ring and no block.
func (s *sleeping) starved() bool {
	if s.want&wantBlock == 0 {
		return false
	}
	_, _, _, err := s.c.room()
	return err == nil
}

// wakers is how many other processes' death words a call sleeps on. The others are
// looked at when a sleep ends.
const wakers = 3

// mourn names the death words of others that use the queue. It tells whether one of them
// was dead, and has been cleaned up after: that may have brought what is wanted.
func (s *sleeping) mourn(r *park.Round) (changed bool) {
	room := wakers
	s.c.others(func(owner uint32) bool {
		// Before the question who lives: a death after the answer changes the word.
		addr, val, ok := s.c.obj.DeathWord(owner)
		switch s.c.obj.Liveness(owner, r.Recheck) {
		case shm.Dead:
			changed = s.c.buryOne(owner) || changed
		case shm.Dying:
			s.c.obj.WakeMourners(owner)
			r.Within(time.Millisecond)
		default:
			if ok && room > 0 {
				r.On(addr, val)
				room--
			}
		}
		return true
	})
	return changed
}
