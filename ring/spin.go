package ring

import (
	"sync/atomic"

	"shmkit/internal/park"
)

// Who finds the queue empty, or full, looks again after a pause, and after a longer one
// each time, before it sleeps. The pauses are what makes a queue between two cores
// fast: each look takes a line from the other side, which is about to write it, and
// while nobody looks the other side gets ahead, so that the two work on different lines.
//
// How often it looks falls where that does not pay. But a sleep and a wake-up take some ten
// microseconds, and then two ends could go on with one for each few hundred messages, for
// good: each finds nothing while the other one is being woken. So who has gone over half a
// ring since it last slept looks for as long as that takes. If that is for nothing, as it
// is where both have one processor between them, it is done half as often.
const (
	mostLooks  = 40
	fewLooks   = 1
	sleepLooks = 20
	firstPause = 4
	lastPause  = 64

	mostEager = 1 << 16 // messages
)

// spin looks a bounded number of times whether there is what is wanted. How often, is an
// estimate of whether that pays, as in internal/park, for each end of the queue.
func (c *core) spin(w want, since uint64) bool {
	if park.Alone() {
		return false
	}
	e := &c.puts
	if w == wantItem || w == wantIdle {
		e = &c.gets
	}
	looks := &e.looks
	limit := mostLooks - looks.Load()
	next, enough := atomic.LoadUint64(&e.next), atomic.LoadUint64(&e.eager)
	eager := c.slots >= smallQueue && limit < sleepLooks && next-atomic.LoadUint64(&e.slept) >= enough
	if eager {
		limit = sleepLooks
	}
	pauses := uint32(firstPause)
	for range limit {
		park.Pause(pauses)
		if c.lacks(w, since) == 0 {
			looks.Store(max(mostLooks-limit-1-(mostLooks-limit)/8, 0))
			release(&e.eager, c.slots/2)
			return true
		}
		pauses = min(2*pauses, lastPause)
	}
	looks.Store(min(mostLooks-limit+1+limit/8, mostLooks-fewLooks))
	release(&e.slept, next)
	if eager {
		release(&e.eager, min(2*enough, mostEager))
	}
	return false
}
