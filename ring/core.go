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
	users  atomic.Int64 // the handle, and calls that wait: see persist
	head   *layout.QueueHead
	slots  uint64
	blocks uint32
	magic  uint64  // for division by slots: see place
	lazy   uint8   // an end says how far it is when this many lower bits of its ticket become 0
	self   uint32  // slot of this process
	how    *coding // nil: messages are plain memory
	size   uint64  // bytes of a block
	most   uint64  // bytes of a message that is not plain memory
	// unfinished is a block whose message was unfinished when somebody looked.
	unfinished atomic.Uint32
	loaned     uint64 // the word of a block that this process fills
	puts       side
	gets       side
}

// side is what a handle remembers of the end of the queue that it puts at, or takes
// from. All of it are hints: whatever is there is right, and only costs time if it is
// old.
type side struct {
	_      [128]byte
	next   uint64       // a ticket that is not later than the next one
	limit  uint64       // where it looks next how far the other end is: see pace
	since  uint64       // where it last let the other end get ahead: see pace
	stream uint64       // how many messages later it may do so again
	slept  uint64       // where a call last slept: see spin
	eager  uint64       // how many messages later a call looks for as long as a sleep takes
	looks  atomic.Int32 // how many looks fewer than the most a call spins for
	lookout
	_ [40]byte
}

// An end says every 16 tickets how far it is, in the head of the queue, where others
// look: a line that both ends touch for each message would cost more than the rest of
// it. In a small queue that would be too seldom, and it says so each time.
const (
	lazyShift  = 4
	smallQueue = 256 // slots; fewer is small
)

// newCore reads the numbers of the queue once. Errors: *shm.CorruptError if they lead
// out of it.
func newCore(o *shm.Object, how *coding) (*core, error) {
	head := shm.Head[layout.QueueHead](o, 0)
	slots, blocks, stride, size := uint64(head.Slots), head.Blocks, head.Stride, head.BlockSize
	bytes := uint64(len(shm.Raw(o)))
	switch {
	case blocks == 0 || blocks > layout.MaxBlocks || uint64(blocks) != o.Spec().Count:
		return nil, damaged("Blocks", uint64(blocks))
	case slots == 0 || slots > uint64(blocks):
		return nil, damaged("Slots", slots)
	case uint64(stride)*uint64(blocks) != bytes:
		return nil, damaged("Stride", uint64(stride))
	case uint64(size)+uint64(cellHead) > uint64(stride):
		return nil, damaged("BlockSize", uint64(size))
	}
	c := &core{
		memory: memoryOf(o, stride), obj: o, head: head,
		slots: slots, blocks: blocks, self: layout.OwnerSlot(o.Self()),
		how: how, size: uint64(size), most: slots * uint64(size),
	}
	c.users.Store(1)
	c.puts.next = atomic.LoadUint64(&head.Tail) // sync: tail
	c.gets.next = atomic.LoadUint64(&head.Head) // sync: head
	c.puts.start(c.slots)
	c.gets.start(c.slots)
	if c.slots >= smallQueue {
		c.lazy = lazyShift
	}
	if !fenced() {
		atomic.StoreUint32(&head.Unfenced, 1) // sync: unfenced
	}
	c.loaned = layout.CellWord(layout.CellLoaned, c.self, 0, 0)
	if c.slots > 1 {
		c.magic = ^uint64(0)/c.slots + 1
	}
	return c, nil
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

// after is a later ticket than t, whose slot has the word w, and no later than the next
// one to publish, or to take. Whoever is behind, because a process that was stopped has
// put an old number into the head, goes on by whole turns.
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

// seal closes the queue at an open slot, so that no message is ever published there.
func (c *core) seal(slot *uint64, w, turn uint64) {
	// sync: message published
	atomic.CompareAndSwapUint64(slot, w, layout.SlotWord(layout.SlotClosed, turn, 0))
}

// close says that nothing more is to be published, and seals the ring where it is. If
// that is full, whoever next comes to an open slot seals it there. Who finds it sealed
// sleeps if others have messages that may come back, which they drop without a barrier:
// see freed. After ours they see the flag, and who sleeps by then is woken.
func (c *core) close() {
	atomic.OrUint32(&c.head.Flags, layout.QueueClosing) // sync: queue flags
	fence()
	c.room()
	c.wakeAll()
}
