package pool

import (
	"context"
	"fmt"
	"log"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// AsyncResult is what tasks will give. Several goroutines of the process that has the pool
// may use it. If the worker dies that is the error of its tasks.
type AsyncResult[R any] struct {
	core *core
	done chan struct{}

	// Written before done is closed, read after that.
	result R
	err    error

	mu      sync.Mutex
	tasks   []*task // that were made and may not have ended
	calls   []func()
	calling bool
	release func() bool // ends the watch over a context
	halt    func()      // ends the wait for room of who makes the tasks; nil: nobody waits

	stopped atomic.Pointer[failed] // why no more tasks are made
}

// init makes r one whose tasks are c's. They are given up when ctx ends.
func (r *AsyncResult[R]) init(ctx context.Context, c *core) {
	r.core, r.done = c, make(chan struct{})
	if ctx.Done() != nil {
		release := context.AfterFunc(ctx, func() { r.abort(context.Cause(ctx)) })
		r.mu.Lock()
		r.release = release
		r.mu.Unlock()
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

// Get waits for the result. Of several items it has all those that there are, also if err
// is a [*MapError] because of others. It gives up when ctx ends: it then returns the cause
// of ctx, and the tasks go on. If they have ended already ctx is not looked at.
func (r *AsyncResult[R]) Get(ctx context.Context) (result R, err error) {
	select {
	case <-r.done:
		return r.result, r.err
	default:
	}
	select {
	case <-r.done:
		return r.result, r.err
	case <-ctx.Done():
		return result, context.Cause(ctx)
	}
}

// Successful tells whether there was no error. Errors: [ErrNotReady].
func (r *AsyncResult[R]) Successful() (bool, error) {
	if !r.Ready() {
		return false, ErrNotReady
	}
	return r.err == nil, nil
}

// Err is the error of the tasks; nil if there is none, or they have not ended.
func (r *AsyncResult[R]) Err() error {
	if !r.Ready() {
		return nil
	}
	return r.err
}

// stop makes it known that no more tasks are to be made.
func (r *AsyncResult[R]) stop(err error) {
	r.stopped.CompareAndSwap(nil, &failed{err})
	if r.halt != nil {
		r.halt()
	}
}

// Cancel withdraws what no worker has begun: it fails with [ErrCanceled]. It is true if that
// is all of it, now or before, and then nothing runs and nothing has run.
func (r *AsyncResult[R]) Cancel() bool {
	if r.Ready() {
		return r.Cancelled()
	}
	r.stop(ErrCanceled)
	all := true
	for _, t := range r.made() {
		all = r.core.withdraw(t, ErrCanceled) && all
	}
	return all && (!r.Ready() || r.Cancelled())
}

// Cancelled tells whether all was withdrawn by Cancel.
func (r *AsyncResult[R]) Cancelled() bool { return r.Ready() && r.err == ErrCanceled }

// Running tells whether a worker has begun, and not all has ended.
func (r *AsyncResult[R]) Running() bool {
	if r.Ready() {
		return false
	}
	for _, t := range r.made() {
		if r.core.isRunning(t) {
			return true
		}
	}
	return false
}

// abort gives up all tasks, also those that run.
func (r *AsyncResult[R]) abort(cause error) {
	r.stop(cause)
	for _, t := range r.made() {
		r.core.giveUpTask(t, cause)
	}
}

// made are the tasks that were made so far.
func (r *AsyncResult[R]) made() []*task {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tasks[:len(r.tasks):len(r.tasks)]
}

// add takes note of a task, and is false if there are to be no more.
func (r *AsyncResult[R]) add(t *task) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped.Load() != nil {
		return false
	}
	r.tasks = append(r.tasks, t)
	return true
}

// complete makes the result known.
func (r *AsyncResult[R]) complete(result R, err error) {
	if r.halt != nil {
		r.halt()
	}
	r.result, r.err = result, err
	r.mu.Lock()
	r.tasks = nil
	if r.release != nil {
		r.release()
	}
	close(r.done)
	r.core.woke.Store(true)
	idle := len(r.calls) == 0 || r.calling
	r.calling = r.calling || !idle
	r.mu.Unlock()
	if !idle {
		go r.callBack()
	}
}

// OnEnd calls f when the tasks have ended, in whatever way. Functions are called one after
// the other, in the order of the calls of OnEnd, OnDone and OnError; at once, in this
// goroutine, if the tasks have ended and none is called just now. If one panics that is
// logged, and the others are called all the same. They may use the pool, and wait for it.
func (r *AsyncResult[R]) OnEnd(f func(*AsyncResult[R])) {
	r.mu.Lock()
	r.calls = append(r.calls, func() { f(r) })
	now := r.Ready() && !r.calling
	r.calling = r.calling || now
	r.mu.Unlock()
	if now {
		r.callBack()
	}
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

// callBack calls what is to be called, until there is no more.
func (r *AsyncResult[R]) callBack() {
	for {
		r.mu.Lock()
		if len(r.calls) == 0 {
			r.calling = false
			r.mu.Unlock()
			return
		}
		f := r.calls[0]
		r.calls = r.calls[1:]
		r.mu.Unlock()
		careful(f)
	}
}

// careful calls f. If it panics that is logged.
func careful(f func()) {
	defer func() {
		if p := recover(); p != nil {
			log.Printf("pool: callback: panic: %v\n%s", p, debug.Stack())
		}
	}()
	f()
}

// String names the state, for people.
func (r *AsyncResult[R]) String() string {
	switch {
	case !r.Ready() && r.Running():
		return "AsyncResult(running)"
	case !r.Ready():
		return "AsyncResult(pending)"
	case r.Cancelled():
		return "AsyncResult(cancelled)"
	case r.err != nil:
		return fmt.Sprintf("AsyncResult(finished, error %T)", r.err)
	}
	return fmt.Sprintf("AsyncResult(finished, result %T)", r.result)
}
