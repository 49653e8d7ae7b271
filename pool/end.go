package pool

import (
	"slices"
	"syscall"
)

// terminate ends the pool, with all that its workers do.
func (c *core) terminate() { c.giveUp(ErrTerminated) }

// giveUp ends all tasks, with err, and all workers: the pool is terminated, or cannot go on.
func (c *core) giveUp(err error) {
	c.mu.Lock()
	if c.phase == terminated {
		c.mu.Unlock()
		return
	}
	c.phase, c.why = terminated, err
	waiting := slices.Clone(c.waiting) // the dispatcher writes to it
	for _, m := range c.members {
		if m != nil {
			m.kill()
		}
	}
	c.mu.Unlock()
	c.over.Store(&failed{err})
	c.tasks.Close()
	c.cancel(err)
	for _, t := range waiting {
		c.withdraw(t, err)
	}
	for i := range c.entries {
		if t := c.entries[i].Load(); t != nil {
			c.giveUpTask(t, err)
		}
	}
}

func signalOf(code int) syscall.Signal { return syscall.Signal(-code) }

// withdrawAll withdraws all tasks that no worker has begun.
func (c *core) withdrawAll(err error) {
	c.mu.Lock()
	waiting := slices.Clone(c.waiting) // the dispatcher writes to it
	c.mu.Unlock()
	for _, t := range waiting {
		c.withdraw(t, err)
	}
	for i := range c.entries {
		if t := c.entries[i].Load(); t != nil {
			c.withdraw(t, err)
		}
	}
}
