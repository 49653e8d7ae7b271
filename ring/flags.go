package ring

import (
	"math"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/word"
)

// Who makes a block free looks at QueueHead.Flags after that: one word for all that is
// rare, and it is 0 as a rule. Freed and Idle are futexes, and a number that changes with
// each wake-up. A flag and its futex:
//
//	flag          who sleeps             who frees a block and sees it
//	QueueStarved  wants a block          takes it away, then raises Freed, and wakes all
//	QueueJoining  wants all work done    if nothing is unfinished: the same, with Idle
//	QueueClosing  wants to know whether  wakes those who sleep on Items
//	              a message comes back
//
// Who sleeps reads its futex, raises its flag, looks once more, and sleeps while the
// futex has that value. So if the flag is taken away after it was raised, the futex
// changes after it was read. All are woken, so nobody is counted, and it does not matter
// who of them is killed; who is killed between the flag and the futex is swept, and the
// sweep wakes everybody.
//
// Free block and flag are two words that each side writes and reads crosswise: between
// the two steps of each there must be a barrier. Ack has one. Get has none, because that
// would cost more than the rest of it: who sleeps for a block, or closes the queue, makes
// one in every process (see fence). After it, either that Get has loaded the flag after it
// was raised, or the block that it freed before is seen to be free. Where the kernel does
// not do that for all, the sleeper looks each millisecond.

// closing tells whether Close was called.
func (c *core) closing() bool {
	return atomic.LoadUint32(&c.head.Flags)&layout.QueueClosing != 0 // sync: queue flags
}

// flag raises a flag for one who is about to sleep on futex.
func (c *core) flag(r *park.Round, futex *uint32, flag uint32) {
	r.On(futex, atomic.LoadUint32(futex))
	atomic.OrUint32(&c.head.Flags, flag) // sync: queue flags
}

// barrier makes every process that uses the queue see what was written before, and have
// written what it goes on to tell, or bounds the sleep.
func (c *core) barrier(r *park.Round) {
	if !fence() || atomic.LoadUint32(&c.head.Unfenced) != 0 { // sync: unfenced
		r.Within(time.Millisecond)
	}
}

// freed follows a store or a compare-and-swap that made a block free.
func (c *core) freed() {
	if atomic.LoadUint32(&c.head.Flags) != 0 { // sync: queue flags
		c.freedSlow()
	}
}

// freedSlow is outlined so that freed inlines.
//
//go:noinline
func (c *core) freedSlow() {
	// A barrier too: what is looked at from here on is looked at after the block is free.
	flags := atomic.AndUint32(&c.head.Flags, ^layout.QueueStarved) // sync: queue flags
	if flags&layout.QueueStarved != 0 {
		c.rouse(&c.head.Freed)
	}
	if flags&layout.QueueClosing != 0 {
		c.wakeGetters()
	}
	if flags&layout.QueueJoining != 0 {
		c.finish()
	}
}

// wakeGetters wakes everybody who sleeps on Items.
func (c *core) wakeGetters() {
	for {
		w := atomic.LoadUint32(&c.head.Items) // sync: sleepers
		if w&layout.QueueSleepers == layout.QueueNobody {
			return
		}
		// sync: sleepers
		if atomic.CompareAndSwapUint32(&c.head.Items, w, word.QueueNobodyLeft(w)) {
			park.Wake(&c.head.Items, math.MaxInt32)
			return
		}
	}
}

// rouse wakes everybody who sleeps on futex.
func (c *core) rouse(futex *uint32) {
	atomic.AddUint32(futex, 1) // sync: sleepers
	atomic.AddUint64(&c.obj.Stats().Wakes, 1)
	park.Wake(futex, math.MaxInt32)
}
