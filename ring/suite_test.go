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

// soon is a context that ends after d, and when it began.
func soon(t *testing.T, d time.Duration) (context.Context, time.Time) {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx, begin
}

// conformance: Q-01
func TestPutFull(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 6)
	for n := range uint64(6) {
		must(t, []func() error{
			func() error { return q.Put(messageOf(1, n)) },
			func() error { return q.TryPut(messageOf(1, n)) },
			func() error { return q.PutContext(context.Background(), messageOf(1, n)) },
		}[n%3]())
	}
	if err := q.TryPut(messageOf(1, 6)); !errors.Is(err, ring.ErrFull) || q.Len() != q.Cap() {
		t.Errorf("TryPut of a seventh: %v, %v", err, q)
	}
	ctx, begin := soon(t, 30*time.Millisecond)
	if err := q.PutContext(ctx, messageOf(1, 6)); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("PutContext of a seventh: %v after %v", err, time.Since(begin))
	}
	for range 6 {
		_, err := q.Get()
		must(t, err)
	}
	if q.Len() != 0 {
		t.Errorf("%v after six Gets", q)
	}
}

// conformance
func TestGetEmpty(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 6)
	for n := range uint64(6) {
		must(t, q.Put(messageOf(1, n)))
	}
	for n := range uint64(6) {
		m, err := []func() (message, error){
			q.Get, q.TryGet,
			func() (message, error) { return q.GetContext(context.Background()) },
		}[n%3]()
		must(t, err)
		if m != messageOf(1, n) {
			t.Errorf("got %+v, want %d", m, n)
		}
	}
	if _, err := q.TryGet(); !errors.Is(err, ring.ErrEmpty) {
		t.Errorf("TryGet: %v", err)
	}
	ctx, begin := soon(t, 30*time.Millisecond)
	if _, err := q.GetContext(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("GetContext: %v after %v", err, time.Since(begin))
	}
}

// A queue that is closed is closed for everybody, and for those who wait; what is in it
// can be taken.
//
// conformance
func TestClose(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, full := range []bool{false, true} {
		q := newQueue(t, 2)
		must(t, q.Put(messageOf(1, 0)))
		if full {
			must(t, q.Put(messageOf(1, 1)))
		}
		must(t, q.Close())
		must(t, q.Close())
		for what, err := range map[string]error{
			"Put": q.Put(messageOf(1, 2)), "TryPut": q.TryPut(messageOf(1, 2)),
			"TryLoan": func() error { _, err := q.TryLoan(); return err }(),
		} {
			if !errors.Is(err, ring.ErrClosed) {
				t.Errorf("full: %v; %s after Close: %v", full, what, err)
			}
		}
		for range q.Len() {
			_, err := q.Get()
			must(t, err)
		}
		if _, err := q.Get(); !errors.Is(err, ring.ErrClosed) {
			t.Errorf("Get at the end: %v", err)
		}
		if q.Len() != 0 {
			t.Errorf("%v at the end", q)
		}
		must(t, q.Detach())
		if err := q.Put(messageOf(1, 2)); !errors.Is(err, ring.ErrDetached) {
			t.Errorf("Put after Detach: %v", err)
		}
		if _, err := q.Get(); !errors.Is(err, ring.ErrDetached) {
			t.Errorf("Get after Detach: %v", err)
		}
		if err := q.Detach(); !errors.Is(err, ring.ErrDetached) {
			t.Errorf("second Detach: %v", err)
		}
	}
}

// Close ends every wait with ErrClosed, Detach those of its handle with ErrDetached.
func TestCloseEndsWaits(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, end := range []struct {
		f    func(*ring.Queue[message]) error
		want error
	}{
		{(*ring.Queue[message]).Close, ring.ErrClosed},
		{(*ring.Queue[message]).Detach, ring.ErrDetached},
	} {
		empty, full := newQueue(t, 1), newQueue(t, 1)
		must(t, full.Put(messageOf(1, 0)))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := empty.Get(); !errors.Is(err, end.want) {
					t.Errorf("Get: %v, want %v", err, end.want)
				}
			})
			all.Go(func() {
				if err := full.Put(messageOf(1, 1)); !errors.Is(err, end.want) {
					t.Errorf("Put: %v, want %v", err, end.want)
				}
			})
		}
		must(t, end.f(empty))
		must(t, end.f(full))
		all.Wait()
	}
}
