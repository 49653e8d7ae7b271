package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// seat is where a message goes: a slot of the ring, and a block.
type seat struct{ pos, block uint32 }

// reserve finds the ticket that is next and makes a free block ours. The block beside the
// slot comes first, so that slot, word and payload of a message are on lines that lie
// together. Nothing is reserved in the ring: whoever publishes first has the ticket. w is
// the word of the slot. Errors: ErrFull, ErrClosed, *shm.CorruptError.
func (c *core) reserve() (t, w uint64, s seat, err error) {
	t = atomic.LoadUint64(&c.puts.next)
	if t >= atomic.LoadUint64(&c.puts.limit) {
		c.pace(&c.puts, t, &c.head.Head, c.slots) // sync: head
	}
	pos, turn := c.place(t)
	w = atomic.LoadUint64(&c.cell(pos).Slot) // sync: message published
	// Mostly the message of the turn before was in the block beside the slot, and that is
	// free now. A free block is not one of a message that is there.
	if w != layout.SlotWord(layout.SlotFull, turn-1, pos) || !c.tryClaim(pos) {
		return c.reserveSlow()
	}
	return t, w, seat{pos, pos}, nil
}

// reserveSlow is outlined so that reserve is short.
//
//go:noinline
func (c *core) reserveSlow() (t, w uint64, s seat, err error) {
	if t, w, s, err = c.room(); err == nil {
		s.block, err = c.claim(s.pos)
	}
	return t, w, s, err
}

// room finds the ticket that is next, if there is room for it. The block of s is the one
// beside the slot. Errors: ErrFull, ErrClosed, *shm.CorruptError.
func (c *core) room() (t, w uint64, s seat, err error) {
	hint := max(atomic.LoadUint64(&c.puts.next), atomic.LoadUint64(&c.head.Tail)) // sync: tail
	t = hint
	for i := range lookAgain {
		if i%fewSteps == fewSteps-1 {
			t = c.skip(t, filled)
		}
		pos, turn := c.place(t)
		slot := &c.cell(pos).Slot
		w = atomic.LoadUint64(slot) // sync: message published
		switch word.SeatOf(w, turn) {
		case word.SeatClosed:
			return t, w, s, ErrClosed
		case word.SeatTaken, word.SeatPast:
			t = c.after(t, w, turn)
			continue
		case word.SeatBefore:
			there, err := c.there(w, t-c.slots)
			if err != nil {
				return t, w, s, err
			}
			if there {
				return t, w, s, c.full(t)
			}
		case word.SeatDamaged:
			hint = atomic.LoadUint64(&c.head.Tail) // sync: tail
			t = hint
			continue
		}
		if !c.closing() {
			if t != hint {
				release(&c.head.Tail, t) // sync: tail
			}
			return t, w, seat{pos, pos}, nil
		}
		c.seal(slot, w, turn)
	}
	return t, w, s, damaged("Tail", t)
}

// full is why there is no room at t. After Close nothing is published any more, whether
// the ring is sealed yet or not.
func (c *core) full(t uint64) error {
	if c.closing() {
		return ErrClosed
	}
	c.raiseHighWater(c.slots)
	release(&c.puts.next, t)
	return ErrFull
}

// publish gives the filled block of s its place, at ticket t if that is still free. With
// an error the block is free again, and what is tied to it.
func (c *core) publish(t, w uint64, s seat) error {
	if c.tryPublish(t, w, s) {
		return nil
	}
	err := c.publishLater(s.block)
	if err != nil {
		c.discard(s.block)
	}
	return err
}

// tryPublish publishes at t, and tells whether that was free.
func (c *core) tryPublish(t, w uint64, s seat) bool {
	slot := &c.cell(s.pos).Slot
	// The block must name no ticket that was published in this same block before: that
	// message would seem to be there again. If the slot is open still, now that the block
	// is ours, that cannot have been, and never will. And whoever closes the queue seals
	// it, or finds it full: then the message that was here went after that.
	if atomic.LoadUint64(slot) != w || c.closing() {
		return false
	}
	release(&c.cell(s.block).Block, layout.CellWord(layout.CellQueued, c.self, 0, t)) // sync: message taken
	// This passes the block to the consumers. sync: message published
	if !atomic.CompareAndSwapUint64(slot, w, word.QueuePublish(w, s.block)) {
		return false
	}
	c.advance(&c.puts, &c.head.Tail, t, t+1) // sync: tail
	c.wake(&c.head.Items)
	return true
}

// publishLater publishes block b when another message has the ticket that it was for, or
// it has none. It leaves the block to the caller if it fails.
//
//go:noinline
func (c *core) publishLater(b uint32) error {
	for {
		t, w, s, err := c.room()
		if err != nil {
			return err
		}
		if s.block = b; c.tryPublish(t, w, s) {
			return nil
		}
	}
}

// raiseHighWater notes a depth that was seen, if none was larger.
func (c *core) raiseHighWater(depth uint64) {
	for {
		old := atomic.LoadUint64(&c.head.HighWater)
		if depth <= old || atomic.CompareAndSwapUint64(&c.head.HighWater, old, depth) {
			return
		}
	}
}
