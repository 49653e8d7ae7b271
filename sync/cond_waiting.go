package sync

import (
	"fmt"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/park"
	"shmkit/internal/sys"
	"shmkit/internal/word"
	"shmkit/shm"
)

// condWait is one call of Wait.
type condWait struct {
	c       *Cond
	i       int // its cell
	ticket  uint32
	slept   bool
	damaged bool          // its cell is not its own any more
	relayed uint32        // owner whose death was passed on to other sleepers, 0 = none
	pause   time.Duration // while somebody is dying

	vigil // of this turn
}

func (w *condWait) cell() *uint64 { return &w.c.cells[w.i] }

// move makes a move on cell i, if x still is what it was decided on.
func (c *Cond) move(i int, x uint64, move word.CondMove) bool {
	// sync: waiter cell
	if !move.OK || !atomic.CompareAndSwapUint64(&c.cells[i], x, move.Next) {
		return false
	}
	if move.Wake {
		atomic.AddUint64(&c.obj.Stats().Wakes, 1)
		park.Wake(mem.Low(&c.cells[i]), 1)
	}
	return true
}

// claim gets a ticket and a cell. The caller holds the lock, so nobody else claims.
func (w *condWait) claim() error {
	c := w.c
	w.ticket = atomic.LoadUint32(&c.head.Ticket) & layout.CondTicketMask
	for range 2 {
		high := c.high()
		for w.i = 0; w.i < high; w.i++ {
			if w.take() {
				return nil
			}
		}
		if high < len(c.cells) {
			// First High, so that no waiter is ever beyond it.
			atomic.StoreUint32(&c.head.High, uint32(high+1))
			if w.take() {
				return nil
			}
		}
		if !c.bury() {
			break
		}
	}
	return fmt.Errorf("%w: %d wait already", ErrTooMany, len(c.cells))
}

// take claims cell i if it is free. The next ticket is stored last: if this process
// dies in between, its waiter and the next one have the same ticket, and one is dead.
func (w *condWait) take() bool {
	x := atomic.LoadUint64(w.cell())
	if !w.c.move(w.i, x, word.CondClaim(x, w.c.self, w.ticket)) {
		return false
	}
	atomic.StoreUint32(&w.c.head.Ticket, (w.ticket+1)&layout.CondTicketMask)
	return true
}

// bury frees the cells of the dead, and tells whether any is free now.
func (c *Cond) bury() (free bool) {
	for i := range c.cells {
		owner := layout.CondOwner(atomic.LoadUint64(&c.cells[i]))
		if owner != 0 && owner != c.self && c.obj.Liveness(owner, true) == shm.Dead {
			c.obj.Disown(i, owner)
		}
	}
	c.obj.PassOn()
	for i := range c.cells {
		free = free || atomic.LoadUint64(&c.cells[i]) == layout.CondFree
	}
	return free
}

// attempt is one turn of the waiting loop; see park.Loop.
func (w *condWait) attempt(r *park.Round) (done bool, err error) {
	c := w.c
	if r.Slept && !w.slept {
		w.slept = true
		atomic.AddUint64(&c.obj.Stats().Sleeps, 1)
	}
	w.over(c.obj)
	for {
		x := atomic.LoadUint64(w.cell())
		switch _, waits := word.CondWaits(x); {
		case layout.CondOwner(x) != c.self || x&layout.CondStateMask == layout.CondFree:
			w.damaged = true
			return false, &shm.CorruptError{Field: "cond.Cell", Value: x}
		case !waits:
			return true, nil
		case c.closed.Load():
			return false, ErrClosed
		case r.Spinning:
			return false, nil
		}
		// First asleep, then the look around: who leaves something does it the other way
		// round.
		if move := word.CondAnnounce(x, c.self); move.OK {
			if !c.move(w.i, x, move) {
				continue
			}
			x = move.Next
		}
		if w.look(r) {
			continue
		}
		r.On(mem.Low(w.cell()), uint32(x))
		for _, d := range w.watched[:w.n] {
			if d.word != nil {
				r.On(d.word, d.val)
			}
		}
		return false, nil
	}
}

// quit ends the wait, unless it was notified.
func (w *condWait) quit() bool {
	for {
		x := atomic.LoadUint64(w.cell())
		move := word.CondQuit(x, w.c.self)
		if !move.OK {
			return false
		}
		if w.c.move(w.i, x, move) {
			w.tidy() // it may have been nudged, for another now
			return true
		}
	}
}

// done ends the wait with its notification.
func (w *condWait) done() {
	x := atomic.LoadUint64(w.cell())
	w.c.move(w.i, x, word.CondDone(x, w.c.self))
	w.tidy()
}

// passOn ends the wait; its notification goes to another.
func (w *condWait) passOn() {
	w.c.obj.Disown(w.i, w.c.self)
	w.tidy()
}

// yields is how often a notified waiter gives way.
const yields = 8

// giveWay lets the notifier give the lock back. It holds that when it wakes a sleeper,
// and the kernel likes to run that one at once, in the place of the notifier: it would
// find the lock held, and sleep again.
func (c *Cond) giveWay(w *condWait) {
	for range yields {
		if !w.slept || c.lock.condFree() {
			return
		}
		sys.Yield()
	}
}

// tidy: who leaves may be the one who should have adopted.
func (w *condWait) tidy() {
	if atomic.LoadUint32(&w.c.head.Left) != 0 {
		w.c.obj.PassOn()
	}
}
