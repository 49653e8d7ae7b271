package ring

import (
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/word"
)

// doze is how an end and the other one agree on who makes the fence that a sleep needs;
// see fence for why there has to be one. It is what this process knows of that.
//
// A barrier in every process interrupts whoever runs, which is the other end if that is
// about to answer. Two ends that ask and answer, and sleep in between, would spend most of
// their time on that. So whoever sleeps leaves its word with often set. The other end fences
// while it sees that, and takes it away when it has fenced many times for nothing; a stream
// that flows pays nothing.
//
// Who may leave the barrier out: the one that finds often set by its own announcement, and
// has itself made a barrier since it has this end. Then often was set, by it or before it,
// ahead of that barrier, and has stayed since then: the announcement would tell if it had
// been taken away. Any look at the word that missed it was made before the barrier, and so
// was the store before that look: we see it. A look that comes later finds often, or the
// announcement, and there is a fence between the store and the look. The barrier of one
// that was killed between the two does not count, as the next one knows of none.
//
// On arm64 indices are stored and words loaded in one order for all, and none of this is
// needed: nobody makes a barrier, and often is never set. What is built for the race
// detector stores so too; its barriers are for others that are not.
//
// Several may sleep on the word of a broadcast, and each could find what another has set
// and not completed: there often is never set.
type doze struct {
	known  bool   // a barrier of ours has been made; see above
	fences uint32 // made for the other end since it was last woken
}

// seldom is how many fences for nothing are too many.
const seldom = 32

// announce says that this end may sleep, and names its word.
func (e *end) announce(r *park.Round) {
	if e.word == nil || !passes {
		now := atomic.OrUint32(e.ours, layout.StreamWaiters) | layout.StreamWaiters // sync: stream sleepers
		r.On(e.ours, now)
		if !fence() {
			r.Within(time.Millisecond)
		}
		return
	}
	mark, _ := word.StreamAnnounce(0, false)
	old := atomic.OrUint32(e.ours, mark) // sync: stream sleepers
	next, spared := word.StreamAnnounce(old, e.known)
	r.On(e.ours, next)
	if spared {
		return
	}
	if e.known = fence(); !e.known {
		r.Within(time.Millisecond)
	}
}

// attend does what the other end's word w asks for after an index was stored.
//
//go:noinline
func (e *end) attend(w uint32) {
	if w&layout.StreamWaiters == 0 {
		if w = e.refence(); w&layout.StreamWaiters == 0 {
			return
		}
	}
	e.fences = 0
	for w&layout.StreamWaiters != 0 {
		// sync: stream sleepers
		if atomic.CompareAndSwapUint32(e.theirs, w, word.StreamWake(w)) {
			atomic.AddUint64(&e.obj.Stats().Wakes, 1)
			park.Wake(e.theirs, word.All)
			return
		}
		// Who was roused meanwhile, and announced itself again, may have looked before what was
		// published left this processor: it saw often, and made no barrier.
		w = atomic.LoadUint32(e.theirs) // sync: stream sleepers
	}
}

// refence makes a full fence and looks at the other end's word again.
func (e *end) refence() (w uint32) {
	n := atomic.AddUint32(&e.fences, 1) // a locked instruction: the fence
	w = atomic.LoadUint32(e.theirs)     // sync: stream sleepers
	if n >= seldom && w&(layout.StreamWaiters|layout.StreamOften) == layout.StreamOften {
		e.fences = 0
		// If somebody has announced itself since, it sees what was published before the
		// fence, and often stays.
		atomic.CompareAndSwapUint32(e.theirs, w, word.StreamSeldom(w)) // sync: stream sleepers
	}
	return w
}
