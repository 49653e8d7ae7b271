package sync

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
	"shmkit/shm"
)

// Notify ends n waits, or all if there are fewer: those that began first, of
// processes that live. It waits for none of them. The caller must hold the lock. It may
// be called by any process. If this process dies inside, it holds the lock, and whoever
// has that next is told. Errors: [ErrCount] for a negative n, [ErrNotHeld], [ErrClosed];
// nobody was notified then. Notify(0) does nothing.
func (c *Cond) Notify(n int) error {
	if n < 0 {
		return fmt.Errorf("%w: Notify(%d)", ErrCount, n)
	}
	if err := c.enter(); err != nil {
		return err
	}
	defer c.leave()
	switch {
	case !c.lock.condHeld():
		return ErrNotHeld
	case n == 0:
	case n == 1:
		c.notifyOne()
	default:
		c.notifyMany(n)
	}
	if atomic.LoadUint32(&c.head.Left) != 0 {
		c.obj.PassOn()
	}
	return nil
}

// NotifyAll ends all waits; see [Cond.Notify].
func (c *Cond) NotifyAll() error { return c.Notify(math.MaxInt) }

// candidate is a wait that may be notified.
type candidate struct {
	i      int
	x      uint64
	ticket uint32
}

// notifyOne notifies the oldest.
func (c *Cond) notifyOne() {
	next := atomic.LoadUint32(&c.head.Ticket)
	for {
		var oldest candidate
		found := false
		c.candidates(func(a candidate) {
			if !found || layout.CondOlder(a.ticket, oldest.ticket) {
				oldest, found = a, true
			}
		})
		if !found || c.notify(oldest, next) {
			return
		}
	}
}

// notifyMany notifies the n oldest.
func (c *Cond) notifyMany(n int) {
	var all []candidate
	next := atomic.LoadUint32(&c.head.Ticket)
	c.candidates(func(a candidate) { all = append(all, a) })
	if n < len(all) {
		slices.SortFunc(all, func(a, b candidate) int {
			if layout.CondOlder(a.ticket, b.ticket) {
				return -1
			}
			return 1
		})
	}
	for _, a := range all {
		if n == 0 {
			return
		}
		if c.notify(a, next) {
			n--
		}
	}
}

// notify notifies a, unless it has given up. That it has begun or ceased to sleep
// meanwhile makes no difference.
func (c *Cond) notify(a candidate, next uint32) bool {
	for x := a.x; ; x = atomic.LoadUint64(&c.cells[a.i]) {
		ticket, waits := word.CondWaits(x)
		if !waits || ticket != a.ticket || layout.CondOwner(x) != layout.CondOwner(a.x) {
			return false
		}
		if c.move(a.i, x, word.CondNotify(x, next)) {
			return true
		}
	}
}

// candidates calls see for each wait of a process that lives. Cells of the dead are
// freed, and what is notified there is left to others. The cells above the last one in
// use are given up: nobody claims one without the lock.
func (c *Cond) candidates(see func(candidate)) {
	used := 0
	for i := range c.high() {
		x := atomic.LoadUint64(&c.cells[i])
		if x == layout.CondFree {
			continue
		}
		used = i + 1
		owner := layout.CondOwner(x)
		life := shm.Alive
		if owner != 0 && owner != c.self {
			life = c.obj.Liveness(owner, false)
		}
		ticket, waits := word.CondWaits(x)
		switch {
		case life == shm.Dead:
			c.obj.Disown(i, owner)
		case life == shm.Alive && waits:
			see(candidate{i, x, ticket})
		}
	}
	if used < c.high() {
		atomic.StoreUint32(&c.head.High, uint32(used))
	}
}
