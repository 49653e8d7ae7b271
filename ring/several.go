package ring

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"shmkit/internal/park"
)

// Wait waits until at least one of ws is ready, and gives all that are then, in their
// order. Ready means that a call would not have to wait: there is a message, or the end of
// the queue, or of the process at the other end, or another error. Wait takes nothing, so
// where there are several consumers another one may take it first. It gives up when ctx
// ends, and then returns the cause of ctx. If something is ready ctx is not looked at. A
// Waitable may be there twice, and in several Waits at once. Without ws it waits for ctx.
//
// For rings it needs one sleep of this goroutine, up to about 120 words of shared memory; a
// queue takes up to eight, an end of a stream three, those of one segment share most of
// them. A wake-up that came for something and that this call does not take goes on to the
// next who sleeps for it. If the process dies in a Wait that concerns nobody.
func Wait(ctx context.Context, ws ...Waitable) (ready []Waitable, err error) {
	w := watch(ws)
	defer runtime.KeepAlive(ws)
	defer w.stop()
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	for i, are := range w.are {
		if are {
			ready = append(ready, ws[i])
		}
	}
	return ready, nil
}

// waiting is a call of Wait.
type waiting struct {
	bell     Bell
	watchers []Watcher
	are      []bool // ready, at the last look
}

func watch(ws []Waitable) *waiting {
	w := &waiting{watchers: make([]Watcher, len(ws)), are: make([]bool, len(ws))}
	for i := range ws {
		w.watchers[i] = ws[i].Watch(&w.bell)
	}
	return w
}

func (w *waiting) stop() {
	for _, each := range w.watchers {
		each.Stop()
	}
}

// wait returns when somebody is ready.
func (w *waiting) wait(ctx context.Context) error {
	if w.look(new(Turn)) {
		return nil
	}
	return park.Crowd(ctx, w.attempt)
}

// look looks at all, also when one is ready: nobody looks again after that.
func (w *waiting) look(t *Turn) (any bool) {
	for i, each := range w.watchers {
		w.are[i] = each.Look(t)
		any = any || w.are[i]
	}
	return any
}

// attempt is one turn of the waiting loop; see park.Crowd.
func (w *waiting) attempt(r *park.Round) (done bool, err error) {
	// Before the looks: who rings later than that changes it.
	r.On(&w.bell.word, atomic.LoadUint32(&w.bell.word)) // sync: bell
	t := Turn{round: r}
	if w.look(&t) {
		return true, nil
	}
	if t.unfenced {
		if !fence() {
			r.Within(time.Millisecond)
		}
		return w.look(new(Turn)), nil
	}
	return false, nil
}
