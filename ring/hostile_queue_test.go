package ring_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// scribbler writes what it is given over the words of a queue.
type scribbler struct {
	head  *layout.QueueHead
	cells []byte
}

// numbers are the words of the creator; the other ones may be anything at any time.
func (s *scribbler) numbers(what, x uint64) {
	switch what % 4 {
	case 0:
		s.head.Slots = uint32(x)
	case 1:
		s.head.Blocks = uint32(x)
	case 2:
		s.head.Stride = uint32(x)
	case 3:
		s.head.BlockSize = uint32(x)
	}
}

func (s *scribbler) words(what, x uint64) {
	stride := uint64(s.head.Stride)
	cell := what / 8 * stride % uint64(len(s.cells))
	switch what % 8 {
	case 0:
		s.head.Tail = x
	case 1:
		s.head.Head = x
	case 2:
		s.head.Items, s.head.Space = uint32(x), uint32(x>>32)
	case 3:
		s.head.Returns = x
	case 4, 5: // slot
		binary.LittleEndian.PutUint64(s.cells[cell:], x)
	case 6, 7: // block
		binary.LittleEndian.PutUint64(s.cells[cell+8:], x)
	}
}

// Whatever the words of a queue are, and whenever they change, its methods come back, touch
// nothing else, and tell what is wrong.
func FuzzHostileQueue(f *testing.F) {
	full := layout.SlotWord(layout.SlotFull, 0, 1)
	for _, seed := range [][]uint64{
		{0, 0}, {0, 1 << 63}, {1, 77, 0, 77}, {3, 1}, {4, layout.SlotWord(layout.SlotFull, 0, layout.MaxBlocks-1)},
		{4, full, 6 + 8, layout.CellWord(layout.CellQueued, 3, 0, 0)}, {4, layout.SlotWord(layout.SlotClosed, 0, 0)},
		{6, layout.CellWord(layout.CellReturned, 9, 127, 5), 3, 1}, {6, 7}, {4, 3}, {4, layout.SlotWord(layout.SlotFull, 1<<41, 0)},
		{2, ^uint64(0)}, {6 + 16, layout.CellWord(layout.CellHeld, 1023, 1, 1<<43)},
	} {
		f.Add(bytesOf(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		seg := mappedSegment(t)
		q, err := ring.NewIn[message](seg, "q", 3)
		must(t, err)
		o, head := queueObject[message](t, seg, "q")
		detached(t, q)
		s := scribbler{head, shm.Raw(o)}
		for w := words(in[:min(len(in), 256)]); len(w) > 0; {
			s.words(w.next(), w.next())
			useAll(t, q)
			if len(w) == 0 {
				known(t, q.Close())
				useAll(t, q)
			}
		}
	})
}

// useAll calls every method of q.
func useAll(t *testing.T, q *ring.Queue[message]) {
	t.Helper()
	list := make([]message, 5)
	known(t, q.TryPut(message{}))
	_, err := q.TryPutN(list)
	known(t, err)
	l, err := q.TryLease()
	known(t, err)
	if err == nil {
		known(t, l.Nack())
	}
	_, err = q.TryGet()
	known(t, err)
	_, err = q.TryGetN(list)
	known(t, err)
	if l, err := q.TryLease(); err == nil {
		known(t, l.Ack())
	}
	loan, err := q.TryLoan()
	known(t, err)
	if err == nil {
		if err := loan.TryPublish(); errors.Is(err, ring.ErrFull) {
			must(t, loan.Abandon())
		} else {
			known(t, err)
		}
	}
	if n := q.Len(); n < 0 {
		t.Errorf("Len is %d", n)
	}
	q.Info()
}

// A queue whose numbers lead out of it is not opened.
func TestHostileNumbers(t *testing.T) {
	seg := mappedSegment(t)
	q, err := ring.NewIn[message](seg, "q", 3)
	must(t, err)
	detached(t, q)
	_, head := queueObject[message](t, seg, "q")
	good := *head
	for what := range uint64(4) {
		for _, x := range []uint64{0, 1, 4, 66, 68, 1 << 20, 1<<20 + 1, 1 << 31, 1<<32 - 1} {
			s := scribbler{head: head}
			s.numbers(what, x)
			other, err := ring.Open[message](seg, "q")
			if err == nil {
				useAll(t, other)
				must(t, other.Detach())
			} else if !errors.Is(err, shm.ErrCorrupt) {
				t.Errorf("number %d is %d: %v", what, x, err)
			}
			head.Slots, head.Blocks, head.Stride, head.BlockSize = good.Slots, good.Blocks, good.Stride, good.BlockSize
		}
	}
}
