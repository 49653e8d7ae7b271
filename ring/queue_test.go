package ring_test

import (
	"errors"
	"path/filepath"
	"testing"

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
	must(t, q.Close())
	if _, err := q.TryLoan(); !errors.Is(err, ring.ErrClosed) {
		t.Errorf("TryLoan after Close: %v", err)
	}
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
