package ring

import (
	"sync/atomic"

	"shmkit/internal/word"
)

// An end finds its place by going from ticket to ticket, as a rule over few. But a process
// that was stopped before it said how far it was says so when all others have gone on, and
// what it says may be believed by one who knows no better: then its place is up to two turns
// of the ring away.

// fewSteps is how many tickets an end goes over before it thinks of that.
const fewSteps = 64

// skip goes from ticket t to a later one that is no later than the first that is not over,
// in few looks: tickets come to be over in their order, and stay so.
func (c *core) skip(t uint64, over func(w, t uint64) bool) uint64 {
	for step := c.slots; step > 0; step /= 2 {
		for range 3 { // more often only if the words are damaged
			if !c.over(t+step-1, over) {
				break
			}
			t += step
		}
	}
	return t
}

// over tells whether the seat of ticket t is past, or taken and of which taken is true.
func (c *core) over(t uint64, taken func(w, t uint64) bool) bool {
	pos, turn := c.place(t)
	w := atomic.LoadUint64(&c.cell(pos).Slot) // sync: message published
	s := word.SeatOf(w, turn)
	return s == word.SeatPast || s == word.SeatTaken && taken(w, t)
}

// filled is true of all seats that are taken.
func filled(uint64, uint64) bool { return true }

// emptied tells whether the message of a seat that is taken is not in the ring any more.
func (c *core) emptied(w, t uint64) bool {
	there, err := c.there(w, t)
	return err == nil && !there
}
