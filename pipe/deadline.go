package pipe

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// deadline is a context that ends at a time which may be changed, also while it is
// waited for.
type deadline struct {
	now   atomic.Pointer[expiry]
	armed atomic.Bool // it may end, or has ended

	mu    sync.Mutex
	timer *time.Timer // of now, or nil
}

// expiry ends once, with os.ErrDeadlineExceeded.
type expiry struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func newExpiry() *expiry {
	e := new(expiry)
	e.ctx, e.cancel = context.WithCancelCause(context.Background())
	return e
}

func (d *deadline) init() { d.now.Store(newExpiry()) }

// context is the one to wait with from now on.
func (d *deadline) context() context.Context { return d.now.Load().ctx }

// set makes it end at t, or not at all if that is zero.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed.Store(!t.IsZero())
	e := d.now.Load()
	if d.timer != nil && !d.timer.Stop() {
		// It fires, or has fired: that belongs to the old deadline.
		e.cancel(os.ErrDeadlineExceeded)
	}
	d.timer = nil
	if e.ctx.Err() != nil {
		e = newExpiry()
		d.now.Store(e)
	}
	switch left := time.Until(t); {
	case t.IsZero():
	case left <= 0:
		e.cancel(os.ErrDeadlineExceeded)
	default:
		d.timer = time.AfterFunc(left, func() { e.cancel(os.ErrDeadlineExceeded) })
	}
}

// both is a context that ends when ctx does, or d; stop gives back what it took.
func (d *deadline) both(ctx context.Context) (_ context.Context, stop func()) {
	due := d.context()
	switch {
	case ctx.Done() == nil:
		return due, nil
	case ctx.Err() != nil:
		return ctx, nil
	}
	merged, cancel := context.WithCancelCause(ctx)
	unwatch := context.AfterFunc(due, func() { cancel(context.Cause(due)) })
	return merged, func() {
		unwatch()
		cancel(context.Canceled)
	}
}
