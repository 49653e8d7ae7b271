package shm

import (
	"sync/atomic"

	"shmkit/internal/layout"
)

// SweepDead takes from the dead what they had in the segments that this process has open:
// locks, holds on objects, what they were making. Whoever has seen a process end calls it.
// Without it that is done when somebody next attaches, or wants something that the dead had,
// and there may be nobody.
//
// It waits for nobody, and asks the kernel only about those whose death was announced, or
// whose death nobody would announce. It tells whether something remains, for another sweep: a
// child of the dead that was not born yet, or somebody who sweeps them, keeps their place.
//
// It may be called concurrently and by several processes; if the caller dies the next sweep
// starts over.
func SweepDead() (remains bool) {
	for _, c := range attachments() {
		remains = c.bury() || remains
	}
	return remains
}

// attachments are those of this process. No reference is taken: the last one to be given up
// detaches, and that is for the program to do, not for a sweep on the side when the program
// may be about to end.
func attachments() (list []*core) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for _, c := range registry.cores {
		list = append(list, c)
	}
	return list
}

// bury is SweepDead in one segment. Who detaches waits for it, see retire.
func (c *core) bury() (remains bool) {
	c.sweepMu.Lock()
	defer c.sweepMu.Unlock()
	if c.retired {
		return false
	}
	for slot := range uint32(layout.MaxSlots) {
		p := c.participant(slot)
		if slot == c.slot || atomic.LoadUint32(&p.State) == layout.SlotFree {
			continue
		}
		if death := atomic.LoadUint32(&p.Death); death != 0 && !announced(death) {
			continue
		}
		c.sweepSlotLocked(slot, c.adminNow)
		if atomic.LoadUint32(&p.State) != layout.SlotFree && announced(atomic.LoadUint32(&p.Death)) {
			remains = true
		}
	}
	return remains
}

// announced tells whether a death word says that its process is dead, or dying.
func announced(death uint32) bool { return death&(layout.DeathDied|layout.DeathProved) != 0 }

// retire waits for bury, which has no reference, and lets nobody begin it any more.
func (c *core) retire() {
	c.sweepMu.Lock()
	defer c.sweepMu.Unlock()
	c.retired = true
}
