package pool_test

import (
	"context"
	"errors"
	"testing"

	"shmkit/pool"
)

// A pool is terminated, or what waits is withdrawn, while its list of tasks moves.
func TestGiveUpWhileListMoves(t *testing.T) {
	guarded(t)
	for name, end := range map[string]func(*pool.Pool) error{
		"terminate": func(p *pool.Pool) error { p.Terminate(); return p.Join(t.Context()) },
		"withdraw":  func(p *pool.Pool) error { return p.Shutdown(t.Context(), true) },
	} {
		for range 10 {
			p := newPool(t, 1, pool.QueueSize(1))
			list := make([]*pool.AsyncResult[int], 5000)
			for i := range list {
				list[i] = pool.ApplyAsync(p, square, i)
			}
			if err := end(p); err != nil {
				t.Fatal(name, err)
			}
			for i, r := range list {
				if v, err := r.Get(t.Context()); err == nil && v != i*i || err != nil && err != pool.ErrCanceled && err != pool.ErrTerminated {
					t.Fatal(name, v, err)
				}
			}
		}
	}
}

// A Map ends with its context, or is canceled, while it waits for room that others have.
func TestMapWithoutRoom(t *testing.T) {
	guarded(t)
	d := newDoor(t)
	p := newPool(t, 1, pool.QueueSize(1))
	held := pool.ApplyAsync(p, waitAt, d)
	d.busy(t, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go cancel(enough)
	if _, err := pool.Map(ctx, p, square, numbers(10), pool.ChunkSize(1)); !errors.Is(err, enough) {
		t.Error(err)
	}
	r := pool.MapAsync(p, square, numbers(10), pool.ChunkSize(1))
	r.Cancel()
	if _, err := r.Get(t.Context()); !errors.Is(err, pool.ErrCanceled) {
		t.Error(err)
	}
	d.let(t, 1)
	if _, err := held.Get(t.Context()); err != nil {
		t.Error(err)
	}
	stillWorks(t, p)
}

// Shutdown with cancel withdraws items of a Map too that are not yet in a task.
func TestShutdownWithdrawsRestOfMap(t *testing.T) {
	guarded(t)
	d := newDoor(t)
	p := newPool(t, 1, pool.QueueSize(2))
	doors := make([]door, 60)
	for i := range doors {
		doors[i] = d
	}
	r := pool.MapAsync(p, waitAt, doors, pool.ChunkSize(1))
	d.busy(t, 1)
	d.let(t, 60)
	if err := p.Shutdown(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	var several *pool.MapError
	if _, err := r.Get(t.Context()); !errors.As(err, &several) || !errors.Is(err, pool.ErrCanceled) || len(several.Items) < 40 {
		t.Errorf("%v", err)
	}
}
