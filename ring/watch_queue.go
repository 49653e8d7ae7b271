package ring

import "runtime"

// Watch implements [Waitable]: ready is a queue with a message, or one that is closed and
// empty, or detached.
func (q *Queue[T]) Watch(*Bell) Watcher { return q.watch(wantItem) }

// Room is ready when there is room to put a message in the queue, or it is closed or
// detached.
func (q *Queue[T]) Room() Waitable { return room[T]{q} }

// Watch implements [Waitable] as [Queue.Watch].
func (j *Joinable[T]) Watch(bell *Bell) Watcher { return j.q.Watch(bell) }

// Room is [Queue.Room].
func (j *Joinable[T]) Room() Waitable { return j.q.Room() }

type room[T any] struct{ q *Queue[T] }

func (r room[T]) Watch(*Bell) Watcher { return r.q.watch(wantRoom | wantBlock) }

func (q *Queue[T]) watch(w want) Watcher {
	defer runtime.KeepAlive(q)
	c := q.core.Load()
	if c == nil || !c.obj.TryRetain() {
		return failed{}
	}
	return &queueWatcher{sleeping{c: c, handle: &q.core, want: w}}
}

// queueWatcher waits as one call that sleeps. It keeps the memory, also if the handle is
// detached meanwhile.
type queueWatcher struct{ sleeping }

func (w *queueWatcher) Look(t *Turn) bool {
	if !t.Sleeps() {
		return w.handle.Load() == nil || w.c.lacks(w.want, 0) == 0
	}
	done, err := w.attempt(t.round)
	return done || err != nil
}

func (w *queueWatcher) Stop() { w.c.obj.Close() }
