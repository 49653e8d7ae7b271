package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
	"shmkit/shm"
)

// claim makes a free block ours, with the given state: Queued for ticket t, or Loaned.
// The block that lies beside the slot of t comes first: slot, word and payload are then
// on one line. It fails with ErrFull if every block is in somebody's hands.
func (c *core) claim(state, t uint64) (uint32, error) {
	next := layout.CellWord(state, c.self, 0, t)
	first, _ := c.place(t)
	for buried := false; ; buried = true {
		for n := range c.blocks {
			b := first + n
			if b >= c.blocks {
				b -= c.blocks
			}
			block := &c.cell(b).Block
			// sync: message taken
			if atomic.LoadUint64(block) == word.QueueFree && atomic.CompareAndSwapUint64(block, word.QueueFree, next) {
				return b, nil
			}
		}
		if buried || !c.bury(false) {
			return 0, ErrFull
		}
	}
}

// free gives a block that is ours back.
func (c *core) free(block *uint64) {
	atomic.StoreUint64(block, word.QueueFree) // sync: message taken
	c.wakeSpace()
}

// drop ends our hold of a message that was copied out of its block. The block comes
// before the slot: the compare-and-swap there is the fence between it and the look for
// sleepers.
func (c *core) drop(m *taken) {
	if !m.unclear {
		c.ack(m.block, m.held)
		return
	}
	release(&c.cell(m.block).Block, word.QueueFree) // sync: message taken
	c.clear(m.pos, m.w, m.turn, m.at)
	c.wakeIfClosing()
}

// ack ends our hold of block b, whose word is held: the message is dealt with.
func (c *core) ack(b uint32, held uint64) error {
	// sync: message taken
	if !atomic.CompareAndSwapUint64(&c.cell(b).Block, held, word.QueueFree) {
		return ErrNotHeld
	}
	c.wakeSpace()
	c.wakeIfClosing()
	return nil
}

// wakeIfClosing: somebody may wait to see whether a message comes back.
func (c *core) wakeIfClosing() {
	if atomic.LoadUint32(&c.head.Closing) != 0 { // sync: closing
		c.wakeAll()
	}
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
	c.wakeItems()
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

// takeReturned takes the oldest of the messages that came back. If it sees none, and
// none came back while it looked, it says so to those who come after.
func (c *core) takeReturned() (m taken, ok bool) {
	for {
		version := atomic.LoadUint64(&c.head.Returns) // sync: queue returns
		oldest, at, found := uint64(0), uint32(0), false
		for i := range c.blocks {
			w := atomic.LoadUint64(&c.cell(i).Block)
			if w&layout.CellStateMask == layout.CellReturned && (!found || layout.CellTicket(w) < layout.CellTicket(oldest)) {
				oldest, at, found = w, i, true
			}
		}
		if !found {
			// sync: queue returns
			if atomic.CompareAndSwapUint64(&c.head.Returns, version, version&^word.QueuePending) {
				return m, false
			}
			continue
		}
		held := word.QueueTake(oldest, c.self)
		// This passes the message to us. sync: message taken
		if atomic.CompareAndSwapUint64(&c.cell(at).Block, oldest, held) {
			atomic.AddUint64(&c.head.Redelivered, 1)
			return taken{block: at, held: held}, true
		}
	}
}

// inHands calls f for each block that another process has, until f returns false. A
// published message is in nobody's hands.
func (c *core) inHands(f func(owner uint32, block *uint64, w uint64) bool) {
	for i := range c.blocks {
		block := &c.cell(i).Block
		w := atomic.LoadUint64(block)
		slot := layout.CellSlot(w)
		switch w & layout.CellStateMask {
		case layout.CellLoaned, layout.CellHeld:
		case layout.CellQueued:
			t := layout.FullTicket(w, atomic.LoadUint64(&c.head.Tail))
			pos, turn := c.place(t)
			if atomic.LoadUint64(&c.cell(pos).Slot) == layout.SlotWord(layout.SlotFull, turn, i) {
				continue
			}
		default:
			continue
		}
		if slot != c.self && !f(c.obj.Occupant(slot), block, w) {
			return
		}
	}
}

// othersHold tells whether another process has taken a message and not acknowledged it.
func (c *core) othersHold() (yes bool) {
	c.inHands(func(_ uint32, _ *uint64, w uint64) bool {
		yes = w&layout.CellStateMask == layout.CellHeld
		return !yes
	})
	return yes
}

// bury cleans up after the dead who have blocks, and tells whether that changed any.
// With ask it asks the kernel about those whose death was not announced.
func (c *core) bury(ask bool) (changed bool) {
	c.inHands(func(owner uint32, block *uint64, w uint64) bool {
		if c.obj.Liveness(owner, ask) == shm.Dead {
			c.obj.SweepOwner(owner)
			changed = changed || atomic.LoadUint64(block) != w
		}
		return true
	})
	return changed
}
