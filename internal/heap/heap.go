package heap

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"shmkit/internal/layout"
)

// Heap is one process's way to allocate from a segment: the arenas that it owns
// and the index of their free blocks.
//
// Use New. It must not be copied. All methods may be called concurrently, from
// cleanups of the runtime too. Each process has its own Heap over one segment. If
// a process dies, at whatever instruction, its arenas go to the next process that
// is short of memory, and so do blocks that no object confirms.
type Heap struct {
	host Host

	// mu is held while Host.Confirm runs, and while a payload is zeroed. Nothing that
	// waits for another process's goodwill runs under it, and nothing that waits for
	// a cleanup.
	mu      sync.Mutex
	arenas  []*ownArena // by offset
	free    *extents
	closed  bool
	growing bool // an arena that names us may be on its way from Host.Grow

	// growMu is held while Host.Grow runs, which may wait for other processes.
	growMu sync.Mutex
}

// New makes the Heap of a process that owns no arena yet, or has just created the
// first one.
func New(h Host) *Heap { return &Heap{host: h, free: newExtents()} }

// Alloc makes a block for the object (index, generation), and returns the offsets
// of its header and of its payload: size zeroed bytes at a multiple of align. A
// size of 0 is legal and gives an offset of its own. The block is the object's
// from then on; until the object says so itself it is kept because Host.Confirm
// knows that the object is being made. Errors: ErrNoSpace and what Host.Grow
// returns, ErrCorrupt, ErrClosed.
//
// Preconditions:
//   - align is a power of two from 1 to 4096.
//   - index is below 1<<30.
//   - Host.Confirm already confirms blocks of (index, generation).
func (h *Heap) Alloc(size, align uint64, index, generation uint32) (block, data uint64, err error) {
	r, err := newRequest(size, align)
	if err != nil {
		return 0, 0, err
	}
	if index >= 1<<30 {
		panic(fmt.Sprintf("heap: index %d does not fit a block word", index))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	x, err := h.findLocked(r)
	if err != nil {
		return 0, 0, err
	}
	if err := h.takeLocked(x, r.units(x.off), index, generation); err != nil {
		return 0, 0, err
	}
	return x.off, r.data(x.off), nil
}

// takeLocked takes the first units of x and puts the rest back into the index.
func (h *Heap) takeLocked(x extent, units, index, generation uint32) error {
	if err := x.arena.take(x, units, index, generation); err != nil {
		return err
	}
	h.free.remove(x)
	if rest := x.units - units; rest > 0 {
		h.free.add(extent{x.off + uint64(units)*layout.Unit, rest, x.arena})
	}
	return nil
}

// Free frees the block of the object (index, generation), in whatever arena of
// whatever owner. Errors: ErrNotUsed if it is not a used block of that object,
// which is what a second Free of it gets; ErrCorrupt, and if the damage is in a
// neighbour the block is free nevertheless.
//
// Preconditions:
//   - At most one process at a time frees the blocks of one object.
func (h *Heap) Free(block uint64, index, generation uint32) error {
	h.mu.Lock()
	a := h.ownerOfLocked(block)
	if a != nil {
		defer h.mu.Unlock()
		units, err := a.release(block, index, generation)
		if err != nil {
			return err
		}
		return h.mergeLocked(extent{block, units, a})
	}
	h.mu.Unlock()
	return FreeBlock(h.host.Memory(), h.host.End(), block, index, generation)
}

// mergeLocked joins the free extent x, which is not in the index, with its
// neighbours. The one after it may be free without our knowledge: whoever freed
// it did not tell us. From Free only we lead on, so that makes no difference.
func (h *Heap) mergeLocked(x extent) error {
	from, to := x, x.end()
	var err error
	if to < x.arena.end {
		var word uint64
		var units uint32
		if word, units, err = x.arena.load(to); err == nil && layout.BlockState(word) == layout.BlockFree {
			next := extent{to, units, x.arena}
			h.free.remove(next)
			to = next.end()
		}
	}
	if prev, ok := h.free.endingAt(x.off); ok {
		h.free.remove(prev)
		from = prev
	}
	joined := extent{from.off, uint32((to - from.off) / layout.Unit), x.arena}
	if joined.units > from.units {
		if e := x.arena.join(from.off, from.units, joined.units); e != nil {
			return e
		}
	}
	h.free.add(joined)
	return err
}

// ownerOfLocked is the arena of ours in which block lies, or nil.
func (h *Heap) ownerOfLocked(block uint64) *ownArena {
	i, found := h.searchLocked(block)
	if !found && i > 0 && block < h.arenas[i-1].end {
		return h.arenas[i-1]
	}
	return nil
}

func (h *Heap) searchLocked(off uint64) (int, bool) {
	return slices.BinarySearchFunc(h.arenas, off, func(a *ownArena, off uint64) int {
		return cmp.Compare(a.off, off)
	})
}

// Close gives up all arenas: they become nobody's, with whatever is in them, and
// the next process that is short of memory takes them. Alloc then fails with
// ErrClosed; Free still works. Close is idempotent.
func (h *Heap) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	self := h.host.Self()
	for _, a := range h.arenas {
		hit("heap.close")
		// This passes the arena to whoever takes it next. sync: arena owner
		atomic.CompareAndSwapUint32(&a.head.Owner, self, 0)
	}
	h.arenas, h.free, h.closed = nil, newExtents(), true
	return nil
}
