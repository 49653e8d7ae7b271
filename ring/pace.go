package ring

import (
	"sync/atomic"

	"shmkit/internal/park"
)

// Two ends that work side by side get in each other's way: each takes the lines from the
// other that it is about to write, and both go at the speed of those lines, for good:
// whether it finds little, or nothing and has to wait, each soon has the next message. So an
// end that comes close to the other one rests, which lets that get ahead, and then has its
// lines alone for a while. It looks how far the other end is only where it may have come
// close.
//
// Two ends that ask and answer are close all the time, and gain nothing by a rest. So a rest
// ends when the other end does not get ahead, and each one that brought little doubles the
// number of messages until the next.
const (
	keep = 32 // messages; of what an end knows that it may go over it leaves so much

	inStream   = 64      // messages; so many after a rest there may be another one
	mostStream = 1 << 10 // at most so many

	restPauses = 64 // of the processor's, about two microseconds; twice that is one rest
	goodGain   = 32 // messages; fewer is little
)

// pace is called by an end that has come to its limit at ticket t. far is the ticket
// where it would meet the other end, from the word where that says how far it is.
func (c *core) pace(e *side, t uint64, far *uint64, span uint64) {
	ahead := func() uint64 { return uint64(max(int64(atomic.LoadUint64(far)+span-t), 0)) }
	n := ahead()
	c.sample(t, n, span)
	if c.slots >= smallQueue {
		if n < c.slots/8 && t-atomic.LoadUint64(&e.since) >= atomic.LoadUint64(&e.stream) {
			n = e.rest(t, n, ahead)
		}
		n = max(n, 2*keep) - keep
	}
	if span > 0 {
		n = min(n, c.slots/8) // so often a producer looks how full it is
	}
	release(&e.limit, t+max(n, 1))
}

// start is called for an end of a queue of n slots, once it has its ticket.
func (e *side) start(n uint64) {
	e.since, e.slept = e.next, e.next
	e.stream, e.eager = inStream, n/2
}

// rest lets the other end get ahead of this one, which is at ticket t and may go over n
// messages. It gives how many that are then.
func (e *side) rest(t, n uint64, ahead func() uint64) uint64 {
	first := n
	for range 2 {
		park.Pause(restPauses)
		before := n
		if n = ahead(); n <= before {
			break
		}
	}
	next := uint64(inStream)
	if n < first+goodGain {
		next = min(2*atomic.LoadUint64(&e.stream), mostStream)
	}
	release(&e.stream, next)
	release(&e.since, t)
	return n
}

// sample raises HighWater by what an end at ticket t knows: n is how far it may go, of
// span. Of a large queue, an end is up to 16 further than it has said.
func (c *core) sample(t, n, span uint64) {
	depth := min(n, c.slots) // a consumer: so many are published
	if span > 0 {
		depth = span - min(n, span) // a producer: no more than so many are not taken
		if depth = depth - min(depth, 1<<c.lazy-1); depth < atomic.LoadUint64(&c.head.HighWater) {
			return
		}
		if c.lazy == 0 {
			depth = uint64(c.depth())
		}
		depth = min(depth+1, c.slots) // with its own
	}
	c.raiseHighWater(depth)
}

// run is how many messages, and no more than n, an end can go over from ticket t, in
// place pos, before it comes to its limit or to the end of the ring.
func (c *core) run(e *side, t uint64, pos uint32, n int) int {
	limit := atomic.LoadUint64(&e.limit)
	return int(min(uint64(n), max(limit, t)-t, c.slots-uint64(pos)))
}

// advance notes that an end has gone from ticket t to next. hint is where others see it.
func (c *core) advance(e *side, hint *uint64, t, next uint64) {
	release(&e.next, next)
	if next>>(c.lazy&63) != t>>(c.lazy&63) {
		release(hint, next)
	}
}
