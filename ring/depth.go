package ring

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// taken is the next ticket to take, published the next one to publish.
func (c *core) taken() uint64 {
	return c.walk(max(atomic.LoadUint64(&c.gets.next), atomic.LoadUint64(&c.head.Head)), c.emptied)
}

func (c *core) published() uint64 {
	return c.walk(max(atomic.LoadUint64(&c.puts.next), atomic.LoadUint64(&c.head.Tail)), filled)
}

// walk goes from ticket t over all whose seats are past, or taken and of which over is
// true.
func (c *core) walk(t uint64, over func(w, t uint64) bool) uint64 {
	for i := range lookAgain {
		if i%fewSteps == fewSteps-1 {
			t = c.skip(t, over)
		}
		pos, turn := c.place(t)
		w := atomic.LoadUint64(&c.cell(pos).Slot)
		s := word.SeatOf(w, turn)
		if s != word.SeatPast && (s != word.SeatTaken || !over(w, t)) {
			break
		}
		t = c.after(t, w, turn)
	}
	return t
}

// depth is how many messages wait, at an instant during the call if it sees one at which
// nothing was taken or returned.
func (c *core) depth() int {
	for n := 0; ; n++ {
		returns, head := atomic.LoadUint64(&c.head.Returns), c.taken()
		tail, back := c.published(), c.back(returns)
		if n == 100 || c.taken() == head && atomic.LoadUint64(&c.head.Returns) == returns {
			return int(min(max(int64(tail-head), 0), int64(c.slots))) + back
		}
	}
}

// back is how many messages came back and wait.
func (c *core) back(returns uint64) (n int) {
	if returns&word.QueuePending == 0 {
		return 0
	}
	for i := range c.blocks {
		if atomic.LoadUint64(&c.cell(i).Block)&layout.CellStateMask == layout.CellReturned {
			n++
		}
	}
	return n
}
