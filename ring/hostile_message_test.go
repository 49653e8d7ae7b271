package ring_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// cells is the memory of the cells of a queue of bytes called "q".
type cells struct {
	head *layout.QueueHead
	raw  []byte
}

func cellsOf(t testing.TB, seg *shm.Segment) cells {
	t.Helper()
	o, err := seg.OpenObject("q", shm.Spec{Kind: shm.KindQueue, Type: shm.MessageType("bytes", nil, 0)})
	must(t, err)
	t.Cleanup(func() { o.Close() })
	return cells{shm.Head[layout.QueueHead](o, 0), shm.Raw(o)}
}

// at is cell i from the byte off on.
func (c cells) at(i, off uint32) []byte { return c.raw[i*c.head.Stride+off:] }

const (
	cellBlock   = 8
	cellLength  = 16
	cellVersion = 24
	cellNext    = 28
)

// Damage to a message of several blocks is told of, once, and the queue goes on.
func TestDamagedChain(t *testing.T) {
	seg := mappedSegment(t)
	q, err := ring.NewIn[[]byte](seg, "q", 4, ring.BlockSize(10))
	must(t, err)
	detached(t, q)
	c := cellsOf(t, seg)
	for field, damage := range map[string]func(first, second uint32){
		"queue.Length": func(first, _ uint32) { binary.LittleEndian.PutUint64(c.at(first, cellLength), 41) },
		"queue.Next":   func(first, _ uint32) { binary.LittleEndian.PutUint32(c.at(first, cellNext), 1<<31) },
		"queue.Next ":  func(_, second uint32) { binary.LittleEndian.PutUint32(c.at(second, cellNext), 0) },
		"queue.Block":  func(first, _ uint32) { binary.LittleEndian.PutUint32(c.at(first, cellVersion), 99) },
		"queue.Block ": func(first, _ uint32) { binary.LittleEndian.PutUint32(c.at(first, cellNext), first+1) },
		"queue.Block  ": func(_, second uint32) {
			binary.LittleEndian.PutUint64(c.at(second, cellBlock), layout.CellWord(layout.CellLinked, 0, 0, 3))
		},
	} {
		for _, take := range []func() error{
			func() error { _, err := q.TryGet(); return err },
			func() error { _, err := q.TryLease(); return err },
		} {
			must(t, q.Put(parts(1, 40)))
			must(t, q.Put(parts(2, 1)))
			first := uint32((q.Info().Puts - 2) % 4)
			if n := binary.LittleEndian.Uint64(c.at(first, cellLength)); n != 40 {
				t.Fatalf("the message is not in block %d", first)
			}
			damage(first, binary.LittleEndian.Uint32(c.at(first, cellNext))-1)
			var bad *shm.CorruptError
			if err := take(); !errors.As(err, &bad) || bad.Field != string(bytes.TrimRight([]byte(field), " ")) {
				t.Errorf("%s: %v", field, err)
			}
			if b, err := q.TryGet(); err != nil || !bytes.Equal(b, parts(2, 1)) {
				t.Errorf("%s: the next one is %v %v", field, b, err)
			}
			// It goes on; what was cut off may be lost.
			must(t, q.Put(parts(3, 40)))
			if b, err := q.TryGet(); err != nil || !bytes.Equal(b, parts(3, 40)) {
				t.Errorf("%s: a later one is %v %v", field, b, err)
			}
			must(t, q.Put(nil)) // so that every message goes to another place
			must(t, q.Put(nil))
			for range 2 {
				_, err := q.Get()
				must(t, err)
			}
		}
	}
}

// Whatever the words of blocks are, and whenever they change, the methods of a queue of bytes
// come back, touch nothing else, and tell what is wrong.
func FuzzHostileMessages(f *testing.F) {
	for _, seed := range [][]uint64{
		{0, 1 << 40}, {1, 25}, {1, 0}, {2, 7}, {3, 1}, {3, 1 << 31}, {4, 2}, {5, 13}, {8, 5}, {9, 5, 16, 1<<20 | 5}, {3, 2, 11, 1},
	} {
		f.Add(bytesOf(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		seg := mappedSegment(t)
		q, err := ring.NewIn[[]byte](seg, "q", 3, ring.BlockSize(8))
		must(t, err)
		detached(t, q)
		c := cellsOf(t, seg)
		list := make([][]byte, 2)
		sound := func(err error) {
			t.Helper()
			if !errors.Is(err, ring.ErrNotHeld) {
				known(t, err)
			}
		}
		for w := words(in[:min(len(in), 512)]); len(w) > 0; {
			what, x := w.next(), w.next()
			sound(q.TryPut(make([]byte, x%26)))
			i := uint32(what/8) % c.head.Blocks
			switch what % 8 {
			case 0:
				binary.LittleEndian.PutUint64(c.at(i, cellLength), x)
			case 1:
				binary.LittleEndian.PutUint64(c.at(i, cellBlock), x)
			case 2:
				binary.LittleEndian.PutUint32(c.at(i, cellVersion), uint32(x))
			case 3:
				binary.LittleEndian.PutUint32(c.at(i, cellNext), uint32(x))
			case 4:
				binary.LittleEndian.PutUint64(c.at(i, 0), x)
			case 5:
				c.head.Head, c.head.Tail = x%9, x/9%9
			}
			if l, err := q.TryLease(); err != nil {
				sound(err)
			} else if x%2 == 0 {
				sound(l.Ack())
			} else {
				sound(l.Nack())
			}
			if l, err := q.TryLoan(); err != nil {
				sound(err)
			} else {
				*l.Value = make([]byte, what%26)
				sound(l.TryPublish())
				sound(l.Abandon())
			}
			_, err := q.TryGetN(list)
			sound(err)
			seg.Check()
			_, err = seg.Info()
			must(t, err)
		}
	})
}
