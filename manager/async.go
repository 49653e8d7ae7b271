package manager

import (
	"context"
	"fmt"
	"sync"

	"shmkit/internal/wire"
	"shmkit/pool"
)

// AsyncResult is what tasks of a [Pool] will give. Several goroutines of the process that asked
// for it may use it; if that dies its tasks are given up. What others shall see of it is for a
// Queue or a Value to tell.
type AsyncResult[R any] struct {
	stop context.CancelCauseFunc
	done chan struct{}

	// Guarded by mu until done is closed.
	result R
	err    error

	mu      sync.Mutex
	ended   bool
	calling bool
	calls   []func()
}

func newResult[R any](stop context.CancelCauseFunc) *AsyncResult[R] {
	return &AsyncResult[R]{stop: stop, done: make(chan struct{})}
}

// failed is one that has ended with err.
func failed[R any](err error) *AsyncResult[R] {
	r := newResult[R](func(error) {})
	r.end(*new(R), err)
	return r
}

// submit asks for tasks, in the order of the calls of submit, and makes what there will be of
// the answer in a goroutine.
func submit[R any](ctx context.Context, p *Pool, m wire.Method, body []byte, read func(*wire.Reader) (R, error)) *AsyncResult[R] {
	if p.ref == nil || p.ref.closed.Load() {
		return failed[R](ErrClosed)
	}
	c := p.ref.c
	k, err := c.begin(nil, wire.Frame{Method: m, Session: p.ref.epoch, Object: p.ref.id, Body: body}, nil)
	if err != nil {
		return failed[R](err)
	}
	c.flush()
	ctx, stop := context.WithCancelCause(ctx)
	r := newResult[R](stop)
	go func() {
		defer stop(nil)
		result, err := collect(ctx, c, k, read)
		r.end(result, err)
	}()
	return r
}

// collect waits for an answer and reads it. If ctx ends the call is cancelled.
func collect[R any](ctx context.Context, c *Client, k *call, read func(*wire.Reader) (R, error)) (result R, err error) {
	if !c.wait(ctx, k) {
		if k, err = c.giveUp(ctx, k); err != nil {
			return result, err
		}
	}
	defer k.free()
	answer, err := k.answer()
	if err != nil {
		return result, err
	}
	defer func() {
		if p := recover(); p != nil { // in a method that decodes
			err = fmt.Errorf("%w: panic: %v", pool.ErrResult, p)
		}
	}()
	return read(&answer)
}

// end tells all who wait, and calls functions.
func (r *AsyncResult[R]) end(result R, err error) {
	r.mu.Lock()
	r.result, r.err, r.ended = result, err, true
	close(r.done)
	r.mu.Unlock()
	r.call()
}

// call calls the functions that are there, unless somebody does.
func (r *AsyncResult[R]) call() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.ended && !r.calling && len(r.calls) > 0 {
		f := r.calls[0]
		r.calls, r.calling = r.calls[1:], true
		r.mu.Unlock()
		f()
		r.mu.Lock()
		r.calling = false
	}
}

// Get waits for the result. It gives up when ctx ends: it then returns the cause of ctx, and
// the tasks go on. If they have ended already ctx is not looked at.
func (r *AsyncResult[R]) Get(ctx context.Context) (R, error) {
	select {
	case <-r.done:
		return r.result, r.err
	default:
	}
	select {
	case <-r.done:
		return r.result, r.err
	case <-ctx.Done():
		var none R
		return none, context.Cause(ctx)
	}
}

// Done is closed when the tasks have ended.
func (r *AsyncResult[R]) Done() <-chan struct{} { return r.done }

// Ready tells whether the tasks have ended.
func (r *AsyncResult[R]) Ready() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// Err is the error of the tasks; nil if there is none, or they have not ended.
func (r *AsyncResult[R]) Err() error {
	if !r.Ready() {
		return nil
	}
	return r.err
}

// Successful tells whether there was no error. Errors: pool.ErrNotReady.
func (r *AsyncResult[R]) Successful() (bool, error) {
	if !r.Ready() {
		return false, pool.ErrNotReady
	}
	return r.err == nil, nil
}

// Cancel gives up the tasks, if they have not ended: the error is pool.ErrCanceled then.
func (r *AsyncResult[R]) Cancel() { r.stop(pool.ErrCanceled) }

// OnEnd calls f when the tasks have ended, in whatever way: functions are called one after the
// other, in the order in which they came; at once if the tasks have ended and none is called
// just now. They may use the pool.
func (r *AsyncResult[R]) OnEnd(f func(*AsyncResult[R])) {
	r.mu.Lock()
	r.calls = append(r.calls, func() { f(r) })
	r.mu.Unlock()
	r.call()
}

// OnDone is OnEnd for tasks that have a result.
func (r *AsyncResult[R]) OnDone(f func(R)) {
	r.OnEnd(func(r *AsyncResult[R]) {
		if r.err == nil {
			f(r.result)
		}
	})
}

// OnError is OnEnd for tasks that have an error.
func (r *AsyncResult[R]) OnError(f func(error)) {
	r.OnEnd(func(r *AsyncResult[R]) {
		if r.err != nil {
			f(r.err)
		}
	})
}
