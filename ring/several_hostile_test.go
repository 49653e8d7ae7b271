package ring_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

// Somebody changes an index that belongs to an end: whoever waits is told that there is
// something to do, and then what; it does not find the end ready for ever and nothing there.
func TestWaitOnHostileStream(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := mappedSegment(t)
	s, err := ring.NewSPSCIn[message](seg, "s", 2)
	must(t, err)
	_, sh := streamObject[message](t, seg, "s", shm.KindSPSC)
	r, err := ring.NewRecordsIn(seg, "r", 64)
	must(t, err)
	_, rh := streamObject[byte](t, seg, "r", shm.KindRecords)
	p, err := s.Producer()
	must(t, err)
	c, err := s.Consumer()
	must(t, err)
	w, err := r.Writer()
	must(t, err)
	rd, err := r.Reader()
	must(t, err)
	detached(t, s, r, p, c, w, rd)
	for _, tt := range []struct {
		name  string
		w     ring.Waitable
		index *uint64
		call  func() error
		fill  func() error
	}{
		{"consumer", c, &sh.Head, func() error { _, err := c.TryGet(); return err }, nil},
		{"reader", rd, &rh.Head, func() error { _, err := rd.TryGet(nil); return err }, nil},
		{"producer", p.Room(), &sh.Tail, func() error { return p.TryPut(messageOf(1, 1)) },
			func() error { _, err := p.TryPutN(make([]message, 2)); return err }},
		{"writer", w.Room(24), &rh.Tail, func() error { return w.TryPut(make([]byte, 24)) },
			func() error { _, err := w.TryPutN([][]byte{make([]byte, 24), make([]byte, 24)}); return err }},
	} {
		if tt.fill != nil {
			must(t, tt.fill())
		}
		was := atomic.LoadUint64(tt.index)
		for _, now := range []uint64{was + 1, was - 1, was + 8, was - 8, math.MaxUint64, 0} {
			if now == was {
				continue
			}
			atomic.StoreUint64(tt.index, now)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if ready, _ := ring.Wait(ctx, tt.w); len(ready) > 0 {
				is(t, tt.name, tt.call(), shm.ErrCorrupt)
			}
		}
		atomic.StoreUint64(tt.index, was)
	}
}

// The words of a queue are anything: a Wait comes back, and what is ready has an error to
// tell or a message.
func TestWaitOnHostileQueue(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := mappedSegment(t)
	q, err := ring.NewIn[message](seg, "q", 2)
	must(t, err)
	detached(t, q)
	typ, err := shm.TypeOf[message]()
	must(t, err)
	o, err := seg.OpenObject("q", shm.Spec{Kind: shm.KindQueue, Type: typ})
	must(t, err)
	t.Cleanup(func() { o.Close() })
	h := shm.Head[layout.QueueHead](o, 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, word := range []*uint64{&h.Head, &h.Tail, &h.Returns} {
		was := atomic.LoadUint64(word)
		for _, now := range []uint64{1, 2, 1 << 20, 1 << 63, math.MaxUint64} {
			atomic.StoreUint64(word, now)
			ready, _ := ring.Wait(ctx, q, q.Room())
			for _, w := range ready {
				if w == ring.Waitable(q) {
					_, err := q.TryGet()
					known(t, err)
				}
			}
		}
		atomic.StoreUint64(word, was)
	}
}
