package ring

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
)

// Info is what a queue has done since it was made, by all processes together, also by
// those of them that are dead. It is a copy, so it changes no more whoever dies.
type Info struct {
	Len, Cap int
	// Puts and Gets are how many messages were put, and taken; one that came back and was
	// taken again counts once.
	Puts, Gets uint64
	// Redelivered is how often a message was taken that had come back.
	Redelivered uint64
	// HighWater is the largest number of messages that waited when somebody looked. Each
	// Put looks in a queue for fewer than 16 messages, in larger ones about eight Puts in
	// a turn of the ring, which see up to 16 too few where it is larger than 256.
	HighWater int
	// Closed tells whether Close was called.
	Closed bool
	// Getting and Putting tell whether somebody may be asleep until there is a message, or
	// room. Whoever was killed in its sleep counts until somebody looks for it.
	Getting, Putting bool
	// Joining tells whether somebody may be asleep in Joinable.Join.
	Joining bool
}

// Info looks at the queue. Each number is right at some instant during the call, Len as
// Queue.Len. Of a detached handle it is the zero Info.
func (q *Queue[T]) Info() Info {
	c := q.core.Load()
	if c == nil {
		return Info{}
	}
	defer runtime.KeepAlive(q)
	depth := c.depth()
	c.raiseHighWater(min(uint64(depth), c.slots))
	return Info{
		Len: depth, Cap: int(c.slots), Puts: c.published(), Gets: c.taken(),
		Redelivered: atomic.LoadUint64(&c.head.Redelivered),
		HighWater:   int(atomic.LoadUint64(&c.head.HighWater)),
		Closed:      c.closing(),
		Getting:     atomic.LoadUint32(&c.head.Items)&layout.QueueSleepers != layout.QueueNobody,
		Putting: atomic.LoadUint32(&c.head.Space)&layout.QueueSleepers != layout.QueueNobody ||
			atomic.LoadUint32(&c.head.Flags)&layout.QueueStarved != 0, // sync: queue flags
		Joining: atomic.LoadUint32(&c.head.Flags)&layout.QueueJoining != 0, // sync: queue flags
	}
}

// Len is how many messages wait to be taken, those that came back among them, at some
// instant during the call. While others take messages all the time it is an estimate.
func (q *Queue[T]) Len() int {
	c := q.core.Load()
	if c == nil {
		return 0
	}
	defer runtime.KeepAlive(q)
	return c.depth()
}

// Cap is how many messages the queue has room for. Messages that were taken and not
// acknowledged do not count, so those of them that come back can make Len larger.
func (q *Queue[T]) Cap() int {
	c := q.core.Load()
	if c == nil {
		return 0
	}
	return int(c.slots)
}

// String is for people.
func (q *Queue[T]) String() string {
	c := q.core.Load()
	if c == nil {
		return "Queue(detached)"
	}
	return fmt.Sprintf("Queue(%d of %d)", c.depth(), c.slots)
}
