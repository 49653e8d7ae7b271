package ring_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

// conformance: Q-04
func TestInfo(t *testing.T) {
	q := newQueue(t, 8)
	lens := []int{}
	lens = append(lens, q.Len())
	must(t, q.Put(messageOf(1, 0)))
	lens = append(lens, q.Len())
	must(t, q.Put(messageOf(1, 1)))
	lens = append(lens, q.Len())
	for range 2 {
		_, err := q.Get()
		must(t, err)
		lens = append(lens, q.Len())
	}
	for i, want := range []int{0, 1, 2, 1, 0} {
		if lens[i] != want {
			t.Errorf("Len: %v, want 0 1 2 1 0", lens)
		}
	}
	want := ring.Info{Cap: 8, Puts: 2, Gets: 2, HighWater: 2}
	if got := q.Info(); got != want {
		t.Errorf("Info: %+v, want %+v", got, want)
	}
	for q.TryPut(messageOf(1, 2)) == nil {
	}
	l, err := q.Lease()
	must(t, err)
	must(t, l.Nack())
	if got := q.Info(); got.Len != 8 || got.HighWater != 8 || got.Puts != 10 || got.Gets != 3 {
		t.Errorf("Info: %+v", got)
	}
	// A place is free, although the message that came back waits too.
	must(t, q.TryPut(messageOf(1, 9)))
	if q.Len() != 9 {
		t.Errorf("Len is %d, want 9: what came back counts", q.Len())
	}
	must(t, q.Close())
	for range 9 {
		_, err := q.Get()
		must(t, err)
	}
	want = ring.Info{Cap: 8, Puts: 11, Gets: 11, Redelivered: 1, HighWater: 8, Closed: true}
	if got := q.Info(); got != want {
		t.Errorf("Info: %+v, want %+v", got, want)
	}
	must(t, q.Detach())
	if got := q.Info(); got != (ring.Info{}) || q.Len() != 0 || q.Cap() != 0 {
		t.Errorf("of a detached handle: %+v", got)
	}
}

func TestAll(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 4)
	go func() {
		for n := range uint64(100) {
			must(t, q.Put(messageOf(1, n)))
		}
		must(t, q.Close())
	}()
	next := uint64(0)
	for m, err := range q.All() {
		must(t, err)
		if m != messageOf(1, next) {
			t.Fatalf("got %+v, want %d", m, next)
		}
		if next++; next == 50 {
			break // the loop below goes on
		}
	}
	for m, err := range q.All() {
		must(t, err)
		if m.N != next {
			t.Fatalf("got %+v, want %d", m, next)
		}
		next++
	}
	if next != 100 {
		t.Errorf("%d messages of 100", next)
	}
	for range q.All() {
		t.Error("a message after the end")
	}
}

func TestAllGivesUp(t *testing.T) {
	q := newQueue(t, 4)
	must(t, q.Put(messageOf(1, 0)))
	ctx, cancel := context.WithCancelCause(context.Background())
	// Even if the cause is one that a queue gives: it is not taken for its own.
	cancel(ring.ErrEmpty)
	n, last := 0, error(nil)
	for _, err := range q.AllContext(ctx) {
		n, last = n+1, err
	}
	if n != 2 || !errors.Is(last, ring.ErrEmpty) {
		t.Errorf("%d turns, %v; want the message and the cause", n, last)
	}
	must(t, q.Detach())
	for _, err := range q.All() {
		last = err
	}
	if !errors.Is(last, ring.ErrDetached) {
		t.Errorf("All of a detached handle: %v", last)
	}
}
