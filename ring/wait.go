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
// after that. Those who want a block, or the end of all work, sleep elsewhere: see
// flags.go.

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
	for _, futex := range []*uint32{&c.head.Items, &c.head.Space, &c.head.Freed, &c.head.Idle} {
		atomic.AddUint32(futex, 1) // sync: sleepers
		park.Rouse(futex)
	}
}

// want is what a call waits for, and how many blocks it needs.
type want uint32

const (
	wantItem  want = 1 << iota // a message, or the end of the queue
	wantRoom                   // a place in the ring
	wantBlock                  // a free block, or as many as the rest of the bits say
	wantIdle                   // nothing unfinished

	wantBits = iota
)

// blocks is what one wants who needs n blocks.
func blocks(n int) want { return wantBlock | want(n)<<wantBits }

// lacks is the first of what is wanted that is not there, and may come: 0 if none.
// since is for wantIdle.
func (c *core) lacks(w want, since uint64) want {
	switch w {
	case wantItem:
		if _, _, _, err := c.front(); err == ErrEmpty {
			return wantItem
		}
		return 0
	case wantIdle:
		if !c.finished(since) {
			return wantIdle
		}
		return 0
	}
	_, _, s, err := c.room()
	if w&wantRoom != 0 && err == ErrFull {
		return wantRoom
	}
	if w&wantBlock != 0 && (err == nil || err == ErrFull) && !c.enoughFree(s.block, max(int(w>>wantBits), 1)) {
		return wantBlock
	}
	return 0
}

// await returns when there is, or was, what the caller wants, or with an error: the
// cause of ctx, or ErrDetached when handle is nil.
func (c *core) await(ctx context.Context, handle *atomic.Pointer[core], w want) error {
	return c.awaitSince(ctx, handle, w, 0)
}

// awaitSince is await of wantIdle too; see finished.
func (c *core) awaitSince(ctx context.Context, handle *atomic.Pointer[core], w want, since uint64) error {
	if ctx.Err() != nil {
		if w&wantRoom != 0 {
			c.wake(&c.head.Space) // it may have found room just now, and no block
		}
		return context.Cause(ctx)
	}
	if c.spin(w, since) {
		return nil
	}
	if c.obj.Enter() != nil {
		return ErrDetached
	}
	defer c.obj.Leave()
	s := sleeping{c: c, handle: handle, want: w, since: since}
	err := park.Sleep(ctx, s.attempt)
	if err != nil && s.slept {
		s.passOn() // it may have been woken for something that it does not take
	}
	return err
}

// sleeping is one call that sleeps.
type sleeping struct {
	c      *core
	handle *atomic.Pointer[core]
	want   want
	since  uint64
	slept  bool
	vigil  vigil
}

// passOn wakes one more of those who sleep where one is woken at a time.
func (s *sleeping) passOn() {
	switch {
	case s.want&wantItem != 0:
		park.Wake(&s.c.head.Items, 1)
	case s.want&wantRoom != 0:
		park.Wake(&s.c.head.Space, 1)
	}
}

// attempt is one turn of the waiting loop; see park.Loop.
func (s *sleeping) attempt(r *park.Round) (done bool, err error) {
	s.vigil.over(s.c.obj)
	if r.Slept && !s.slept {
		s.slept = true
		atomic.AddUint64(&s.c.obj.Stats().Sleeps, 1)
	}
	for mark := r.Mark(); ; r.Rewind(mark) {
		if s.handle.Load() == nil {
			return false, ErrDetached
		}
		lack := s.c.lacks(s.want, s.since)
		if lack == 0 {
			return true, nil
		}
		// Announce, then look again: what came in between was not announced to us.
		if s.announce(r, lack) && !s.mourn(r) {
			if s.handle.Load() == nil { // Detach takes it away before it changes the words
				return false, ErrDetached
			}
			if s.c.lacks(s.want, s.since) == lack {
				return false, nil
			}
		}
		s.vigil.over(s.c.obj)
	}
}

// announce says that somebody is about to sleep until there is what it lacks, and names
// the word. It is false if the word has changed meanwhile.
func (s *sleeping) announce(r *park.Round, lack want) bool {
	head := s.c.head
	switch lack {
	case wantBlock:
		if s.want&wantRoom != 0 {
			s.c.wake(&head.Space) // there is room, and we may have been woken for that
		}
		s.c.flag(r, &head.Freed, layout.QueueStarved)
		s.c.barrier(r)
		return true
	case wantIdle:
		s.c.flag(r, &head.Idle, layout.QueueJoining)
		return true
	}
	futex := &head.Space
	if lack == wantItem {
		futex = &head.Items
		if s.c.closing() {
			s.c.barrier(r) // it is a block that says that nothing comes back
		}
	}
	now := atomic.LoadUint32(futex) // sync: sleepers
	next := word.QueueAnnounce(now)
	if next != now && !atomic.CompareAndSwapUint32(futex, now, next) {
		return false
	}
	r.On(futex, next)
	return true
}

// mourn names the death words of others that use the queue. It tells whether one of them
// was dead, and has been cleaned up after: that may have brought what is wanted. Those
// for whom there is no room are looked at when the sleep ends, which then is soon.
func (s *sleeping) mourn(r *park.Round) (changed bool) {
	s.c.others(func(owner uint32) bool {
		// Before the question who lives: a death after the answer changes the word.
		addr, val, ok := s.c.obj.DeathWord(owner)
		switch s.c.obj.Liveness(owner, r.Recheck) {
		case shm.Dead:
			if s.c.buryOne(owner) {
				changed = true
			} else {
				r.Within(unwatched) // who is at it wakes us, or dies as well
			}
		case shm.Dying:
			s.c.obj.WakeMourners(owner)
			r.Within(time.Millisecond)
		default:
			if !ok || !s.vigil.on(r, owner, addr, val) {
				r.Within(unwatched)
			}
		}
		return true
	})
	return changed
}

// unwatched is how long one sleeps at most beside processes whose death words it does not
// sleep on, because there are more than vigilMost, or the kernel does not announce their
// deaths: so long these may go unnoticed.
const unwatched = time.Second
