package heap

import (
	"fmt"
	"slices"
	"sync/atomic"

	"shmkit/internal/layout"
)

// findLocked is a free extent that r fits into. If the index has none it looks
// further, the cheap places first: own blocks that others freed, arenas whose
// owner is gone, own blocks that leaked, and at last a new arena.
func (h *Heap) findLocked(r request) (extent, error) {
	if h.closed {
		return extent{}, ErrClosed
	}
	if x, ok := h.free.fit(r); ok {
		return x, nil
	}
	for _, refill := range [...]func(*Heap, request) error{
		(*Heap).rescanLocked, (*Heap).adoptLocked, (*Heap).reclaimLocked, (*Heap).growLocked,
	} {
		if err := refill(h, r); err != nil {
			return extent{}, err
		}
		if x, ok := h.free.fit(r); ok {
			return x, nil
		}
	}
	return extent{}, fmt.Errorf("%w: %d bytes", ErrNoSpace, r.size)
}

// rescanLocked looks for blocks that others freed, where they left a notice.
func (h *Heap) rescanLocked(request) error {
	for _, a := range h.arenas {
		if atomic.LoadUint64(&a.head.Freed) == a.freed { // sync: block freed elsewhere
			continue
		}
		if err := h.scanLocked(a, false); err != nil {
			return err
		}
	}
	return nil
}

// adoptLocked becomes the owner of arenas that have none, or a dead one, until r
// fits.
func (h *Heap) adoptLocked(r request) error {
	self := h.host.Self()
	for a, err := range arenas(h.host.Memory(), h.host.End()) {
		if err != nil {
			return err
		}
		if h.ownerOfLocked(a.first()) != nil || !h.claimLocked(a, self) {
			continue
		}
		if err := h.addLocked(a); err != nil {
			return err
		}
		if _, ok := h.free.fit(r); ok {
			return nil
		}
	}
	return nil
}

// claimLocked tells whether a is ours now. An arena that names us already is one
// that was made for us, or one that we took and then could not read.
func (h *Heap) claimLocked(a *arena, self uint32) bool {
	owner := atomic.LoadUint32(&a.head.Owner)
	if owner == self {
		return !h.growing // else growLocked adds it
	}
	if owner != 0 && !h.host.Dead(owner) {
		return false
	}
	hit("heap.adopt")
	// sync: arena owner
	return atomic.CompareAndSwapUint32(&a.head.Owner, owner, self)
}

// reclaimLocked scans all own arenas, also those without a notice, which a freer
// that was killed did not leave, and frees blocks that leaked. It is what growth
// costs before it.
func (h *Heap) reclaimLocked(request) error {
	for _, a := range h.arenas {
		if err := h.scanLocked(a, true); err != nil {
			return err
		}
	}
	return nil
}

// growLocked adds an arena that r fits into. It gives mu up meanwhile: it waits for
// whoever else changes the segment, who may be stopped, and a Free must not.
func (h *Heap) growLocked(r request) error {
	h.mu.Unlock()
	h.growMu.Lock()
	defer h.growMu.Unlock()
	h.mu.Lock()
	if _, ok := h.free.fit(r); ok || h.closed {
		return nil // somebody else grew, or freed
	}
	h.growing = true
	h.mu.Unlock()
	off, err := h.host.Grow(r.arena())
	h.mu.Lock()
	h.growing = false
	if err != nil {
		return err
	}
	if h.closed {
		return ErrClosed
	}
	a, err := openArena(h.host.Memory(), off, h.host.End())
	if err != nil {
		return err
	}
	return h.addLocked(a)
}

// addLocked puts an arena that names us to use.
func (h *Heap) addLocked(a *arena) error {
	mine, err := own(a)
	if err != nil {
		return err
	}
	if err := h.scanLocked(mine, true); err != nil {
		return err
	}
	i, _ := h.searchLocked(a.off)
	h.arenas = slices.Insert(h.arenas, i, mine)
	return nil
}

// scanLocked walks the chain of an own arena, joins free blocks that lie side by
// side, and brings the index up to date. With reclaim it frees used blocks that
// the host denies. Foreign frees may come at any time: those that this misses
// raise Freed above what was read first.
func (h *Heap) scanLocked(a *ownArena, reclaim bool) error {
	a.freed = atomic.LoadUint64(&a.head.Freed)
	run := extent{arena: a} // free blocks in a row
	var first uint32        // length of the first of them
	for b := a.first(); b < a.end; {
		word, units, err := a.load(b)
		if err != nil {
			return err
		}
		size := uint64(units) * layout.Unit
		free := layout.BlockState(word) == layout.BlockFree
		if !free && reclaim {
			free = h.reclaimBlockLocked(a, b, word)
		}
		switch {
		case !free:
			a.raise(b + size) // a Virgin that is too low would hand out dirty memory
			if err := h.endRunLocked(&run, first); err != nil {
				return err
			}
		case run.units == 0:
			a.raise(b + layout.BlockHeaderSize)
			run.off, run.units, first = b, units, units
		default:
			a.raise(b + layout.BlockHeaderSize)
			h.free.remove(extent{b, units, a})
			run.units += units
		}
		b += size
	}
	return h.endRunLocked(&run, first)
}

// endRunLocked makes one free block of a run, and starts the next run.
func (h *Heap) endRunLocked(run *extent, first uint32) error {
	if run.units == 0 {
		return nil
	}
	if run.units > first {
		h.free.remove(extent{run.off, first, run.arena})
		if err := run.arena.join(run.off, first, run.units); err != nil {
			return err
		}
	}
	h.free.add(*run)
	run.units = 0
	return nil
}

// reclaimBlockLocked frees the used block at b if it leaked. If somebody else
// freed it just now, it is as good.
func (h *Heap) reclaimBlockLocked(a *ownArena, b, word uint64) bool {
	block, units := a.at(b), layout.BlockUnits(word)
	if h.host.Confirm(b, layout.BlockIndex(word), atomic.LoadUint32(&block.Generation)) {
		return false
	}
	hit("heap.reclaim")
	// sync: block freed
	return atomic.CompareAndSwapUint64(&block.Word, word, freeWord(units)) ||
		atomic.LoadUint64(&block.Word) == freeWord(units)
}
