package queues

import (
	"errors"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/internal/suite"
	"shmkit/ring"
)

// OrderAndCapacity: first in, first out, up to the capacity exactly, for any capacity.
func OrderAndCapacity(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	for _, capacity := range []int{1, 2, 3, 7, 8, 100} {
		q := newQueue(t, w, capacity)
		n, next := uint64(0), uint64(0)
		get := func() {
			t.Helper()
			m, err := q.TryGet()
			must(t, err)
			if m != MessageOf(1, next) {
				t.Fatalf("got %+v, want %d", m, next)
			}
			next++
		}
		for round := range 5 {
			for range capacity {
				must(t, q.TryPut(MessageOf(1, n)))
				n++
			}
			if err := q.TryPut(MessageOf(1, n)); !errors.Is(err, ring.ErrFull) {
				t.Fatalf("capacity %d: put %d: %v", capacity, q.Len()+1, err)
			}
			if q.Len() != capacity || q.Cap() != capacity {
				t.Fatalf("%d of %d, want %d", q.Len(), q.Cap(), capacity)
			}
			for range capacity - round%2 {
				get()
			}
			for q.Len() > 0 {
				get()
			}
			if _, err := q.TryGet(); !errors.Is(err, ring.ErrEmpty) {
				t.Fatalf("get from an empty queue: %v", err)
			}
		}
	}
}

// ManyGoroutines: producers and consumers of one process lose nothing, double nothing, tear
// nothing, and each consumer sees each producer's messages in order.
//
// conformance: Q-15
func ManyGoroutines(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, 2*time.Minute)
	const producers, consumers = 3, 3
	each := w.Load
	if each == 0 {
		each = 30000
	}
	for _, capacity := range []int{1, 3, 64} {
		q := newQueue(t, w, capacity)
		var all, eaters sync.WaitGroup
		var mu sync.Mutex
		seen := flow{}
		for p := range uint64(producers) {
			all.Go(func() {
				for n := range uint64(each) {
					if err := q.Put(MessageOf(p, n)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range consumers {
			eaters.Go(func() {
				mine, err := taken(q)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if err := seen.merge(mine.text()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		must(t, q.Close())
		eaters.Wait()
		if err := seen.whole(producers, each); err != nil {
			t.Errorf("capacity %d: %v", capacity, err)
		}
		if err := q.Put(MessageOf(0, 0)); !errors.Is(err, ring.ErrClosed) {
			t.Errorf("put after close: %v", err)
		}
	}
}
