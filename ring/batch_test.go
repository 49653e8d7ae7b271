package ring_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

// Batches keep the order, stop at the capacity, and take what is there.
func TestBatches(t *testing.T) {
	for _, capacity := range []int{1, 3, 64, 300} {
		q := newQueue(t, capacity)
		list := make([]message, 2*capacity)
		for i := range list {
			list[i] = messageOf(1, uint64(i))
		}
		for range 3 {
			n, err := q.TryPutN(list)
			if n != capacity || !errors.Is(err, ring.ErrFull) {
				t.Fatalf("TryPutN of %d into %d: %d %v", len(list), capacity, n, err)
			}
			got := make([]message, 2*capacity)
			half := capacity / 2
			if n, err := q.GetN(got[:half]); n != half || err != nil {
				t.Fatalf("GetN: %d %v, want %d", n, err, half)
			}
			if n, err := q.GetN(got[half:]); n != capacity-half || err != nil {
				t.Fatalf("GetN: %d %v, want %d", n, err, capacity-half)
			}
			for i := range capacity {
				if got[i] != list[i] {
					t.Fatalf("message %d is %+v", i, got[i])
				}
			}
			if n, err := q.TryGetN(got); n != 0 || !errors.Is(err, ring.ErrEmpty) {
				t.Fatalf("TryGetN from an empty queue: %d %v", n, err)
			}
		}
		if n, err := q.PutN(nil); n != 0 || err != nil {
			t.Errorf("PutN of nothing: %d %v", n, err)
		}
		if n, err := q.GetN(nil); n != 0 || err != nil {
			t.Errorf("GetN of nothing: %d %v", n, err)
		}
	}
}

// A batch that is given up tells how much of it is in the queue.
func TestBatchGivenUp(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n, err := q.PutNContext(ctx, make([]message, 8))
	if n != 5 || !errors.Is(err, context.Canceled) {
		t.Errorf("PutNContext: %d %v", n, err)
	}
	must(t, q.Close())
	if n, err := q.PutN(make([]message, 8)); n != 0 || !errors.Is(err, ring.ErrClosed) {
		t.Errorf("PutN after Close: %d %v", n, err)
	}
	if n, err := q.GetN(make([]message, 8)); n != 5 || err != nil {
		t.Errorf("GetN of the rest: %d %v", n, err)
	}
	if n, err := q.GetN(make([]message, 8)); n != 0 || !errors.Is(err, ring.ErrClosed) {
		t.Errorf("GetN at the end: %d %v", n, err)
	}
}

// Batches and single messages, from many goroutines: nothing is lost, doubled, torn or
// out of order.
func TestBatchesOfMany(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const producers, consumers, each = 3, 3, 20000
	for _, capacity := range []int{1, 7, 200, 1000} {
		q := newQueue(t, capacity)
		var puts, gets sync.WaitGroup
		for p := range uint64(producers) {
			puts.Go(func() {
				list := make([]message, 37)
				for n := uint64(0); n < each; {
					k := min(uint64(len(list)), each-n)
					for i := range k {
						list[i] = messageOf(p, n+i)
					}
					m, err := q.PutN(list[:k])
					must(t, err)
					n += uint64(m)
				}
			})
		}
		counts := make([]int, producers*each)
		var mu sync.Mutex
		for range consumers {
			gets.Go(func() {
				list, last := make([]message, 50), map[uint64]uint64{}
				for {
					n, err := q.GetN(list)
					if errors.Is(err, ring.ErrClosed) {
						return
					}
					must(t, err)
					mu.Lock()
					for _, m := range list[:n] {
						if before, ok := last[m.From]; !m.whole() || ok && m.N <= before {
							t.Errorf("%+v after %d", m, before)
						}
						last[m.From] = m.N
						counts[m.From*each+m.N]++
					}
					mu.Unlock()
				}
			})
		}
		puts.Wait()
		must(t, q.Close())
		gets.Wait()
		for i, n := range counts {
			if n != 1 {
				t.Fatalf("capacity %d: message %d came %d times", capacity, i, n)
			}
		}
	}
}
