package ring

import (
	"context"
	"errors"
	"sync/atomic"
)

// Func makes a Waitable of a call that waits. It is ready when the call returns anything
// but the cause of its ctx. Contract of wait:
//   - it takes nothing, as another wait, or nobody, may come after it
//   - if there is no need to wait it returns, also if ctx has ended
//   - when ctx ends it returns the cause of ctx
//
// All methods of this module whose name ends in Context do the last two, and the wait for an
// event and PollContext of a connection do all of it. A wait for a Func that sleeps has a
// goroutine for each. The same Func may be in several waits at once.
func Func(wait func(ctx context.Context) error) Waitable { return &call{wait} }

type call struct {
	wait func(ctx context.Context) error
}

func (c *call) Watch(bell *Bell) Watcher { return &callWatcher{wait: c.wait, bell: bell} }

// errOver ends the context of a call whose wait is over. No caller sees it.
var errOver = errors.New("ring: the wait is over")

// over is a context that has ended.
var over = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errOver)
	return ctx
}()

type callWatcher struct {
	wait   func(ctx context.Context) error
	bell   *Bell
	cancel context.CancelCauseFunc // nil: there is no goroutine yet
	done   chan struct{}           // closed by the goroutine when it ends
	ready  atomic.Bool
}

func (w *callWatcher) Look(t *Turn) bool {
	switch {
	case w.cancel != nil:
	case t.Sleeps():
		w.begin()
	case !errors.Is(w.wait(over), errOver):
		w.ready.Store(true)
	}
	return w.ready.Load()
}

// begin waits beside the one who sleeps.
func (w *callWatcher) begin() {
	ctx, cancel := context.WithCancelCause(context.Background())
	w.cancel, w.done = cancel, make(chan struct{})
	go func() {
		defer close(w.done)
		if !errors.Is(w.wait(ctx), errOver) {
			w.ready.Store(true)
			w.bell.Ring()
		}
	}()
}

func (w *callWatcher) Stop() {
	if w.cancel != nil {
		w.cancel(errOver)
		<-w.done
	}
}
