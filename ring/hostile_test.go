package ring_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// streamObject is the object behind a stream of T.
func streamObject[T any](t testing.TB, seg *shm.Segment, name string, kind uint16) (*shm.Object, *layout.StreamHead) {
	t.Helper()
	typ, err := shm.TypeOf[T]()
	must(t, err)
	o, err := seg.OpenObject(name, shm.Spec{Kind: kind, Type: typ})
	must(t, err)
	t.Cleanup(func() { o.Close() })
	return o, shm.Head[layout.StreamHead](o, 0)
}

// known fails for errors that are none of the ring's.
func known(t *testing.T, err error) {
	t.Helper()
	for _, e := range []error{nil, ring.ErrFull, ring.ErrEmpty, ring.ErrClosed, ring.ErrTaken, ring.ErrPeerDied, ring.ErrSize, ring.ErrLapped, shm.ErrCorrupt} {
		if errors.Is(err, e) {
			return
		}
	}
	t.Errorf("unexpected: %v", err)
}

// mappedSegment is one that may be damaged at the end.
func mappedSegment(t *testing.T) *shm.Segment {
	t.Helper()
	seg, err := shm.Create(t.TempDir()+"/seg", shm.WithSize(4096), shm.WithMaxSize(1<<20))
	must(t, err)
	t.Cleanup(func() { seg.Close() })
	return seg
}

// detached detaches all of them when the test ends.
func detached(t *testing.T, all ...interface{ Detach() error }) {
	t.Helper()
	t.Cleanup(func() {
		for _, x := range all {
			x.Detach()
		}
	})
}

// words takes 8 bytes at a time.
type words []byte

func (w *words) next() (x uint64) {
	var b [8]byte
	*w = (*w)[copy(b[:], *w):]
	return binary.LittleEndian.Uint64(b[:])
}

// Whatever the words of a stream are, and whenever they change, its methods come back, touch
// nothing else, and tell what is wrong.
func FuzzHostileSPSC(f *testing.F) {
	for _, seed := range [][]uint64{{0, 0}, {1, 1, 5}, {1, 1 << 60}, {2, 9}, {3, 1 << 29}, {4, 1<<31 | 1<<20}, {5, 1}, {6, 1 << 40}, {6, 0}} {
		f.Add(bytesOf(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		seg := mappedSegment(t)
		s, err := ring.NewSPSCIn[message](seg, "s", 5)
		must(t, err)
		_, h := streamObject[message](t, seg, "s", shm.KindSPSC)
		p, err := s.Producer()
		must(t, err)
		c, err := s.Consumer()
		must(t, err)
		detached(t, s, p, c)
		to := make([]message, 9)
		for w := words(in[:min(len(in), 512)]); len(w) > 0; {
			switch what, x := w.next(), w.next(); what % 8 {
			case 0:
				h.Head = x
			case 1:
				h.Tail = x
			case 2:
				h.Items, h.Space = uint32(x), uint32(x>>32)
			case 3:
				h.Producer = uint32(x)
			case 4:
				h.Consumer = uint32(x)
			case 5:
				h.Closing = uint32(x)
			case 6:
				h.Limit = x
				if s, err := ring.OpenSPSC[message](seg, "s"); err == nil {
					s.Detach()
				} else {
					known(t, err)
				}
			}
			known(t, p.TryPut(message{}))
			_, err = p.TryPutN(to)
			known(t, err)
			_, err = c.TryGet()
			known(t, err)
			_, err = c.TryGetN(to)
			known(t, err)
			if q, err := s.Producer(); err == nil {
				q.Detach()
			} else {
				known(t, err)
			}
			seg.Check()
			_, err = seg.Info()
			must(t, err)
		}
	})
}

func bytesOf(words []uint64) (b []byte) {
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func FuzzHostileRecords(f *testing.F) {
	for _, seed := range [][]uint64{{0, 8}, {1, 40}, {1, 4}, {2, 1 << 32}, {2, 1 << 63}, {2, 57}, {2, 1<<32 - 1}, {10, 3, 18, 1 << 63}, {5, 1}} {
		f.Add(bytesOf(slices.Concat(seed, seed)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		seg := mappedSegment(t)
		r, err := ring.NewRecordsIn(seg, "r", 128)
		must(t, err)
		o, h := streamObject[byte](t, seg, "r", shm.KindRecords)
		memory := shm.Items[byte](o)
		w, err := r.Writer()
		must(t, err)
		c, err := r.Reader()
		must(t, err)
		detached(t, r, w, c)
		to := make([][]byte, 3)
		for in := words(in[:min(len(in), 512)]); len(in) > 0; {
			what, x := in.next(), in.next()
			must(t, stopped(w.TryPut(make([]byte, what%57))))
			switch what % 8 {
			case 0:
				h.Head = x
			case 1:
				h.Tail = x
			case 2, 3:
				binary.LittleEndian.PutUint64(memory[what%16*8:], x)
			case 5:
				h.Closing = uint32(x)
			}
			known(t, w.TryPut(make([]byte, x%60)))
			_, err = w.TryPutN([][]byte{nil, nil})
			known(t, err)
			_, err = c.TryGet(nil)
			known(t, err)
			_, err = c.TryGetN(to)
			known(t, err)
			seg.Check()
			_, err = seg.Info()
			must(t, err)
		}
	})
}

// stopped makes it no error that a damaged ring gives one.
func stopped(err error) error {
	if errors.Is(err, shm.ErrCorrupt) || errors.Is(err, ring.ErrFull) || errors.Is(err, ring.ErrClosed) {
		return nil
	}
	return err
}
