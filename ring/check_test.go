package ring_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// bared is the memory of a queue of messages.
type bared struct {
	*layout.QueueHead
	raw []byte
}

func bare(t testing.TB, seg *shm.Segment, name string) *bared {
	t.Helper()
	typ, err := shm.TypeOf[message]()
	must(t, err)
	o, err := seg.OpenObject(name, shm.Spec{Kind: shm.KindQueue, Type: typ})
	must(t, err)
	t.Cleanup(func() { o.Close() })
	return &bared{shm.Head[layout.QueueHead](o, 0), shm.Raw(o)}
}

func (b *bared) word(at int) (get func() uint64, set func(uint64)) {
	return func() uint64 { return binary.LittleEndian.Uint64(b.raw[at:]) },
		func(x uint64) { binary.LittleEndian.PutUint64(b.raw[at:], x) }
}

func (b *bared) slot(i int) uint64        { get, _ := b.word(i * int(b.Stride)); return get() }
func (b *bared) setSlot(i int, w uint64)  { _, set := b.word(i * int(b.Stride)); set(w) }
func (b *bared) block(i int) uint64       { get, _ := b.word(i*int(b.Stride) + 8); return get() }
func (b *bared) setBlock(i int, w uint64) { _, set := b.word(i*int(b.Stride) + 8); set(w) }
func (b *bared) find(state uint64) (i int) {
	for b.block(i)&layout.CellStateMask != state {
		i++
	}
	return i
}

// busyQueue has something of everything: of capacity 4, with tickets 0 and 1 dealt with, 2
// leased, 3 given back, 4 and 5 in the ring, and a loan.
func busyQueue(t *testing.T) (*shm.Segment, *bared) {
	t.Helper()
	seg := mappedSegment(t)
	q, err := ring.NewIn[message](seg, "queue", 4)
	must(t, err)
	t.Cleanup(func() { q.Detach() })
	for n := range uint64(2) {
		must(t, q.Put(messageOf(1, n)))
		_, err := q.Get()
		must(t, err)
	}
	for n := range uint64(4) {
		must(t, q.Put(messageOf(1, 2+n)))
	}
	_, err = q.Lease()
	must(t, err)
	l, err := q.Lease()
	must(t, err)
	must(t, l.Nack())
	_, err = q.Loan()
	must(t, err)
	found, err := seg.Check()
	must(t, err)
	if len(found) > 0 {
		t.Fatalf("a sound queue: %v", found)
	}
	return seg, bare(t, seg, "queue")
}

// breaches are what may be wrong with the busy queue, and what Check says then.
var breaches = map[string]struct {
	do   func(b *bared)
	want string
}{
	"no slots":               {func(b *bared) { b.Slots = 0 }, "queue.Slots"},
	"more slots than blocks": {func(b *bared) { b.Slots = b.Blocks + 1 }, "queue.Slots"},
	"other blocks":           {func(b *bared) { b.Blocks-- }, "queue.Blocks"},
	"other stride":           {func(b *bared) { b.Stride += 64 }, "queue.Stride"},
	"other block size":       {func(b *bared) { b.BlockSize-- }, "queue.Stride"},
	"flags":                  {func(b *bared) { b.Flags = 8 }, "Flags = 0x8"},
	"finished too early":     {func(b *bared) { b.Finished = 7 }, "Finished is ahead"},
	"tail ahead":             {func(b *bared) { b.Tail = 7 }, "Tail is ahead"},
	"head ahead of messages": {func(b *bared) { b.Head = 5 }, "ticket 4 waits, and Head is 5"},
	"head ahead of all":      {func(b *bared) { b.Head = 90 }, "waits, and Head is 90"},
	"high water":             {func(b *bared) { b.HighWater = 5 }, "HighWater = 5"},
	"sleepers":               {func(b *bared) { b.Items = layout.QueueSleepers }, "Items = "},
	"slot state":             {func(b *bared) { b.setSlot(1, b.slot(1)|3) }, "slot 1: word"},
	"slot empty":             {func(b *bared) { b.setSlot(1, 4) }, "slot 1: word"},
	"slot leads nowhere":     {func(b *bared) { b.setSlot(1, layout.SlotWord(layout.SlotFull, 1, 1000)) }, "slot 1 leads to block 1000"},
	"slot a turn ahead":      {func(b *bared) { b.setSlot(1, layout.SlotWord(layout.SlotFull, 2, 1)) }, "slots before it are a turn behind"},
	"slot of a cell":         {func(b *bared) { b.setSlot(9, 4) }, "cell 9 is no slot"},
	"slot closed, queue not": {func(b *bared) { b.setSlot(2, layout.SlotWord(layout.SlotClosed, 1, 0)) }, "slot 2 is closed"},
	"slot closed too far":    {func(b *bared) { b.Flags = layout.QueueClosing; b.setSlot(3, layout.SlotWord(layout.SlotClosed, 1, 0)) }, "slots before it are open"},
	"block state":            {func(b *bared) { b.setBlock(20, 7) }, "block 20: word 0x7"},
	"free block with owner":  {func(b *bared) { b.setBlock(20, 8) }, "block 20 is free: word"},
	"loan of nobody":         {func(b *bared) { b.setBlock(20, layout.CellWord(layout.CellLoaned, 900, 0, 0)) }, "in the hands of slot 900"},
	"loan with a ticket":     {func(b *bared) { b.setBlock(20, layout.CellWord(layout.CellLoaned, 0, 0, 3)) }, "block 20 is loaned: word"},
	"filled by nobody":       {func(b *bared) { b.setBlock(20, layout.CellWord(layout.CellQueued, 900, 0, 5)) }, "in the hands of slot 900"},
	"delivered in the ring":  {func(b *bared) { i := b.find(layout.CellQueued); b.setBlock(i, b.block(i)|1<<13) }, "delivered before it was taken"},
	"lease of nobody":        {func(b *bared) { b.setBlock(b.find(layout.CellHeld), layout.CellWord(layout.CellHeld, 900, 0, 2)) }, "in the hands of slot 900"},
	"lease of no message":    {func(b *bared) { b.setBlock(b.find(layout.CellHeld), layout.CellWord(layout.CellHeld, 0, 0, 6)) }, "was not published"},
	"lease of another's":     {func(b *bared) { b.setBlock(20, layout.CellWord(layout.CellHeld, 0, 0, 2)) }, "was published in block"},
	"one message twice": {func(b *bared) {
		b.setBlock(20, layout.CellWord(layout.CellHeld, 0, 0, 1))
		b.setBlock(21, layout.CellWord(layout.CellHeld, 0, 0, 1))
	}, "ticket 1 is in blocks 20 and 21"},
	"came back with no count": {func(b *bared) { b.setBlock(b.find(layout.CellReturned), layout.CellWord(layout.CellReturned, 0, 0, 3)) }, "came back: word"},
	"came back with an owner": {func(b *bared) { b.setBlock(b.find(layout.CellReturned), layout.CellWord(layout.CellReturned, 9, 1, 3)) }, "came back: word"},
	"nobody looks for it":     {func(b *bared) { b.Returns &^= 1 }, "nobody will look for it"},
	"taken out of order":      {func(b *bared) { b.setBlock(int(layout.SlotBlock(b.slot(1))), 0) }, "ticket 4 waits, and ticket 5 is taken"},
}

// Check tells each law of a queue that does not hold, and tells it in such a way that it is
// the same however often it looks.
func TestCheckQueue(t *testing.T) {
	for name, breach := range breaches {
		t.Run(name, func(t *testing.T) {
			seg, b := busyQueue(t)
			breach.do(b)
			found, err := seg.Check()
			must(t, err)
			if !strings.Contains(fmt.Sprint(found), breach.want) {
				t.Errorf("%v, want %q", found, breach.want)
			}
		})
	}
}

// A queue in use is sound whenever somebody looks, also one that was closed.
func TestCheckWhileInUse(t *testing.T) {
	seg := mappedSegment(t)
	for round, capacity := range []int{1, 3, 300} {
		q, err := ring.NewIn[message](seg, fmt.Sprint("queue", round), capacity)
		must(t, err)
		done := make(chan struct{})
		for w := range uint64(3) {
			go func() {
				defer func() { done <- struct{}{} }()
				for n := range uint64(3000) {
					q.TryPut(messageOf(w, n))
					if l, err := q.TryLease(); err == nil && n%3 == 0 {
						must(t, l.Nack())
					} else if err == nil {
						must(t, l.Ack())
					}
				}
			}()
		}
		for left := 3; left > 0; {
			select {
			case <-done:
				left--
			default:
			}
			found, err := seg.Check()
			must(t, err)
			if len(found) > 0 {
				t.Fatalf("capacity %d: %v", capacity, found)
			}
		}
		must(t, q.Close())
		found, err := seg.Check()
		must(t, err)
		if len(found) > 0 {
			t.Errorf("closed: %v", found)
		}
		must(t, q.Detach())
	}
}
