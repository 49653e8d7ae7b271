package ring

import (
	"sync/atomic"

	"shmkit/internal/park"
)

// Waitable is what [Wait] waits for: a [Queue] or [Joinable], a [Consumer], a [Reader], a [Subscriber],
// the room of a queue or of a producer, a connection of package pipe, and what [Readable]
// and [Func] make. It belongs to one process, and if that dies its waits are over. Watch
// may be called concurrently, and beside all other methods of what is waited for. The
// Waitables of this module can be compared, and be keys of a map.
//
// Its methods are for Wait and [Doorbell]. A type of another package implements it by those
// of a Waitable that it has.
type Waitable interface {
	// Watch begins a wait. The Watcher is used by one goroutine at a time, and after its
	// Stop no more. It keeps the bell to call Ring when there is something to look at;
	// nobody needs to call Ring for words that Look names.
	Watch(bell *Bell) Watcher
}

// Watcher is one Waitable in one wait of this process. If the process dies nothing is left
// of it.
type Watcher interface {
	// Look tells whether the Waitable is ready: a call would not have to wait, also if it
	// is to fail. It takes nothing. If it is not ready, and t.Sleeps(), then from that look
	// on a change of a word that Look has named, or Bell.Ring, ends the sleep.
	Look(t *Turn) (ready bool)
	// Stop ends the wait.
	Stop()
}

// Turn is one turn of a wait: all Watchers look, and then the caller sleeps, if none is
// ready. It is private to its process and the call, and dies with them.
type Turn struct {
	round *park.Round // nil: nobody sleeps after this
	// unfenced: somebody has announced itself to an end that stores without a fence. All
	// look again after one.
	unfenced bool
}

// Sleeps tells whether a sleep follows if nobody is ready.
func (t *Turn) Sleeps() bool { return t.round != nil }

// Bell makes a wait look again. It is private to its process, and dies with it. Ring may be
// called concurrently, and also when the wait is over.
type Bell struct{ word uint32 }

// Ring makes the wait look again.
func (b *Bell) Ring() {
	atomic.AddUint32(&b.word, 1) // sync: bell
	park.Wake(&b.word, 1)
}

// failed is a Watcher of what can only fail.
type failed struct{}

func (failed) Look(*Turn) bool { return true }
func (failed) Stop()           {}
