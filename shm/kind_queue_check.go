package shm

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// ringCheck is one walk over a queue. The queue may be in use: a message moves only one
// way, slot by slot, so what looks wrong because two words were read at two times looks
// otherwise in the next round. That is why what is reported names words that stand
// still, and not how far the others are.
type ringCheck struct {
	*checker
	*queue
	where string
	o     *layout.Object
	from  uint64           // the ticket that is counted from: slot 0 in the turn of Tail
	slot  []uint64         // words
	open  []int64          // the next ticket of each slot, from from on
	tail  int64            // the next ticket to publish
	in    map[int64]uint32 // the block that has a message
}

// checkQueue: tickets are published one after the other and taken one after the other;
// each message that was published is in one block, until it is acknowledged; who has a
// block is attached.
func checkQueue(c *checker, where string, o *layout.Object) {
	q, err := c.queueOf(o)
	if err != nil {
		c.report(where, "%v", err)
		return
	}
	r := &ringCheck{checker: c, queue: q, where: where, o: o, in: map[int64]uint32{}}
	head, tail := atomic.LoadUint64(&q.head.Head), atomic.LoadUint64(&q.head.Tail) // before the slots
	r.from = tail / q.slots * q.slots
	returns, finished := atomic.LoadUint64(&q.head.Returns), atomic.LoadUint64(&q.head.Finished)
	r.readSlots()
	r.published(int64(tail-r.from), atomic.LoadUint32(&q.head.Flags))
	if int64(finished-r.from) > r.tail {
		r.wrong("Finished is ahead of what is published: %d", finished)
	}
	returned := r.blocksOf()
	r.waiting(int64(head - r.from))
	r.numbers(returned, returns)
}

func (r *ringCheck) wrong(format string, args ...any) { r.report(r.where, format, args...) }

// readSlots reads each slot once, and works out which ticket is next in it.
func (r *ringCheck) readSlots() {
	for i := range r.blocks {
		w := atomic.LoadUint64(&r.cell(i).Slot)
		if uint64(i) >= r.slots {
			if w != 0 {
				r.wrong("cell %d is no slot, and has the slot word %#x", i, w)
			}
			continue
		}
		next := layout.SlotAge(w, r.from/r.slots)*int64(r.slots) + int64(i)
		switch state := w & layout.SlotStateMask; {
		case state == layout.SlotEmpty && w != 0, state > layout.SlotClosed:
			r.wrong("slot %d: word %#x", i, w)
		case state == layout.SlotFull && layout.SlotBlock(w) >= r.blocks:
			r.wrong("slot %d leads to block %d of %d", i, layout.SlotBlock(w), r.blocks)
		}
		if w&layout.SlotStateMask == layout.SlotFull {
			next += int64(r.slots)
		}
		r.slot, r.open = append(r.slot, w), append(r.open, next)
		if i == 0 || next < r.tail {
			r.tail = next
		}
	}
}

// published: the slots are filled one after the other, without a hole, up to where the
// queue was closed if it was.
func (r *ringCheck) published(tail int64, flags uint32) {
	if flags&^(layout.QueueClosing|layout.QueueStarved|layout.QueueJoining) != 0 {
		r.wrong("Flags = %#x", flags)
	}
	for i, w := range r.slot {
		closed := w&layout.SlotStateMask == layout.SlotClosed
		switch {
		case r.open[i] >= r.tail+int64(r.slots):
			r.wrong("slot %d: word %#x, and slots before it are a turn behind", i, w)
		case closed && r.open[i] != r.tail:
			r.wrong("slot %d: word %#x, and slots before it are open", i, w)
		case closed && flags&layout.QueueClosing == 0:
			r.wrong("slot %d is closed, the queue is not", i)
		}
	}
	if tail > r.tail {
		r.wrong("Tail is ahead of what is published: %d", uint64(tail)+r.from)
	}
}

// blocksOf looks at who has each block, and tells whether a message came back.
func (r *ringCheck) blocksOf() (returned bool) {
	for i := range r.blocks {
		w := atomic.LoadUint64(&r.cell(i).Block)
		switch state := w & layout.CellStateMask; state {
		case layout.CellFree:
			if w != word.QueueFree {
				r.wrong("block %d is free: word %#x", i, w)
			}
		case layout.CellLoaned:
			if w != layout.CellWord(state, layout.CellSlot(w), 0, 0) {
				r.wrong("block %d is loaned: word %#x", i, w)
			}
			r.attached(i, w)
		case layout.CellQueued:
			if seat, turn := r.place(w); atomic.LoadUint64(seat) != layout.SlotWord(layout.SlotFull, turn, i) {
				r.attached(i, w) // not published
			} else if layout.CellDeliveries(w) != 0 {
				r.wrong("block %d: word %#x, delivered before it was taken", i, w)
			}
		case layout.CellHeld:
			r.attached(i, w)
			r.message(i, w)
		case layout.CellReturned:
			if layout.CellSlot(w) != 0 || layout.CellDeliveries(w) == 0 {
				r.wrong("block %d came back: word %#x", i, w)
			}
			r.message(i, w)
			returned = true
		case layout.CellLinked:
			if why := r.astray(i, w); why != "" {
				r.wrong("block %d: %s", i, why)
			}
		default:
			r.wrong("block %d: word %#x", i, w)
		}
	}
	return returned
}

// attached: who has a block in hand is there, or has not been swept yet.
func (r *ringCheck) attached(i uint32, w uint64) {
	if slot := layout.CellSlot(w); atomic.LoadUint32(&r.view.participant(slot).State) != layout.SlotAttached {
		r.wrong("block %d is in the hands of slot %d, which is free", i, slot)
	}
}

// message: block i has a message that was published, and no other block has it.
func (r *ringCheck) message(i uint32, w uint64) {
	t := int64(layout.FullTicket(w, r.from+uint64(r.tail)) - r.from)
	if t >= r.tail {
		r.wrong("block %d: word %#x, a message that was not published", i, w)
		return
	}
	pos := uint64(int64(r.from)+t) % r.slots
	// If its slot has nothing newer, that leads to it.
	if s := r.slot[pos]; r.open[pos] == t+int64(r.slots) && layout.SlotBlock(s) != i {
		r.wrong("block %d: word %#x, a message that was published in block %d", i, w, layout.SlotBlock(s))
	}
	r.once(t, i)
}

func (r *ringCheck) once(t int64, i uint32) {
	if other, twice := r.in[t]; twice {
		r.wrong("the message of ticket %d is in blocks %d and %d", uint64(t)+r.from, other, i)
	}
	r.in[t] = i
}

// waiting: what waits in the ring are the last messages published, and Head leaves out
// none of them.
func (r *ringCheck) waiting(head int64) {
	first := int64(-1)
	waits := false
	for t := r.tail - int64(r.slots); t < r.tail; t++ {
		full := uint64(t) + r.from
		if t < 0 && uint64(-t) > r.from {
			continue // the first turn
		}
		pos := full % r.slots
		if r.slot[pos]&layout.SlotStateMask != layout.SlotFull || r.open[pos] != t+int64(r.slots) {
			continue // newer
		}
		b, there := r.waits(r.slot[pos], full)
		switch {
		case there && !waits:
			first, waits = t, true
		case !there && waits:
			r.wrong("ticket %d waits, and ticket %d is taken", uint64(first)+r.from, full)
			return
		}
		if there {
			r.once(t, b)
		}
	}
	if waits && head > first {
		r.wrong("ticket %d waits, and Head is %d", uint64(first)+r.from, uint64(head)+r.from)
	} else if head > r.tail {
		r.wrong("Head is ahead of what is published: %d", uint64(head)+r.from)
	}
}

// numbers: the rest of the head.
func (r *ringCheck) numbers(returned bool, returns uint64) {
	if n := atomic.LoadUint64(&r.head.HighWater); n > r.slots {
		r.wrong("HighWater = %d of %d slots", n, r.slots)
	}
	for name, futex := range map[string]*uint32{"Items": &r.head.Items, "Space": &r.head.Space} {
		if w := atomic.LoadUint32(futex); w&layout.QueueSleepers == layout.QueueSleepers {
			r.wrong("%s = %#x", name, w)
		}
	}
	// Who gives something back notes it before and after, or its sweep does.
	if returned && returns&word.QueuePending == 0 && !r.others {
		r.wrong("a message came back, and nobody will look for it")
	}
}
