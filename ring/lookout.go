package ring

import (
	"sync/atomic"
	"time"
)

// Who waits for a message looks for the dead before it sleeps, and who finds none when it
// does not wait. Where neither happens, because the queue is never empty, what the dead had
// would stay out. So whoever takes messages looks also while it finds some: not longer
// after the last look than mostUnseen messages, and about every seldomest where so many take
// longer than that. A look is a few loads per process that uses the queue, of lines that
// nobody writes, and no system call unless somebody died.
const (
	mostUnseen = 128 // messages
	seldomest  = 10 * time.Millisecond
)

// lookout is when a handle looks for the dead while it takes messages. All of it are hints.
type lookout struct {
	known uint64 // the limit as pace has set it; that of the side comes no later than due
	due   uint64 // the ticket at which it looks next
	gap   uint64 // how many tickets after the one before that is
	last  int64  // when it looked last
}

// birth is from when on times are counted.
var birth = time.Now()

// lookOut is called by one who has come to the limit at ticket t, which is the next to take.
// How far the producers are is looked at only where that may be the limit: it is on a line
// that they write.
func (c *core) lookOut(t uint64) {
	l := &c.gets.lookout
	if t >= atomic.LoadUint64(&l.known) {
		c.pace(&c.gets, t, &c.head.Tail, 0) // sync: tail
		release(&l.known, atomic.LoadUint64(&c.gets.limit))
	}
	left := atomic.LoadUint64(&l.due) - t
	if left == 0 || left > mostUnseen { // it is past
		c.bury()
		now := int64(time.Since(birth))
		took := now - atomic.LoadInt64(&l.last)
		left = nextGap(atomic.LoadUint64(&l.gap), time.Duration(took))
		atomic.StoreInt64(&l.last, now)
		release(&l.gap, left)
		release(&l.due, t+left)
	}
	release(&c.gets.limit, min(atomic.LoadUint64(&l.known), t+left))
}

// nextGap is how many messages are taken until the next look, when the last gap took so
// long.
func nextGap(gap uint64, took time.Duration) uint64 {
	if took < seldomest {
		return min(max(2*gap, 1), mostUnseen)
	}
	return max(gap*uint64(seldomest)/uint64(took), 1)
}

// overtaken brings the next look nearer by a message that came back and was taken ahead of
// the next ticket: where these are all that is taken, tickets do not go on.
func (c *core) overtaken() {
	due := atomic.LoadUint64(&c.gets.lookout.due) - 1
	release(&c.gets.lookout.due, due)
	if due < atomic.LoadUint64(&c.gets.limit) {
		release(&c.gets.limit, due)
	}
}
