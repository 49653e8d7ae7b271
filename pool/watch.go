package pool

import (
	"math"
	"time"
)

// look makes who watches over limited tasks look again.
func (c *core) look() {
	select {
	case c.watch <- struct{}{}:
	default:
	}
}

// guard ends tasks that are over their time. None can be before the shortest time of those
// that are queued has passed.
func (c *core) guard() {
	timer := time.NewTimer(math.MaxInt64)
	defer timer.Stop()
	for {
		select {
		case <-c.watch:
		case <-timer.C:
		case <-c.ended:
			return
		}
		if next := c.overdue(); next < math.MaxInt64 {
			timer.Reset(time.Duration(next))
		}
	}
}

// overdue condemns what is over its time, and tells when to look again, in nanoseconds.
func (c *core) overdue() (next int64) {
	next = math.MaxInt64
	if c.limited.Load() == 0 {
		return next
	}
	c.open.RLock()
	defer c.open.RUnlock()
	for i := range c.entries {
		t := c.entries[i].Load()
		if t == nil || t.timeout <= 0 || c.closed {
			continue
		}
		left := int64(t.timeout + c.grace)
		since, w := c.runs(uint32(i))
		if w.state() == stateRunning && seat(t.at.Load()) == seatOf(uint32(i), w) { // else t has just ended
			left -= c.clock.now() - since
		}
		if left <= 0 { // and then t is what runs
			c.strike(t, uint32(i), w, ErrTimeout)
			continue
		}
		next = min(next, left)
	}
	return next
}

// runs is the word of a place, and since when a worker runs its task, if it is that; where the
// worker is not sure itself it is since when this was seen. It is called with open held, and
// by nobody but guard.
func (c *core) runs(place uint32) (since int64, w word) {
	w = c.table.load(place)
	c.mu.Lock()
	m := c.living[w.worker()]
	c.mu.Unlock()
	if w.state() != stateRunning || m == nil {
		return 0, 0
	}
	since, sure := c.table.begun(m.position)
	if c.table.load(place) != w {
		return 0, 0 // the time may be that of another task
	}
	if !sure {
		since = c.sighted(m, w)
	}
	return since, w
}

// sighted is when it was seen first that a worker has the task of w.
func (c *core) sighted(m *member, w word) int64 {
	if m.seen != w {
		m.seen, m.seenAt = w, c.clock.now()
	}
	return m.seenAt
}
