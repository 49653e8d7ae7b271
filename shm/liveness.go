package shm

import (
	"sync/atomic"

	"shmkit/internal/layout"
)

// Life is what is known of the process behind an owner id.
type Life int

const (
	// Alive: it may still store into the segment.
	Alive Life = iota
	// Dying: the kernel announced its end, but some thread of it may still be
	// inside a system call that writes to the segment. It is over in a moment.
	Dying
	// Dead: the kernel has proved that no thread of it is left.
	Dead
)

// liveness tells whether the process that owner names is alive. Without ask it
// makes a system call only if the death word says that the process is gone; with
// ask it does not rely on the death word, which an old kernel, a sandbox, or a
// process that erased its own robust list may fail to write.
func (c *core) liveness(owner uint32, ask bool) Life {
	slot := layout.OwnerSlot(owner)
	if slot == c.slot {
		if layout.OwnerGeneration(owner) == layout.OwnerGeneration(c.self) {
			return Alive
		}
		return Dead
	}
	p := c.participant(slot)
	if atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner) {
		return Dead
	}
	death := atomic.LoadUint32(&p.Death)
	if death&layout.DeathProved != 0 {
		return Dead // of owner or of one after it
	}
	announced := death&layout.DeathDied != 0
	if !announced && !ask && death != 0 {
		return Alive
	}
	held, err := c.held(slot)
	switch {
	case err == nil && !held:
		return Dead
	case announced:
		return Dying
	}
	return Alive
}

// deathWord is the futex word that changes when the process in owner's slot dies,
// and the value that it has while that process lives. ok is false if there is
// nothing to sleep on: it is us, or it is gone already.
func (c *core) deathWord(owner uint32) (addr *uint32, val uint32, ok bool) {
	slot := layout.OwnerSlot(owner)
	if slot == c.slot {
		return nil, 0, false
	}
	p := c.participant(slot)
	val = atomic.LoadUint32(&p.Death)
	if val&layout.DeathDied != 0 || val == 0 {
		return nil, 0, false
	}
	// The generation is read after the word: if it still is owner's, so was the
	// word that was read.
	if atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner) {
		return nil, 0, false
	}
	return &p.Death, val, true
}

func (c *core) dead(owner uint32) bool { return c.liveness(owner, true) == Dead }
