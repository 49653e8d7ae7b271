package heap

import (
	"sync/atomic"

	"shmkit/internal/layout"
)

// rescanFreed walks those of our arenas in which others freed blocks. Requires mu.
func (h *Heap) rescanFreed(uint32) error {
	for _, o := range h.mine {
		if atomic.LoadUint64(&o.head.Freed) != o.freed {
			if err := h.rescan(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// rescanAll walks all our arenas: one who freed a block may have died before it
// counted that, and one who allocated may have died before the object was made.
// Requires mu.
func (h *Heap) rescanAll(uint32) error {
	for _, o := range h.mine {
		if err := h.rescan(o); err != nil {
			return err
		}
	}
	return nil
}

// adopt takes over arenas that nobody owns, or that a dead process owned, until
// one has room. Requires mu.
func (h *Heap) adopt(units uint32) error {
	self := h.host.Self()
	var failed error
	err := arenas(h.host.Memory(), h.host.End(), func(a arena) bool {
		owner := atomic.LoadUint32(&a.head.Owner)
		switch {
		case owner == self && h.ownerOf(a.first()) != nil:
			return true
		case owner != self && owner != 0 && !h.host.Dead(owner):
			return true
		// sync: arena released
		case owner != self && !atomic.CompareAndSwapUint32(&a.head.Owner, owner, self):
			return true
		}
		h.at("adopted")
		if failed = h.own(a); failed != nil {
			return false
		}
		_, enough := h.index.best(units)
		return !enough
	})
	if failed != nil {
		return failed
	}
	return err
}

// grow adds an arena. Requires mu.
func (h *Heap) grow(units uint32) error {
	off, err := h.host.Grow(layout.ArenaHeaderSize + uint64(units)*unit)
	if err != nil {
		return err
	}
	a, err := arenaAt(h.host.Memory(), h.host.End(), off)
	if err != nil {
		return err
	}
	return h.own(a)
}

// own starts to use an arena whose Owner is us. Its last owner may have died
// with Seq odd. Requires mu.
func (h *Heap) own(a arena) error {
	if seq := atomic.LoadUint32(&a.head.Seq); seq%2 == 1 {
		atomic.StoreUint32(&a.head.Seq, seq+1)
	}
	o := &owned{arena: a}
	if err := h.rescan(o); err != nil {
		// Damaged: give it back, for Check to show and nobody to use.
		h.index.dropWithin(a.off, a.end)
		atomic.CompareAndSwapUint32(&a.head.Owner, h.host.Self(), 0)
		return err
	}
	h.mine = append(h.mine, o)
	return nil
}

// rescan builds the index of o anew: it joins free neighbours, and frees used
// blocks that nobody confirms. Requires mu.
func (h *Heap) rescan(o *owned) error {
	h.begin(o)
	defer h.done(o)
	m := h.host.Memory()
	freed := atomic.LoadUint64(&o.head.Freed)
	h.index.dropWithin(o.off, o.end)
	var run extent // free blocks since the last used one
	var first *layout.Block
	err := o.blocks(m, func(b block) (uint64, bool) {
		if !b.free() && !h.reclaim(b) {
			h.flush(&run)
			return b.end(), true
		}
		if run.units == 0 {
			run, first = extent{b.units, b.off}, b.head
			return b.end(), true
		}
		run.units += b.units
		atomic.StoreUint64(&first.Word, layout.BlockWord(run.units, 0, layout.BlockFree))
		h.at("joined")
		return b.end(), true
	})
	h.flush(&run)
	o.freed = freed
	return err
}

func (h *Heap) flush(run *extent) {
	if run.units > 0 {
		h.index.add(*run)
		*run = extent{}
	}
}

// reclaim frees a used block that belongs to nothing, and tells whether b is free
// now.
func (h *Heap) reclaim(b block) bool {
	if h.host.Confirm(b.off, layout.BlockIndex(b.word), atomic.LoadUint32(&b.head.Generation)) {
		return false
	}
	// Who frees it at this moment, too, is as good.
	if atomic.CompareAndSwapUint64(&b.head.Word, b.word, layout.BlockWord(b.units, 0, layout.BlockFree)) {
		h.at("reclaimed")
	}
	return true
}
