package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
)

// Watchers of an end run beside its methods. So they look at shared words, at what never
// changes, and at this.
type watched struct {
	closing *uint32 // in shared memory
	by      atomic.Int32
	gone    atomic.Bool // after Detach
}

// unwatch ends all waits, because the end was given back.
func (e *end) unwatch() {
	e.watched.gone.Store(true)
	if e.watched.by.Load() != 0 {
		e.rouse(e.ours)
	}
}

// watch begins a wait until some says that an operation can go on, or none ever will.
func (e *end) watch(some func() bool) Watcher {
	e.watched.by.Add(1)
	if e.watched.gone.Load() || !e.obj.TryRetain() {
		e.watched.by.Add(-1)
		return failed{}
	}
	return &endWatcher{e: e, some: some}
}

// endWatcher keeps the memory, also if the end is given back meanwhile.
type endWatcher struct {
	e     *end
	some  func() bool
	vigil vigil
}

func (w *endWatcher) Look(t *Turn) bool {
	e := w.e
	if !t.Sleeps() {
		return w.ready() || e.buried(atomic.LoadUint32(e.peer.word), false)
	}
	w.vigil.over(e.obj)
	// Announce, then look: who goes to sleep makes the fences, once for all.
	t.round.On(e.ours, atomic.OrUint32(e.ours, layout.StreamWaiters)|layout.StreamWaiters) // sync: stream sleepers
	t.unfenced = true
	return e.buried(e.mortal(t.round, &w.vigil)) || w.ready()
}

func (w *endWatcher) ready() bool {
	return w.e.watched.gone.Load() || atomic.LoadUint32(w.e.watched.closing) != 0 || w.some() // sync: stream closing
}

func (w *endWatcher) Stop() {
	w.e.watched.by.Add(-1)
	w.e.obj.Close()
}

// filled tells whether something is published and not given back. Numbers that are
// impossible are something to tell.
func (s *stream) filled() bool {
	return atomic.LoadUint64(&s.head.Tail) != atomic.LoadUint64(&s.head.Head) // sync: stream index
}

// space tells whether n slots, or bytes, are free. Numbers that are impossible are
// something to tell.
func (s *stream) space(n func(tail uint64) uint64) bool {
	tail := atomic.LoadUint64(&s.head.Tail)
	used := tail - atomic.LoadUint64(&s.head.Head) // sync: stream index
	return used > s.limit || n(tail) <= s.limit-used
}

// Watch implements [Waitable]: ready is a consumer for whom there is an item, or is in
// hand, or never will be.
func (c *Consumer[T]) Watch(*Bell) Watcher { return c.watch(c.stream.filled) }

// Watch implements [Waitable]: ready is a reader for whom there is a record, or is in hand,
// or never will be.
func (r *Reader) Watch(*Bell) Watcher { return r.watch(r.stream.filled) }

// Watch implements [Waitable]: ready is a subscriber for whom there is a message, or who
// has missed one, or for whom there never will be one.
func (s *Subscriber[T]) Watch(*Bell) Watcher { return s.watch(s.news) }

// Room is ready when there is room for an item, or never will be.
func (p *Producer[T]) Room() Waitable {
	return &endRoom{&p.end, &p.stream, func(uint64) uint64 { return 1 }}
}

// Room is ready when there is room for a record of n bytes, or never will be.
func (w *Writer) Room(n int) Waitable {
	if n < 0 || n > maxRecord(w.bytes) {
		return &endRoom{&w.end, &w.stream, func(uint64) uint64 { return 0 }} // the error is to be told
	}
	return &endRoom{&w.end, &w.stream, func(tail uint64) uint64 { return spanFrom(tail, n, uint64(len(w.bytes))) }}
}

type endRoom struct {
	e      *end
	stream *stream
	need   func(tail uint64) uint64
}

func (r *endRoom) Watch(*Bell) Watcher {
	return r.e.watch(func() bool { return r.stream.space(r.need) })
}
