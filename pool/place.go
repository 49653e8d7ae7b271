package pool

import (
	"context"
	"runtime"

	"shmkit/ring"
)

// submit gives the workers a task that was registered, and does not wait: what finds no room
// waits in a list.
func (c *core) submit(t *task) {
	c.mu.Lock()
	first := len(c.waiting) == 0
	if !first {
		c.waiting = append(c.waiting, t)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	// Another one that comes meanwhile may be first: the two were submitted side by side.
	select {
	case place := <-c.free:
		if ok, _ := c.tryPut(t, place, c.tasks.TryPut); ok {
			c.tooLate(t)
			return
		}
	default:
	}
	c.await(t)
}

// await puts a task in the list of those that wait.
func (c *core) await(t *task) {
	c.mu.Lock()
	gone := c.phase == terminated
	if !gone {
		c.waiting = append(c.waiting, t)
	}
	c.mu.Unlock()
	if gone {
		c.withdraw(t, c.reason())
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// reason is why tasks are not run that are left.
func (c *core) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == nil {
		return ErrTerminated
	}
	return c.why
}

// dispatch gives the workers what waits, in the order of the list.
func (c *core) dispatch() {
	for {
		c.mu.Lock()
		var t *task
		if len(c.waiting) > 0 {
			t = c.waiting[0]
		}
		c.mu.Unlock()
		if t == nil {
			select {
			case <-c.wake:
				continue
			case <-c.ctx.Done():
				return
			}
		}
		if t.state.Load() == taskWaiting && !c.enter(c.ctx, t) {
			c.withdraw(t, c.reason())
		}
		c.mu.Lock()
		c.waiting[0] = nil
		if c.waiting = c.waiting[1:]; len(c.waiting) == 0 {
			c.waiting = nil
		}
		c.mu.Unlock()
	}
}

// enter gives the workers a task, and waits for room. It is false if ctx ended first, or the
// pool.
func (c *core) enter(ctx context.Context, t *task) bool {
	var place uint32
	select {
	case place = <-c.free:
	default:
		select {
		case place = <-c.free:
		case <-ctx.Done():
			return false
		case <-c.ctx.Done():
			return false
		}
	}
	if !c.put(ctx, t, place) {
		return false
	}
	c.tooLate(t)
	return true
}

// tooLate withdraws a task that came while all others were withdrawn.
func (c *core) tooLate(t *task) {
	if why := c.over.Load(); why != nil {
		c.withdraw(t, why.err)
	}
}

// put puts a task in the queue, in a place that is ours. It is false if the task waits as
// before, because ctx ended first, or the pool.
func (c *core) put(ctx context.Context, t *task, place uint32) bool {
	ok, err := c.tryPut(t, place, func(message []byte) error { return c.tasks.PutContext(ctx, message) })
	if err != nil && err != ring.ErrClosed && ctx.Err() == nil {
		c.giveUp(err)
	}
	return ok
}

// tryPut is put by way of enqueue. If that fails the task waits as before, with err.
func (c *core) tryPut(t *task, place uint32, enqueue func([]byte) error) (ok bool, err error) {
	c.open.RLock()
	defer c.open.RUnlock()
	if c.closed {
		return false, nil // and the place is nobody's
	}
	w := c.table.load(place).by(0, stateQueued)
	message := t.message
	address(message, place, w)
	c.entries[place].Store(t)
	t.at.Store(uint64(seatOf(place, w)))
	c.table.swap(place, w.by(0, stateFree), w)
	if t.timeout > 0 {
		c.limited.Add(1)
		c.look()
	}
	// From here on the task can be withdrawn, and until its message is in the queue by that alone.
	if !t.state.CompareAndSwap(taskWaiting, taskPlaced) {
		c.unplace(t, place, w)
		return true, nil
	}
	if !t.attended {
		defer c.collectNow()
	}
	if err = enqueue(message); err == nil || !c.unplace(t, place, w) {
		return true, nil // or it was withdrawn meanwhile
	}
	t.state.Store(taskWaiting)
	return false, err
}

// unplace takes a task back that no worker has taken, and tells whether that was so.
func (c *core) unplace(t *task, place uint32, queued word) bool {
	if !c.table.swap(place, queued, queued.freed()) {
		return false
	}
	c.vacate(t, place)
	return true
}

// vacate makes a place nobody's, whose word is free.
func (c *core) vacate(t *task, place uint32) {
	c.entries[place].Store(nil)
	if t.timeout > 0 {
		c.limited.Add(-1)
	}
	c.free <- place
}

// withdraw ends a task that no worker has begun, and tells whether that was so.
func (c *core) withdraw(t *task, err error) bool {
	for {
		switch t.state.Load() {
		case taskWaiting:
			if t.state.CompareAndSwap(taskWaiting, taskEnded) {
				c.end(t, err)
				return true
			}
		case taskPlaced:
			ok, moved := c.recall(t)
			if ok {
				c.end(t, err)
				return true
			}
			if !moved {
				return false // a worker has it, or the collector
			}
			runtime.Gosched() // somebody is about to say what it is now
		default:
			return false
		}
	}
}

// recall takes a task back that is placed and that no worker has taken. moved tells that it
// is not, or no longer, where it was placed.
func (c *core) recall(t *task) (ok, moved bool) {
	c.open.RLock()
	defer c.open.RUnlock()
	if c.closed {
		return false, t.state.Load() != taskPlaced // all have ended
	}
	s := seat(t.at.Load())
	if c.unplace(t, s.place(), s.queued()) {
		t.state.Store(taskEnded)
		return true, false
	}
	// Whoever takes it out of its place frees the word, and then says so here.
	return false, c.table.load(s.place()) == s.queued().freed() || c.entries[s.place()].Load() != t
}

// end tells the job of a task that it has no result.
func (c *core) end(t *task, err error) {
	t.fail(err)
	t.drop()
	c.account(true, nil)
}
