package pipe

import (
	"context"

	"shmkit/ring"
)

// Wait is [ring.Wait] for connections: it waits until receiving from one of conns would not
// wait, because there is a message or io.EOF, and gives all of which it knows that then, in
// their order. It takes nothing. It gives up when ctx ends: it then returns the cause of
// ctx. An end that fails counts as ready: receiving from it gives the error. Without conns
// it waits for ctx.
func Wait(ctx context.Context, conns ...*Conn) (ready []*Conn, err error) {
	ws := make([]ring.Waitable, len(conns))
	for i, c := range conns {
		ws[i] = c
	}
	found, err := ring.Wait(ctx, ws...)
	for _, w := range found {
		ready = append(ready, w.(*Conn))
	}
	return ready, err
}

// Watch implements ring.Waitable: ready is an end where receiving would not wait; see
// [Wait]. Over shared memory waiting costs nothing beside the sleep of the caller, over a
// socket a goroutine.
func (c *Conn) Watch(bell *ring.Bell) ring.Watcher {
	t, ok := c.t.(*rings)
	if !ok {
		return ring.Func(func(ctx context.Context) error { _, err := c.PollContext(ctx); return err }).Watch(bell)
	}
	w := &watcher{c: c, t: t, bell: bell, due: c.in.until.context()}
	w.undue = context.AfterFunc(w.due, bell.Ring)
	c.in.turn.watch(bell)
	return w
}

// watcher is one wait for an end over rings.
type watcher struct {
	c     *Conn
	t     *rings
	bell  *ring.Bell
	due   context.Context // ends at the deadline
	undue func() bool

	reader *ring.Reader // that the watch is for; nil: there is none yet
	watch  ring.Watcher
}

// Look looks as Poll does. While somebody else receives it is not ready: the bell rings when
// that is over.
func (w *watcher) Look(turn *ring.Turn) (ready bool) {
	for {
		if w.c.closed.Load() || !w.t.readable() || w.due.Err() != nil {
			return true
		}
		if !w.c.in.turn.tryLook() {
			return false
		}
		ready = w.lookLocked()
		w.c.in.turn.unlook()
		// The ring may have got something, also pieces that are no message yet.
		if ready || !turn.Sleeps() || !w.watch.Look(turn) {
			return ready
		}
	}
}

// lookLocked requires the turn.
func (w *watcher) lookLocked() (ready bool) {
	if w.reader != nil && w.t.in.ring.Load() != w.reader {
		return true // it was given away: to claim it again is not for us
	}
	if _, err := w.t.next(past); err != errPatience {
		return true
	}
	if w.reader == nil {
		w.reader = w.t.in.ring.Load()
		w.watch = w.reader.Watch(w.bell)
	}
	return false
}

func (w *watcher) Stop() {
	w.c.in.turn.unwatch(w.bell)
	w.undue()
	if w.watch != nil {
		w.watch.Stop()
	}
}
