package ring

import "shmkit/internal/park"

// Who finds the queue empty, or full, looks again after a pause, and after a longer one
// each time, before it sleeps. The pauses are what makes a queue between two cores
// fast: each look takes a line from the other side, which is about to write it, and
// while nobody looks the other side gets ahead, so that the two work on different lines.
const (
	mostLooks  = 40
	fewLooks   = 1
	firstPause = 4
	lastPause  = 64
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
	defer e.waited()
	limit := mostLooks - looks.Load()
	pauses := uint32(firstPause)
	for range limit {
		park.Pause(pauses)
		if c.lacks(w, since) == 0 {
			looks.Store(max(mostLooks-limit-1-(mostLooks-limit)/8, 0))
			return true
		}
		pauses = min(2*pauses, lastPause)
	}
	looks.Store(min(mostLooks-limit+1+limit/8, mostLooks-fewLooks))
	return false
}
