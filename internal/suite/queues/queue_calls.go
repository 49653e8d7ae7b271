package queues

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/internal/suite"
	"shmkit/ring"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// limit is that of calls which have to wait longer.
const limit = 30 * time.Millisecond

// late fails unless a call gave up by its time limit, and not before.
func late(t *testing.T, what string, call func(ctx context.Context) error) {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) < limit {
		t.Errorf("%s: %v after %v", what, err, time.Since(begin))
	}
}

// PutFull: there is room for as many as the capacity, in every form of Put.
//
// conformance: Q-01
func PutFull(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, w, 6)
	for n := range uint64(6) {
		must(t, []func() error{
			func() error { return q.Put(MessageOf(1, n)) },
			func() error { return q.TryPut(MessageOf(1, n)) },
			func() error { return q.PutContext(context.Background(), MessageOf(1, n)) },
		}[n%3]())
	}
	if err := q.TryPut(MessageOf(1, 6)); !errors.Is(err, ring.ErrFull) || q.Len() != q.Cap() {
		t.Errorf("TryPut of a seventh: %v, %d of %d", err, q.Len(), q.Cap())
	}
	late(t, "PutContext of a seventh", func(ctx context.Context) error { return q.PutContext(ctx, MessageOf(1, 6)) })
	for range 6 {
		_, err := q.Get()
		must(t, err)
	}
	if q.Len() != 0 {
		t.Errorf("%d after six Gets", q.Len())
	}
}

// GetEmpty: what was put comes in order, in every form of Get, and then nothing.
//
// conformance
func GetEmpty(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, w, 6)
	for n := range uint64(6) {
		must(t, q.Put(MessageOf(1, n)))
	}
	for n := range uint64(6) {
		m, err := []func() (Message, error){
			q.Get, q.TryGet,
			func() (Message, error) { return q.GetContext(context.Background()) },
		}[n%3]()
		must(t, err)
		if m != MessageOf(1, n) {
			t.Errorf("got %+v, want %d", m, n)
		}
	}
	if _, err := q.TryGet(); !errors.Is(err, ring.ErrEmpty) {
		t.Errorf("TryGet: %v", err)
	}
	late(t, "GetContext", func(ctx context.Context) error { _, err := q.GetContext(ctx); return err })
}

// Close: a queue that is closed takes nothing more, and what is in it can be taken.
//
// conformance
func Close(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	for _, full := range []bool{false, true} {
		q := newQueue(t, w, 2)
		must(t, q.Put(MessageOf(1, 0)))
		if full {
			must(t, q.Put(MessageOf(1, 1)))
		}
		must(t, q.Close())
		must(t, q.Close())
		for what, err := range map[string]error{"Put": q.Put(MessageOf(1, 2)), "TryPut": q.TryPut(MessageOf(1, 2))} {
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
			t.Errorf("%d at the end", q.Len())
		}
		must(t, q.Detach())
		bothEnds(t, q)
	}
}

// BothEndsAreClosed: a handle that is given up neither puts nor gets.
//
// conformance: Q-14
func BothEndsAreClosed(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, w, 1)
	must(t, q.Detach())
	bothEnds(t, q)
}

// bothEnds fails unless every call tells that the handle was given up.
func bothEnds(t *testing.T, q Queue) {
	t.Helper()
	_, get := q.TryGet()
	_, wait := q.Get()
	for _, err := range []error{q.TryPut(Message{}), q.Put(Message{}), get, wait, q.Close(), q.Detach()} {
		if !errors.Is(err, ring.ErrDetached) {
			t.Errorf("after Detach: %v", err)
		}
	}
}

// CloseEndsWaits: Close ends every wait with ErrClosed, Detach those of its handle with
// ErrDetached.
func CloseEndsWaits(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	for _, end := range []struct {
		f    func(Queue) error
		want error
	}{
		{Queue.Close, ring.ErrClosed},
		{Queue.Detach, ring.ErrDetached},
	} {
		empty, full := newQueue(t, w, 1), newQueue(t, w, 1)
		must(t, full.Put(MessageOf(1, 0)))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := empty.Get(); !errors.Is(err, end.want) {
					t.Errorf("Get: %v, want %v", err, end.want)
				}
			})
			all.Go(func() {
				if err := full.Put(MessageOf(1, 1)); !errors.Is(err, end.want) {
					t.Errorf("Put: %v, want %v", err, end.want)
				}
			})
		}
		must(t, end.f(empty))
		must(t, end.f(full))
		all.Wait()
	}
}

// Contexts: a context that has ended ends what would wait, and nothing else.
func Contexts(t *testing.T, w *suite.World) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, w, 1)
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	go func() { _, err := q.GetContext(ctx); errs <- err }()
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("GetContext: %v", err)
	}
	must(t, q.Put(MessageOf(1, 1)))
	if err := q.PutContext(ctx, MessageOf(1, 2)); !errors.Is(err, context.Canceled) {
		t.Errorf("PutContext: %v", err)
	}
	if m, err := q.GetContext(ctx); err != nil || m.N != 1 {
		t.Errorf("GetContext of a message that is there: %v %v", m, err)
	}
}
