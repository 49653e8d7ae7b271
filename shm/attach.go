package shm

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/sys"
)

// attach makes this process a participant: it takes the lock on the byte of a
// slot, cleans up after the slot's last owner if that one died, and moves in.
//
// At each step a SIGKILL releases the byte. Before State is SlotAttached the slot
// owns nothing, so there is nothing to clean; after it the next one sweeps.
func attach(v *view) (*core, error) {
	slot, err := takeSlot(v)
	if err != nil {
		return nil, err
	}
	c := &core{view: v, slot: slot, part: v.participant(slot), open: map[uint32]*Object{}}
	if atomic.LoadUint32(&c.part.State) != layout.SlotFree {
		if err := v.sweep(slot, nil, v.admin); err != nil {
			return nil, err
		}
	}
	c.moveIn()
	if err := sys.Watch(&c.part.RobustNext, &c.part.Death); err != nil {
		// A sandbox without robust lists: the death word stays 0, and others ask the
		// kernel about our byte when their sleep ends.
		atomic.StoreUint32(&c.part.Death, 0)
	}
	atomic.StoreUint32(&c.part.State, layout.SlotAttached)
	c.heap = heap.New(host{c})
	return c, nil
}

func (c *core) moveIn() {
	p := c.part
	generation := layout.NextGeneration(atomic.LoadUint32(&p.Generation))
	c.self = layout.Owner(c.slot, generation)
	atomic.StoreUint32(&p.Generation, generation)
	p.PID = uint32(os.Getpid())
	p.PIDNS = sys.PIDNamespace()
	p.AttachedNS = time.Now().UnixNano()
	p.Language = layout.LanguageGo
	p.Name = sys.CommandName()
	p.Sleeps, p.Wakes, p.Recoveries, p.Sweeps = 0, 0, 0, 0
}

var errRemoved = fmt.Errorf("%w: it is being removed", ErrNotFound)

// takeSlot locks the byte of some slot. It fails with ErrSlots when all are in use.
func takeSlot(v *view) (uint32, error) {
	for full := false; ; full = true {
		slot, ok, err := trySlots(v)
		if ok || err != nil {
			return slot, err
		}
		// Whoever locked all bytes in one piece found nobody attached and removes the
		// segment. It may be stopped there; we came too late all the same. Locks of those who
		// are about to end may hide it: see BeforeExit. Then there are only such as are shared.
		held, start, length, err := sys.Holder(v.fd, layout.LockSlots, layout.MaxSlots)
		switch {
		case err != nil:
			return 0, err
		case held && start == layout.LockSlots && length == layout.MaxSlots:
			return 0, errRemoved
		case held && full && !sys.Excludes(v.fd, layout.LockSlots, layout.MaxSlots):
			return 0, errRemoved
		case held && full:
			return 0, ErrSlots
		}
		// Whoever had all bytes may be done by now: look again.
	}
}

// trySlots locks the byte of a clean slot if there is one, else of one whose owner
// died.
func trySlots(v *view) (slot uint32, ok bool, err error) {
	for _, clean := range []bool{true, false} {
		for slot := range uint32(layout.MaxSlots) {
			if clean != (atomic.LoadUint32(&v.participant(slot).State) == layout.SlotFree) {
				continue
			}
			if ok, err := sys.TryLock(v.fd, layout.LockSlots+int64(slot), 1); ok || err != nil {
				return slot, ok, err
			}
		}
	}
	return 0, false, nil
}

// detach ends the participation: it resolves what this process still owns, as
// the sweep would, frees the slot, removes an anonymous segment that nobody else
// uses, and closes the descriptor. The caller has made sure that no operation of
// this process is in flight.
func (c *core) detach() error {
	err := c.heap.Close()
	if e := c.view.sweep(c.slot, c.part, c.admin); err == nil {
		err = e
	}
	if e := sys.Unlock(c.fd, layout.LockSlots+int64(c.slot), 1); err == nil {
		err = e
	}
	if c.header.Kind == layout.KindAnonymous {
		if e := c.view.destroyIfLast(); err == nil {
			err = e
		}
	}
	if e := c.file.Close(); err == nil {
		err = e
	}
	return err
}

// destroyIfLast removes an anonymous segment that has no participant. The caller
// is none itself (any more). Whoever leaves releases its own byte before it comes
// here, so of two that leave together the second finds no one. It never waits: who
// holds a byte is attached, and will come here itself; unless it is about to end, and has
// said so, see BeforeExit: it shares its byte, and does not come back.
func (v *view) destroyIfLast() error {
	ok, err := sys.TryShare(v.fd, layout.LockSlots, layout.MaxSlots)
	if !ok || err != nil {
		return err
	}
	defer sys.Unlock(v.fd, layout.LockSlots, layout.MaxSlots)
	// Unlink first: a destroyed segment that still has a name would stay for ever.
	if err := v.unlinkOwn(); err != nil {
		return err
	}
	atomic.StoreUint32(&v.header.State, layout.StateDestroyed)
	return nil
}

// unlinkOwn removes the name of the segment if it still is the name of this very
// file.
func (v *view) unlinkOwn() error {
	mine, err := v.file.Stat()
	if err != nil {
		return err
	}
	if other, err := os.Lstat(v.path); err != nil || !os.SameFile(mine, other) {
		return nil
	}
	return os.Remove(v.path)
}
