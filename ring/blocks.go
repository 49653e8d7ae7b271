package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// claim makes a free block ours. The block first is tried first, then those beyond the
// slots, which are free unless messages are in flight, then all. It fails with ErrFull
// if every block is in somebody's hands.
func (c *core) claim(first uint32) (uint32, error) {
	if c.tryClaim(first) {
		return first, nil
	}
	for buried := false; ; buried = true {
		b := uint32(c.slots)
		for range c.blocks {
			if b == c.blocks {
				b = 0
			}
			if c.tryClaim(b) {
				return b, nil
			}
			b++
		}
		if buried || !c.bury() {
			return 0, ErrFull
		}
	}
}

func (c *core) tryClaim(b uint32) bool {
	block := &c.cell(b).Block
	// This passes the block to us. sync: message taken
	return atomic.LoadUint64(block) == word.QueueFree && atomic.CompareAndSwapUint64(block, word.QueueFree, c.loaned)
}

// free gives a block that is ours back.
func (c *core) free(block *uint64) {
	atomic.StoreUint64(block, word.QueueFree) // sync: message taken
	c.freed()
}

// ack ends our hold of block b, whose word is held: the message is dealt with.
func (c *core) ack(b uint32, held uint64) error {
	if race.Enabled {
		c.raceRelease()
	}
	cell := c.cell(b)
	if atomic.LoadUint32(&cell.Next) != 0 {
		return c.ackChain(b, held)
	}
	// This passes the block to the producers. sync: message taken
	if !atomic.CompareAndSwapUint64(&cell.Block, held, word.QueueFree) {
		return ErrNotHeld
	}
	c.freed()
	return nil
}

// nack gives the message in block b back. The note comes before the deed, for those who
// look, and after it, for those who have just looked. If we are killed in between, our
// sweep notes it once more.
func (c *core) nack(b uint32, held uint64) error {
	c.noteReturn()
	// This passes the message to whoever comes next. sync: message taken
	if !atomic.CompareAndSwapUint64(&c.cell(b).Block, held, word.QueueReturn(held)) {
		return ErrNotHeld
	}
	c.noteReturn()
	c.wake(&c.head.Items)
	return nil
}

func (c *core) noteReturn() {
	for {
		r := atomic.LoadUint64(&c.head.Returns)
		// sync: queue returns
		if atomic.CompareAndSwapUint64(&c.head.Returns, r, word.QueueReturned(r)) {
			return
		}
	}
}

// last finds a message that came back, when the queue is closed and the ring is empty. A
// message stays in its block until it is dealt with, so one look at each block sees all of
// them. Errors: ErrEmpty if another process has one, which may come back; ErrClosed.
func (c *core) last() (w uint64, b uint32, err error) {
	err = ErrClosed
	for i := range c.blocks {
		switch w := atomic.LoadUint64(&c.cell(i).Block); { // sync: message taken
		case w&layout.CellStateMask == layout.CellReturned:
			return w, i, nil
		case w&layout.CellStateMask == layout.CellHeld && layout.CellSlot(w) != c.self:
			err = ErrEmpty
		}
	}
	return 0, 0, err
}

// bury cleans up after the dead who used the queue and whose death was announced, and
// tells whether there were any.
func (c *core) bury() (changed bool) {
	c.others(func(owner uint32) bool {
		if c.obj.Liveness(owner, false) == shm.Dead {
			changed = c.buryOne(owner) || changed
		}
		return true
	})
	return changed
}

// comeBack tells whether one who found nothing and does not wait, but got err, looks once
// more: it has just cleaned up after somebody who may have had a message. One who waits
// does that before it sleeps; without it one who only asks now and then would never get
// what the dead had.
func (c *core) comeBack(err error) bool { return err == ErrEmpty && c.bury() }

// buryOne cleans up after owner, who is dead, and tells whether all of that is done: it
// waits for nobody.
func (c *core) buryOne(owner uint32) bool {
	c.obj.WakeMourners(owner)
	c.obj.SweepOwner(owner)
	slot := layout.OwnerSlot(owner)
	next, used := c.obj.NextUser(slot)
	return !used || next != slot
}

// others calls f for each other process that uses the queue, until f returns false.
func (c *core) others(f func(owner uint32) bool) {
	for slot, ok := c.obj.NextUser(0); ok; slot, ok = c.obj.NextUser(slot + 1) {
		if slot != c.self && !f(c.obj.Occupant(slot)) {
			return
		}
	}
}
