package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// A message is unfinished from the instant at which it is published to the one at which
// it is acknowledged. Nobody counts: a process that is killed would leave the count
// wrong. The blocks tell. A message is in the same block all that time, and its word is
// Queued with the ticket of a slot that leads to it, or Held, or Returned. So if nothing
// is published from before a look at all blocks until after it, and the look finds no
// such block, then at the end of it nothing is unfinished: what were, would have been at
// every instant of the look.
//
// QueueHead.Finished is a ticket of which that was seen when it was the next to publish:
// then all messages before it are finished, and stay so. It only grows. A call that began
// when the next ticket was t has an instant at which nothing was unfinished if Finished
// is t or more. Either that was seen after the call began; or before, and since then
// nothing was published until it began, and then it holds at its beginning.

// finished tells whether nothing is unfinished, or was at an instant after the next
// ticket to publish was since.
func (c *core) finished(since uint64) bool {
	if atomic.LoadUint64(&c.head.Finished) >= since { // sync: finished
		return true
	}
	_, ok := c.allDone()
	return ok
}

// finish follows an acknowledgement while somebody waits until nothing is unfinished. If
// something is, whoever acknowledges that looks after us: the last one finds nothing.
func (c *core) finish() {
	t, ok := c.allDone()
	if !ok {
		return
	}
	for {
		old := atomic.LoadUint64(&c.head.Finished)
		// sync: finished. Before the flag is taken away: who raises it after that sees it.
		if old >= t || atomic.CompareAndSwapUint64(&c.head.Finished, old, t) {
			break
		}
	}
	atomic.AndUint32(&c.head.Flags, ^layout.QueueJoining) // sync: queue flags
	c.rouse(&c.head.Idle)
}

// allDone looks whether at some instant during the call nothing was unfinished; t was the
// next ticket to publish then. It is false also if something was published meanwhile:
// that was unfinished at some instant of the call.
func (c *core) allDone() (t uint64, ok bool) {
	t = c.published()
	pos, turn := c.place(t)
	slot := &c.cell(pos).Slot
	w := atomic.LoadUint64(slot) // sync: message published
	switch word.SeatOf(w, turn) {
	case word.SeatOpen, word.SeatBefore, word.SeatClosed:
	default:
		return t, false
	}
	// One that is unfinished is near the one that was, as a rule.
	b := c.unfinished.Load()
	for range c.blocks {
		if b >= c.blocks {
			b = 0
		}
		if c.undone(b) {
			c.unfinished.Store(b)
			return t, false
		}
		b++
	}
	now := atomic.LoadUint64(slot) // sync: message published
	// Who seals a closed queue there meanwhile has published nothing.
	return t, now == w || word.SeatOf(now, turn) == word.SeatClosed
}

// countUnfinished is how many messages are unfinished, if that is more than none at some
// instant.
func (c *core) countUnfinished() (n int) {
	for range lookAgain {
		n = 0
		for b := range c.blocks {
			if c.undone(b) {
				n++
			}
		}
		if n > 0 {
			return n
		}
		if _, ok := c.allDone(); ok {
			return 0
		}
	}
	return n
}

// undone tells whether the message in block b is unfinished.
func (c *core) undone(b uint32) bool {
	w := atomic.LoadUint64(&c.cell(b).Block) // sync: message taken
	switch w & layout.CellStateMask {
	case layout.CellHeld, layout.CellReturned:
		return true
	case layout.CellQueued:
		// Only if it was published. Of a ticket the word has the lower bits.
		pos, turn := c.place(layout.FullTicket(w, atomic.LoadUint64(&c.head.Tail))) // sync: tail
		return atomic.LoadUint64(&c.cell(pos).Slot) == layout.SlotWord(layout.SlotFull, turn, b)
	}
	return false
}
