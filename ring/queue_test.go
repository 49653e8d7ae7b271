package ring_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

// message tells who sent it, and is long enough to be torn.
type message struct {
	From, N uint64
	Copy    [6]uint64
}

func messageOf(from, n uint64) (m message) {
	m.From, m.N = from, n
	for i := range m.Copy {
		m.Copy[i] = n
	}
	return m
}

func (m message) whole() bool { return m == messageOf(m.From, m.N) }

func segment(t testing.TB) *shm.Segment {
	t.Helper()
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	t.Cleanup(func() {
		found, err := seg.Check()
		if err != nil || len(found) > 0 {
			t.Errorf("Check: %v %v", found, err)
		}
		must(t, seg.Close())
	})
	return seg
}

func newQueue(t testing.TB, capacity int) *ring.Queue[message] {
	t.Helper()
	q, err := ring.NewIn[message](segment(t), "queue", capacity)
	must(t, err)
	t.Cleanup(func() { q.Detach() })
	return q
}

// First in, first out, up to the capacity exactly, for any capacity.
func TestOrderAndCapacity(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 7, 8, 100} {
		q := newQueue(t, capacity)
		n, next := uint64(0), uint64(0)
		for round := range 5 {
			for range capacity {
				must(t, q.TryPut(messageOf(1, n)))
				n++
			}
			if err := q.TryPut(messageOf(1, n)); !errors.Is(err, ring.ErrFull) {
				t.Fatalf("capacity %d: put %d: %v", capacity, q.Len()+1, err)
			}
			if q.Len() != capacity || q.Cap() != capacity {
				t.Fatalf("%d of %d, want %d", q.Len(), q.Cap(), capacity)
			}
			for range capacity - round%2 {
				m, err := q.TryGet()
				must(t, err)
				if m != messageOf(1, next) {
					t.Fatalf("got %+v, want %d", m, next)
				}
				next++
			}
			for q.Len() > 0 {
				m, err := q.TryGet()
				must(t, err)
				if m.N != next {
					t.Fatalf("got %d, want %d", m.N, next)
				}
				next++
			}
			if _, err := q.TryGet(); !errors.Is(err, ring.ErrEmpty) {
				t.Fatalf("get from an empty queue: %v", err)
			}
		}
	}
}

// Producers and consumers of one process: nothing is lost, doubled or torn, and each
// consumer sees each producer's messages in order.
//
// conformance: Q-15
func TestManyGoroutines(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const producers, consumers, each = 3, 3, 30000
	for _, capacity := range []int{1, 3, 64} {
		q := newQueue(t, capacity)
		var all sync.WaitGroup
		var mu sync.Mutex
		seen := map[[2]uint64]int{}
		for p := range uint64(producers) {
			all.Go(func() {
				for n := range uint64(each) {
					must(t, q.Put(messageOf(p, n)))
				}
			})
		}
		var eaters sync.WaitGroup
		for range consumers {
			eaters.Go(func() {
				last := map[uint64]uint64{}
				mine := [][2]uint64{}
				for {
					m, err := q.Get()
					if errors.Is(err, ring.ErrClosed) {
						break
					}
					must(t, err)
					if !m.whole() {
						t.Errorf("torn: %+v", m)
					}
					if n, ok := last[m.From]; ok && m.N <= n {
						t.Errorf("%d after %d from %d", m.N, n, m.From)
					}
					last[m.From] = m.N
					mine = append(mine, [2]uint64{m.From, m.N})
				}
				mu.Lock()
				defer mu.Unlock()
				for _, m := range mine {
					seen[m]++
				}
			})
		}
		all.Wait()
		must(t, q.Close())
		eaters.Wait()
		if len(seen) != producers*each {
			t.Errorf("capacity %d: %d messages of %d", capacity, len(seen), producers*each)
		}
		for m, n := range seen {
			if n != 1 {
				t.Errorf("%v %d times", m, n)
			}
		}
		if err := q.Put(messageOf(0, 0)); !errors.Is(err, ring.ErrClosed) {
			t.Errorf("put after close: %v", err)
		}
	}
}

func TestContexts(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 1)
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	go func() { _, err := q.GetContext(ctx); errs <- err }()
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("GetContext: %v", err)
	}
	must(t, q.Put(messageOf(1, 1)))
	if err := q.PutContext(ctx, messageOf(1, 2)); !errors.Is(err, context.Canceled) {
		t.Errorf("PutContext: %v", err)
	}
	if m, err := q.GetContext(ctx); err != nil || m.N != 1 {
		t.Errorf("GetContext of a message that is there: %v %v", m, err)
	}
}

// What was leased and given back comes first, and says how often it was delivered.
func TestLeaseAndLoan(t *testing.T) {
	q := newQueue(t, 3)
	for n := range uint64(2) {
		l, err := q.TryLoan()
		must(t, err)
		*l.Value = messageOf(7, n)
		must(t, l.Publish())
		if err := l.Publish(); !errors.Is(err, ring.ErrNotHeld) {
			t.Errorf("second Publish: %v", err)
		}
	}
	for n := range 3 {
		l, err := q.Lease()
		must(t, err)
		if l.Value.N != 0 || l.Deliveries() != n {
			t.Errorf("message %d, delivered %d times before, want 0 and %d", l.Value.N, l.Deliveries(), n)
		}
		must(t, l.Nack())
		if err := l.Ack(); !errors.Is(err, ring.ErrNotHeld) {
			t.Errorf("Ack after Nack: %v", err)
		}
	}
	for n := range uint64(2) {
		m, err := q.Get()
		must(t, err)
		if m != messageOf(7, n) {
			t.Errorf("got %+v, want %d", m, n)
		}
	}
	l, err := q.TryLoan()
	must(t, err)
	must(t, l.Abandon())
}

func BenchmarkPutGet(b *testing.B) {
	q := newQueue(b, 64)
	for b.Loop() {
		q.TryPut(message{})
		q.TryGet()
	}
}

func BenchmarkPipe(b *testing.B) {
	q := newQueue(b, 1024)
	go func() {
		for range b.N {
			q.Put(message{})
		}
	}()
	for range b.N {
		q.Get()
	}
}

func BenchmarkPipeChannel(b *testing.B) {
	c := make(chan message, 1024)
	go func() {
		for range b.N {
			c <- message{}
		}
	}()
	for range b.N {
		<-c
	}
}
