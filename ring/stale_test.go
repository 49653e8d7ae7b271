package ring_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
	"shmkit/shm"
)

// queueObject is the object behind a queue of T, and its head.
func queueObject[T any](t testing.TB, seg *shm.Segment, name string) (*shm.Object, *layout.QueueHead) {
	t.Helper()
	typ, err := shm.TypeOf[T]()
	must(t, err)
	o, err := seg.OpenObject(name, shm.Spec{Kind: shm.KindQueue, Type: typ})
	must(t, err)
	t.Cleanup(func() { o.Close() })
	return o, shm.Head[layout.QueueHead](o, 0)
}

// A process that was stopped before it said how far it is says so later, when all have gone
// on, by up to any number of turns. That costs others some time, in a queue of any size.
func TestOldHints(t *testing.T) {
	const capacity = 300_000 // more than anybody walks one by one
	for _, put := range []uint64{capacity + 1, 3*capacity + 7} {
		seg := segment(t)
		q, err := ring.NewIn[uint8](seg, "queue", capacity)
		must(t, err)
		list := make([]uint8, 1000)
		for n := uint64(0); n < put; {
			m, err := q.TryPutN(list[:min(1000, put-n)])
			must(t, err)
			if _, err := q.TryGetN(list[:m]); err != nil {
				t.Fatal(err)
			}
			n += uint64(m)
		}
		_, head := queueObject[uint8](t, seg, "queue")
		for _, old := range []uint64{0, 1, capacity / 2, put - 1} {
			atomic.StoreUint64(&head.Tail, old)
			atomic.StoreUint64(&head.Head, old)
			other, err := ring.Open[uint8](seg, "queue")
			must(t, err)
			if _, err := other.TryGet(); !errors.Is(err, ring.ErrEmpty) {
				t.Errorf("%d put, and a head of %d: TryGet: %v", put, old, err)
			}
			if n := other.Len(); n != 0 {
				t.Errorf("%d put, and a head of %d: Len is %d", put, old, n)
			}
			atomic.StoreUint64(&head.Tail, old)
			if err := other.TryPut(7); err != nil {
				t.Errorf("%d put, and a tail of %d: TryPut: %v", put, old, err)
			} else if v, err := other.TryGet(); v != 7 || err != nil {
				t.Errorf("%d put, and a head of %d: TryGet: %d %v", put, old, v, err)
			}
			must(t, other.Detach())
		}
		must(t, q.Detach())
	}
}
