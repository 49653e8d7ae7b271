package shm

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
	"shmkit/internal/word"
)

// KindQueue is a queue: see package ring. KindJoinable is the same, but who takes a
// message has it until it says that it is done.
const (
	KindQueue    = layout.ObjectQueue
	KindJoinable = layout.ObjectJoinable
)

func init() {
	for number, name := range map[uint16]string{KindQueue: "Queue", KindJoinable: "Joinable"} {
		kinds[number] = &kind{
			name: name, head: queueHead, owners: layout.OwnerBlocks, disown: disownQueue, check: checkQueue,
			describe: describeQueue, rings: ringsOfQueue, peek: peekQueue,
		}
	}
}

var (
	queueHead = uint64(reflect.TypeFor[layout.QueueHead]().Size())
	cellHead  = uint64(reflect.TypeFor[layout.QueueCell]().Size())
)

// cellStride is the size of a cell whose block has so many bytes of payload.
func cellStride(payload uint32) uint64 { return (cellHead + uint64(payload) + 63) &^ 63 }

// InitQueue makes o, which is new, an empty queue with so many slots; the rest of its
// cells are for messages in flight.
func (o *Object) InitQueue(slots uint32) error {
	head := Head[layout.QueueHead](o, 0)
	head.Slots, head.Blocks = slots, uint32(o.spec.Count)
	head.Stride, head.BlockSize = uint32(cellStride(o.spec.Type.Size)), o.spec.Type.Size
	return nil
}

// queue is a queue in a segment, with its numbers checked.
type queue struct {
	head   *layout.QueueHead
	slots  uint64
	blocks uint32
	stride uint64
	base   uint64 // offset of the first cell
	cell   func(i uint32) *layout.QueueCell
}

// queueOf reads the head of a queue once.
func (v *view) queueOf(o *layout.Object) (*queue, error) {
	head, err := mem.At[layout.QueueHead](v.mem, o.Data)
	if err != nil {
		return nil, damaged("queue", o.Data, err)
	}
	q := &queue{head: head, slots: uint64(head.Slots), blocks: head.Blocks, stride: uint64(head.Stride)}
	switch {
	case q.blocks == 0 || q.blocks > layout.MaxBlocks || uint64(q.blocks) != o.Count:
		return nil, &CorruptError{"queue.Blocks", uint64(q.blocks), nil}
	case q.slots == 0 || q.slots > uint64(q.blocks):
		return nil, &CorruptError{"queue.Slots", q.slots, nil}
	case q.stride != cellStride(o.ItemSize) || head.BlockSize != o.ItemSize:
		return nil, &CorruptError{"queue.Stride", q.stride, nil}
	}
	base := o.Data + queueHead
	if _, err := mem.Slice[byte](v.mem, base, q.stride*uint64(q.blocks)); err != nil {
		return nil, damaged("queue", base, err)
	}
	q.base = base
	q.cell = func(i uint32) *layout.QueueCell {
		c, err := mem.At[layout.QueueCell](v.mem, base+uint64(i)*q.stride)
		if err != nil {
			panic("shm: checked queue out of bounds: " + err.Error())
		}
		return c
	}
	return q, nil
}

// place is the slot word of the ticket in a block word, and its turn. Of a ticket the
// words have the lower bits; it is near the tail.
func (q *queue) place(block uint64) (seat *uint64, turn uint64) {
	t := layout.FullTicket(block, atomic.LoadUint64(&q.head.Tail))
	return &q.cell(uint32(t % q.slots)).Slot, t / q.slots
}

// disownQueue takes back what the process of owner has in hand: what it was filling is
// free, what it had taken and not acknowledged goes to the next consumer. What it never
// published, or had acknowledged, is let go last: until then it tells whose the blocks are
// that are Linked to it.
func disownQueue(v *view, o *layout.Object, owner uint32) {
	q, err := v.queueOf(o)
	if err != nil {
		return // Check tells
	}
	slot := layout.OwnerSlot(owner)
	q.resolve(slot, layout.CellQueued, layout.CellHeld)
	q.unlink(layout.CellWord(layout.CellLoaned, slot, 0, 0))
	q.resolve(slot, layout.CellLoaned)
	// Also if nothing moved: whoever died may have given something back and not said so.
	for {
		r := atomic.LoadUint64(&q.head.Returns)
		// sync: queue returns
		if atomic.CompareAndSwapUint64(&q.head.Returns, r, word.QueueReturned(r)) {
			break
		}
	}
	for _, futex := range []*uint32{&q.head.Items, &q.head.Space, &q.head.Freed, &q.head.Idle} {
		atomic.AddUint32(futex, 1)
		sys.FutexWake(futex, math.MaxInt32)
	}
}

// resolve does what becomes of those blocks of the dead process in slot that are in one of
// some states.
func (q *queue) resolve(slot uint32, states ...uint64) {
	for i := range q.blocks {
		block := &q.cell(i).Block
		for {
			w := atomic.LoadUint64(block)
			if !slices.Contains(states, w&layout.CellStateMask) {
				break
			}
			seat, turn := q.place(w)
			next, move := word.QueueResolve(w, slot, i, atomic.LoadUint64(seat), turn)
			// sync: queue returns
			if !move || atomic.CompareAndSwapUint64(block, w, next) {
				break
			}
		}
	}
}

// unlink frees what is Linked to blocks that are Loaned to the dead, whose word is loaned.
// Nobody else changes either. A chain may be half-built, or half-freed, so it is not
// followed.
func (q *queue) unlink(loaned uint64) {
	for i := range q.blocks {
		block := &q.cell(i).Block
		w := atomic.LoadUint64(block)
		first := layout.LinkFirst(w)
		if w&layout.CellStateMask != layout.CellLinked || first >= q.blocks {
			continue
		}
		cell := q.cell(first)
		if atomic.LoadUint64(&cell.Block) == loaned && w == word.QueueLinked(first, atomic.LoadUint32(&cell.Version)) {
			atomic.CompareAndSwapUint64(block, w, word.QueueFree) // sync: message taken
		}
	}
}

// astray is what is wrong with block i, which is Linked with the word w, or "".
func (q *queue) astray(i uint32, w uint64) string {
	first := layout.LinkFirst(w)
	if first >= q.blocks {
		return fmt.Sprintf("belongs to block %d of %d", first, q.blocks)
	}
	cell := q.cell(first)
	block, version := atomic.LoadUint64(&cell.Block), atomic.LoadUint32(&cell.Version)
	state := block & layout.CellStateMask
	switch {
	case atomic.LoadUint64(&q.cell(i).Block) != w:
		return "" // it has been let go
	case state == layout.CellFree || state == layout.CellLinked:
		return fmt.Sprintf("belongs to block %d, whose word is %#x", first, block)
	case w != word.QueueLinked(first, version):
		return fmt.Sprintf("belongs to block %d of another version than %d", first, version)
	}
	return ""
}
