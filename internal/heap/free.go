package heap

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// Free gives the block of the object (index, generation) back, whoever owns its
// arena. Errors: ErrNotUsed if it is not that object's, as after a double free;
// ErrCorrupt.
func (h *Heap) Free(block uint64, index, generation uint32) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := h.ownerOf(block)
	if o == nil {
		return FreeBlock(h.host.Memory(), h.host.End(), block, index, generation)
	}
	m := h.host.Memory()
	b, err := o.blockAt(m, block)
	if err != nil {
		return err
	}
	h.begin(o)
	defer h.done(o)
	if !release(b, index, generation) {
		return ErrNotUsed
	}
	h.at("freed")
	return h.join(m, extent{b.units, b.off}, b.head)
}

// join merges a block that is free now with the free blocks on either side, and
// indexes the result. Requires mu.
func (h *Heap) join(m *mem.Memory, e extent, head *layout.Block) error {
	if next, ok := h.index.byStart[e.end()]; ok {
		h.index.remove(next)
		e.units += next.units
		atomic.StoreUint64(&head.Word, layout.BlockWord(e.units, 0, layout.BlockFree))
		h.at("joined next")
	}
	if prev, ok := h.index.byEnd[e.off]; ok {
		p, err := mem.At[layout.Block](m, prev.off)
		if err != nil {
			return err
		}
		h.index.remove(prev)
		e = extent{prev.units + e.units, prev.off}
		atomic.StoreUint64(&p.Word, layout.BlockWord(e.units, 0, layout.BlockFree))
		h.at("joined previous")
	}
	h.index.add(e)
	return nil
}

// release is the one transition from used to free. Of several freers one wins.
func release(b block, index, generation uint32) bool {
	return layout.BlockState(b.word) == layout.BlockUsed && layout.BlockIndex(b.word) == index &&
		atomic.LoadUint32(&b.head.Generation) == generation &&
		// sync: block handed out. This passes the block back to the arena's owner.
		atomic.CompareAndSwapUint64(&b.head.Word, b.word, layout.BlockWord(b.units, 0, layout.BlockFree))
}

// FreeBlock is Free for a process that does not own the arena, or has no Heap: it
// changes the word and counts. Killed in between, the count lacks one, and the
// owner finds the block when it looks at all of them.
func FreeBlock(m *mem.Memory, end, off uint64, index, generation uint32) error {
	a, err := arenaOf(m, end, off)
	if err != nil {
		return err
	}
	b, err := a.blockAt(m, off)
	if err != nil {
		return err
	}
	if !release(b, index, generation) {
		return ErrNotUsed
	}
	atomic.AddUint64(&a.head.Freed, 1)
	return nil
}

// arenaOf finds the arena in which off can be a block.
func arenaOf(m *mem.Memory, end, off uint64) (found arena, err error) {
	err = arenas(m, end, func(a arena) bool {
		if off >= a.first() && off < a.end {
			found = a
		}
		return found.head == nil
	})
	if err == nil && (found.head == nil || off%unit != 0) {
		err = &CorruptError{"block offset", off, off}
	}
	return found, err
}

// BlockSpan gives the payload range [from, to) of the block at off, which must be
// in use by the object (index, generation).
func BlockSpan(m *mem.Memory, end, off uint64, index, generation uint32) (from, to uint64, err error) {
	a, err := arenaOf(m, end, off)
	if err != nil {
		return 0, 0, err
	}
	b, err := a.blockAt(m, off)
	if err != nil {
		return 0, 0, err
	}
	if b.free() || layout.BlockIndex(b.word) != index || atomic.LoadUint32(&b.head.Generation) != generation {
		return 0, 0, ErrNotUsed
	}
	return off + layout.BlockHeaderSize, b.end(), nil
}
