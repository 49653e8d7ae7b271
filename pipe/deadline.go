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

// expiry ends once, with os.ErrDeadlineExceeded. As a context it has nothing to watch
// before it was given a time: then whoever sleeps with it must be roused to look again.
// So those that wait without a deadline need not register for one.
type expiry struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	armed  atomic.Bool // was given a time, once
}

// Deadline implements context.Context.
func (e *expiry) Deadline() (time.Time, bool) { return e.ctx.Deadline() }

// Done implements context.Context.
func (e *expiry) Done() <-chan struct{} {
	if !e.armed.Load() {
		return nil
	}
	return e.ctx.Done()
}

// Err implements context.Context.
func (e *expiry) Err() error { return e.ctx.Err() }

// Value implements context.Context.
func (e *expiry) Value(key any) any { return e.ctx.Value(key) }

func newExpiry() *expiry {
	e := new(expiry)
	e.ctx, e.cancel = context.WithCancelCause(context.Background())
	return e
}

func (d *deadline) init() { d.now.Store(newExpiry()) }

// context is one that ends with what is the deadline now, and can be watched.
func (d *deadline) context() context.Context { return d.now.Load().ctx }

// set makes it end at t, or not at all if that is zero. It tells whether those that sleep
// with the expiry alone have to be roused.
func (d *deadline) set(t time.Time) (rouse bool) {
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
	if t.IsZero() {
		return false
	}
	rouse = !e.armed.Swap(true)
	switch left := time.Until(t); {
	case left <= 0:
		e.cancel(os.ErrDeadlineExceeded)
	default:
		d.timer = time.AfterFunc(left, func() { e.cancel(os.ErrDeadlineExceeded) })
	}
	return rouse
}

// both is a context that ends when ctx does, or due; stop gives back what it took.
func both(ctx, due context.Context) (_ context.Context, stop func()) {
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
