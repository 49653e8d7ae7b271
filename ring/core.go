package ring

import (
	"math/bits"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
	"shmkit/shm"
)

// core is the queue as bytes: the protocol, for any type of message. What the words
// mean is in internal/layout, what they become in internal/word.
type core struct {
	memory
	obj    *shm.Object
	head   *layout.QueueHead
	slots  uint64
	blocks uint32
	magic  uint64 // for division by slots: see place
	self   uint32 // slot of this process
}

func newCore(o *shm.Object) *core {
	head := shm.Head[layout.QueueHead](o, 0)
	c := &core{
		memory: memoryOf(o, head.Stride), obj: o, head: head,
		slots: uint64(head.Slots), blocks: head.Blocks, self: layout.OwnerSlot(o.Self()),
	}
	if c.slots > 1 {
		c.magic = ^uint64(0)/c.slots + 1
	}
	return c
}

// place is where ticket t goes. The product gives the exact quotient while t is below
// 2^44 and there are no more than 2^20 slots.
func (c *core) place(t uint64) (pos uint32, turn uint64) {
	if t < 1<<44 && c.magic != 0 {
		turn, _ = bits.Mul64(t, c.magic)
	} else {
		turn = t / c.slots
	}
	return uint32(t - turn*c.slots), turn
}

// damaged is what impossible words give.
func damaged(field string, value uint64) error {
	return &shm.CorruptError{Field: "queue." + field, Value: value}
}

// lookAgain is how often an operation looks at words that make no sense, because they
// change while it looks, before it calls them damaged.
const lookAgain = 1 << 16

// room finds the ticket that is next, if there is room for it. Errors: ErrFull,
// ErrClosed, *shm.CorruptError.
func (c *core) room() (t uint64, err error) {
	hint := atomic.LoadUint64(&c.head.Tail) // sync: tail
	t = hint
	for range lookAgain {
		pos, turn := c.place(t)
		slot := &c.cell(pos).Slot
		w := atomic.LoadUint64(slot) // sync: message published
		switch word.SeatOf(w, turn) {
		case word.SeatOpen:
			if atomic.LoadUint32(&c.head.Closing) == 0 { // sync: closing
				if t != hint {
					release(&c.head.Tail, t) // sync: tail
				}
				return t, nil
			}
			c.seal(slot, w, turn)
		case word.SeatClosed:
			return 0, ErrClosed
		case word.SeatTaken, word.SeatPast:
			t = c.after(t, w, turn)
		case word.SeatBefore:
			if there, err := c.there(w, t-c.slots); err != nil {
				return 0, err
			} else if there {
				return 0, ErrFull
			}
			c.clear(pos, w, turn-1, t-c.slots)
		default:
			hint = atomic.LoadUint64(&c.head.Tail) // sync: tail
			t = hint
		}
	}
	return 0, damaged("Tail", t)
}

// after is a later ticket than t, whose slot has the word w, and no later than the next
// one to publish, or to take. Tail and Head are hints: whoever is behind, because a
// process that was stopped has put an old number there, goes on by whole turns.
func (c *core) after(t, w, turn uint64) uint64 {
	if age := layout.SlotAge(w, turn); age > 1 {
		return t + uint64(age-1)*c.slots
	}
	return t + 1
}

// there tells whether the message of ticket t is still in the block that the full slot
// word w leads to.
func (c *core) there(w, t uint64) (bool, error) {
	b := layout.SlotBlock(w)
	if b >= c.blocks {
		return false, damaged("Slot", w)
	}
	return word.QueueThere(atomic.LoadUint64(&c.cell(b).Block), t), nil // sync: message taken
}

// clear empties the slot of ticket t, whose message was taken, for the next turn, and
// moves the head on. Anybody may do it who sees that; the taker may be dead.
func (c *core) clear(pos uint32, w, turn, t uint64) {
	// This passes the slot to the producer of ticket t + slots. sync: message published
	atomic.CompareAndSwapUint64(&c.cell(pos).Slot, w, layout.SlotWord(layout.SlotEmpty, turn+1, 0))
	release(&c.head.Head, t+1) // sync: head
	c.wakeSpace()
}

// seal closes the queue at an open slot, so that no message is ever published there.
func (c *core) seal(slot *uint64, w, turn uint64) {
	// sync: message published
	atomic.CompareAndSwapUint64(slot, w, layout.SlotWord(layout.SlotClosed, turn, 0))
}

// publish gives the filled block b, which is Queued for ticket t, its place, at t if
// that is still free. With an error the block is free again.
func (c *core) publish(b uint32, t uint64) error {
	err := c.tryPublish(b, t)
	if err != nil {
		c.free(&c.cell(b).Block)
	}
	return err
}

// tryPublish is publish that leaves the block to the caller if it fails.
func (c *core) tryPublish(b uint32, t uint64) error {
	for {
		pos, turn := c.place(t)
		empty, full := layout.SlotWord(layout.SlotEmpty, turn, 0), layout.SlotWord(layout.SlotFull, turn, b)
		// This passes the block to the consumers. sync: message published
		if atomic.CompareAndSwapUint64(&c.cell(pos).Slot, empty, full) {
			release(&c.head.Tail, t+1) // sync: tail
			c.wakeItems()
			return nil
		}
		var err error
		if t, err = c.room(); err != nil {
			return err
		}
		// Not published yet, so only we, or our sweep, may change it. sync: message taken
		atomic.StoreUint64(&c.cell(b).Block, layout.CellWord(layout.CellQueued, c.self, 0, t))
	}
}

// taken is a message that this process has taken.
type taken struct {
	block uint32
	held  uint64 // the block's word
	// where it was in the ring, if that has yet to be cleared
	unclear  bool
	pos      uint32
	w        uint64
	turn, at uint64
}

// take takes the oldest message. Its slot is left to the caller, who clears it by
// leave; if the caller is killed before, anybody does. Errors: ErrEmpty, ErrClosed,
// *shm.CorruptError.
func (c *core) take() (m taken, err error) {
	t := atomic.LoadUint64(&c.head.Head) // sync: head
	for range lookAgain {
		if atomic.LoadUint64(&c.head.Returns)&word.QueuePending != 0 { // sync: queue returns
			if m, ok := c.takeReturned(); ok {
				return m, nil
			}
		}
		pos, turn := c.place(t)
		slot := &c.cell(pos).Slot
		w := atomic.LoadUint64(slot) // sync: message published
		switch word.SeatOf(w, turn) {
		case word.SeatOpen:
			if atomic.LoadUint32(&c.head.Closing) == 0 { // sync: closing
				return m, ErrEmpty
			}
			c.seal(slot, w, turn)
		case word.SeatClosed:
			if c.othersHold() {
				return m, ErrEmpty // it may come back
			}
			return m, ErrClosed
		case word.SeatTaken:
			b, held, err := c.takeAt(w, t)
			if held != 0 || err != nil {
				return taken{b, held, true, pos, w, turn, t}, err
			}
			c.clear(pos, w, turn, t)
			t++
		case word.SeatPast:
			t = c.after(t, w, turn)
		default:
			t = atomic.LoadUint64(&c.head.Head) // sync: head
		}
	}
	return m, damaged("Head", t)
}

// leave clears the place of a message that was taken.
func (c *core) leave(m *taken) {
	if m.unclear {
		c.clear(m.pos, m.w, m.turn, m.at)
		m.unclear = false
	}
}

// takeAt takes the message of ticket t, to which the full slot word w leads, and gives
// the word of its block then, or 0 if somebody else has taken it.
func (c *core) takeAt(w, t uint64) (b uint32, held uint64, err error) {
	b = layout.SlotBlock(w)
	if b >= c.blocks {
		return 0, 0, damaged("Slot", w)
	}
	block := &c.cell(b).Block
	old := atomic.LoadUint64(block)
	if !word.QueueThere(old, t) {
		return b, 0, nil
	}
	held = word.QueueTake(old, c.self)
	// This passes the message to us. sync: message taken
	if !atomic.CompareAndSwapUint64(block, old, held) {
		return b, 0, nil
	}
	return b, held, nil
}

// depth is how many messages wait.
func (c *core) depth() int {
	head, tail := c.walk(&c.head.Head, word.SeatPast), c.walk(&c.head.Tail, word.SeatTaken)
	return int(min(max(int64(tail-head), 0), int64(c.slots)))
}

// walk goes from the ticket in hint over all whose seats are past, or are also.
func (c *core) walk(hint *uint64, also word.Seat) uint64 {
	t := atomic.LoadUint64(hint)
	for range lookAgain {
		pos, turn := c.place(t)
		w := atomic.LoadUint64(&c.cell(pos).Slot)
		if s := word.SeatOf(w, turn); s != word.SeatPast && s != also {
			break
		}
		t = c.after(t, w, turn)
	}
	return t
}
