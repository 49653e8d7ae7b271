package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// front finds the oldest message, which this process may or may not get: it is in block
// b, whose word is w. t is its ticket, if it is in the ring. It is taken by
// a compare-and-swap on that word: see hold. Errors: ErrEmpty, ErrClosed,
// *shm.CorruptError.
func (c *core) front() (t, w uint64, b uint32, err error) {
	t = atomic.LoadUint64(&c.gets.next)
	if t >= atomic.LoadUint64(&c.gets.limit) {
		c.lookOut(t)
	}
	pos, turn := c.place(t)
	if atomic.LoadUint64(&c.head.Returns)&word.QueuePending == 0 { // sync: queue returns
		slot := atomic.LoadUint64(&c.cell(pos).Slot) // sync: message published
		b = layout.SlotBlock(slot)
		if word.SeatOf(slot, turn) == word.SeatTaken && b < c.blocks {
			w = atomic.LoadUint64(&c.cell(b).Block) // sync: message taken
			if word.QueueThere(w, t) {
				return t, w, b, nil
			}
		}
	}
	return c.frontSlow()
}

// mostReturns is how often one looks again because something came back meanwhile. Where so
// much comes back, and is taken by others, there is nothing for one who looks now and then.
const mostReturns = 1 << 10

// frontSlow is outlined so that front is short.
//
//go:noinline
func (c *core) frontSlow() (t, w uint64, b uint32, err error) {
	t = max(atomic.LoadUint64(&c.gets.next), atomic.LoadUint64(&c.head.Head)) // sync: head
	for i := range lookAgain {
		if i%fewSteps == fewSteps-1 {
			t = c.skip(t, c.emptied)
		}
		// Before the look at the ring, and once more after it: so there was an instant at which
		// nothing was returned and nothing in the ring.
		returns := atomic.LoadUint64(&c.head.Returns) // sync: queue returns
		if returns&word.QueuePending != 0 {
			if w, b, ok := c.returned(); ok {
				return t, w, b, nil
			}
			if i < mostReturns {
				continue
			}
		}
		pos, turn := c.place(t)
		addr := &c.cell(pos).Slot
		slot := atomic.LoadUint64(addr) // sync: message published
		switch word.SeatOf(slot, turn) {
		case word.SeatOpen, word.SeatBefore:
			release(&c.gets.next, t)
			if atomic.LoadUint64(&c.head.Returns) != returns && i < mostReturns { // sync: queue returns
				continue
			}
			if !c.closing() {
				return t, w, b, ErrEmpty
			}
			c.seal(addr, slot, turn)
		case word.SeatClosed:
			w, b, err := c.last()
			return t, w, b, err
		case word.SeatTaken:
			if b = layout.SlotBlock(slot); b >= c.blocks {
				return t, w, b, damaged("Slot", slot)
			}
			// sync: message taken
			if w = atomic.LoadUint64(&c.cell(b).Block); word.QueueThere(w, t) {
				return t, w, b, nil
			}
			t++
		case word.SeatPast:
			t = c.after(t, slot, turn)
		default:
			t = atomic.LoadUint64(&c.head.Head) // sync: head
		}
	}
	return t, w, b, damaged("Head", t)
}

// took follows the compare-and-swap that took the message of ticket t, whose block had
// the word w.
func (c *core) took(t, w uint64) {
	if w&layout.CellStateMask != layout.CellQueued {
		c.tookReturned()
		return
	}
	c.advance(&c.gets, &c.head.Head, t, t+1) // sync: head
	c.wake(&c.head.Space)
}

// hold takes what front found and leaves it in its block, until ack or nack. held is the
// word of the block then, 0 if somebody else has taken it.
func (c *core) hold(t, w uint64, b uint32) (held uint64) {
	held = word.QueueTake(w, c.self)
	// This passes the message to us. sync: message taken
	if !atomic.CompareAndSwapUint64(&c.cell(b).Block, w, held) {
		return 0
	}
	c.took(t, w)
	return held
}

// drop ends our hold of a block whose message was copied.
func (c *core) drop(block *uint64) {
	// This passes the block to the producers. sync: message taken
	release(block, word.QueueFree)
	c.freed() // the store may come after the load of it: see flags.go
}

//go:noinline
func (c *core) tookReturned() {
	atomic.AddUint64(&c.head.Redelivered, 1)
	c.overtaken()
	c.wake(&c.head.Space)
}

// returned finds the oldest of the messages that came back. If it sees none, and none
// came back while it looked, it says so to those who come after.
func (c *core) returned() (w uint64, b uint32, ok bool) {
	for range lookAgain {
		version := atomic.LoadUint64(&c.head.Returns) // sync: queue returns
		for i := range c.blocks {
			now := atomic.LoadUint64(&c.cell(i).Block)
			if now&layout.CellStateMask == layout.CellReturned && (!ok || layout.CellTicket(now) < layout.CellTicket(w)) {
				w, b, ok = now, i, true
			}
		}
		// sync: queue returns
		if ok || atomic.CompareAndSwapUint64(&c.head.Returns, version, version&^word.QueuePending) {
			break
		}
	}
	return w, b, ok
}
