package shm

import (
	"sync/atomic"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
	"shmkit/internal/word"
)

// sweep resolves everything that the process in slot owns. The caller holds the
// lock on the byte of slot, so that process is dead, or it is the caller itself,
// which then passes its own record to be taken off the kernel's list. admin is
// view.admin or view.adminNow.
//
// Every step is one store or compare-and-swap and may be repeated: a sweeper that
// is killed releases the byte, and the next one starts over. So it is if
// admin fails: the slot is not free then. Damage that it meets is left
// alone; Check reports it.
func (v *view) sweep(slot uint32, own *layout.Participant, admin func(func() error) error) error {
	p := v.participant(slot)
	if own == nil {
		// The byte is ours, so others cannot ask the kernel until we are done, and we
		// may be stopped.
		atomic.StoreUint32(&p.Death, layout.DeathDied|layout.DeathProved)
	}
	owner := layout.Owner(slot, atomic.LoadUint32(&p.Generation))
	var refused error
	err := v.objects(1, func(i uint32, o *layout.Object) bool {
		if e := v.sweepObject(i, o, owner, admin); e != nil {
			refused = e
		}
		return true
	})
	if e := heap.ReleaseArenas(v.mem, v.end(), owner); err == nil {
		err = damaged("arena", 0, e)
	}
	if own != nil {
		sys.Unwatch(&own.RobustNext)
	}
	if refused != nil {
		return refused
	}
	atomic.StoreUint32(&p.Death, 0)
	// The slot now owns nothing. This passes it to whoever locks its byte next.
	atomic.StoreUint32(&p.State, layout.SlotFree)
	return err
}

// sweepObject fails if the object still is as the dead left it, because admin did.
func (v *view) sweepObject(i uint32, o *layout.Object, owner uint32, admin func(func() error) error) error {
	state := atomic.LoadUint64(&o.State)
	if state&layout.ObjectStateMask == layout.ObjectFree {
		return nil
	}
	slot, s := layout.OwnerSlot(owner), state&layout.ObjectStateMask
	if holds(o, slot) && (s == layout.ObjectReady || s == layout.ObjectRemoving) {
		// While the bit is set o cannot be freed, so the payload is o's.
		v.disown(o, owner)
	}
	clearHolder(o, slot)
	mine := layout.ObjectSlot(state) == slot
	switch {
	case s == layout.ObjectCreating && mine:
		return v.abandon(i, o, state, admin)
	case s == layout.ObjectRemoving && mine:
		return v.finishRemove(i, o, state, slot, admin)
	case s == layout.ObjectDying && mine:
		// It died before it looked at the bits, so somebody may use o.
		if !v.decide(i, o, state) {
			v.freeIfUnused(i, o, slot)
		}
	case s == layout.ObjectFreeing && mine:
		v.finishFree(i, o, state)
	default:
		// Whatever another process was at when this looked: it may be done, and have
		// seen the bit that is gone now.
		v.freeIfUnused(i, o, slot)
	}
	return nil
}

// disown takes away what owner has in o: it is dead, or has no handle any more.
func (v *view) disown(o *layout.Object, owner uint32) {
	k := kindOf(o.Kind)
	switch {
	case o.OwnerFormat == layout.OwnerMutex32:
		v.orphanLocks(o, owner)
	case o.OwnerFormat == k.owners && k.disown != nil:
		k.disown(v, o, owner)
	}
}

// orphanLocks passes each lock that owner holds in o to nobody: the next one to
// lock it gets ErrOwnerDied.
func (v *view) orphanLocks(o *layout.Object, owner uint32) {
	base, count, stride := o.Data+uint64(o.OwnerOff), o.OwnerCount, uint64(o.OwnerStride)
	if stride < mutexSize {
		count = min(count, 1) // else they overlap, and may be four billion
	}
	for n := range uint64(count) {
		m, err := mem.At[layout.Mutex](v.mem, base+n*stride)
		if err != nil {
			return
		}
		orphan(&m.Word, owner)
	}
}

func orphan(addr *uint32, owner uint32) {
	for {
		w := atomic.LoadUint32(addr)
		move := word.MutexOrphan(w, owner)
		if move.Verdict == word.NotHeld {
			return
		}
		// sync: mutex handed over. The other end is Mutex.Lock of package sync.
		if atomic.CompareAndSwapUint32(addr, w, move.Next) {
			if move.Wake > 0 {
				sys.FutexWake(addr, move.Wake)
			}
			return
		}
	}
}

// abandon undoes the creation of an object whose creator died. A block that was
// allocated but not yet recorded is found by the heap: it names an object that
// does not name it.
func (v *view) abandon(i uint32, o *layout.Object, state uint64, admin func(func() error) error) error {
	if o.NameLen != 0 {
		// A record that is free and linked would lead its chain astray.
		if err := admin(func() error { v.unlinkName(i, o); return nil }); err != nil {
			return err
		}
	}
	v.finishFree(i, o, state)
	return nil
}

// sweepDead sweeps every slot whose process died, so that the dead keep nothing.
func (c *core) sweepDead() {
	c.sweepMu.Lock()
	defer c.sweepMu.Unlock()
	for slot := range uint32(layout.MaxSlots) {
		if slot != c.slot && atomic.LoadUint32(&c.participant(slot).State) != layout.SlotFree {
			c.sweepSlotLocked(slot, c.admin)
		}
	}
}

// SweepOwner cleans up after the process behind owner if it is dead. Whoever took
// a lock over from a dead holder calls it, outside of every fast path. It waits for
// nobody: what it cannot do now is left to the next sweep.
func (o *Object) SweepOwner(owner uint32) {
	c := o.core
	c.sweepMu.Lock()
	defer c.sweepMu.Unlock()
	if slot := layout.OwnerSlot(owner); slot != c.slot {
		c.sweepSlotLocked(slot, c.adminNow)
	}
}

// sweepSlotLocked must run under sweepMu: the lock on the byte does not keep two
// goroutines of this process apart.
func (c *core) sweepSlotLocked(slot uint32, admin func(func() error) error) {
	byteOf := layout.LockSlots + int64(slot)
	if ok, err := sys.TryLock(c.fd, byteOf, 1); !ok || err != nil {
		return
	}
	defer sys.Unlock(c.fd, byteOf, 1)
	if atomic.LoadUint32(&c.participant(slot).State) != layout.SlotFree {
		c.view.sweep(slot, nil, admin)
		atomic.AddUint64(&c.part.Sweeps, 1)
	}
}

// resetAfterBoot declares every participant of an earlier boot dead: the kernel
// that would have announced their deaths is gone. Data stays; a lock that was
// held gives ErrOwnerDied. The caller is not attached yet.
func (v *view) resetAfterBoot() error {
	now, err := sys.BootID()
	if err != nil {
		return err
	}
	if v.header.BootID == now {
		return nil
	}
	// The id has two words, so it may be half-read or half-written here: then the
	// slots are looked at once too often. Who can not write it now, because somebody
	// is in the directory, perhaps stopped there, leaves that to the next one.
	for slot := range uint32(layout.MaxSlots) {
		if err := v.resetSlot(slot); err != nil && err != errBusy {
			return err
		}
	}
	if err := v.adminNow(func() error { v.header.BootID = now; return nil }); err != errBusy {
		return err
	}
	return nil
}

// resetSlot sweeps a slot whose byte nobody holds. One that is held belongs to a
// process that attached since the boot.
func (v *view) resetSlot(slot uint32) error {
	if atomic.LoadUint32(&v.participant(slot).State) == layout.SlotFree {
		return nil
	}
	byteOf := layout.LockSlots + int64(slot)
	ok, err := sys.TryLock(v.fd, byteOf, 1)
	if !ok || err != nil {
		return err
	}
	defer sys.Unlock(v.fd, byteOf, 1)
	return v.sweep(slot, nil, v.adminNow)
}
