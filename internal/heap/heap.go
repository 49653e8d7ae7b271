package heap

import (
	"fmt"
	"sync"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

const (
	unit     = layout.Unit
	maxAlign = 4096
	maxUnits = 1<<32 - 1
)

// Host is what the heap needs from the segment. Its methods are called with the
// heap's lock held and must not call the heap.
type Host interface {
	Memory() *mem.Memory
	End() uint64            // Header.End
	Self() uint32           // owner id of this process
	Dead(owner uint32) bool // proof that owner is dead
	// Confirm tells whether a used block belongs to something: an object or page
	// that points back to it, or one that is being made. A block that nobody
	// confirms is reclaimed.
	Confirm(block uint64, index, generation uint32) bool
	// Grow adds an arena of at least need bytes that this process owns.
	Grow(need uint64) (arena uint64, err error)
}

// Heap is this process's part of the heap of one segment: the arenas that it owns
// and its index of their free blocks. Safe for concurrent use.
type Heap struct {
	host Host

	// mu guards everything below, and is what makes this process one writer of
	// its arenas. Held while the segment grows.
	mu    sync.Mutex
	index index
	mine  []*owned
	// step, if not nil, is called after each shared store; for tests that stop
	// there as if killed.
	step func(at string)
}

// owned is an arena that this process owns.
type owned struct {
	arena
	freed uint64 // Arena.Freed when it was last walked
}

// New makes the Heap of a process that has just attached. It owns nothing yet,
// except arenas that were formatted for it.
func New(h Host) *Heap { return &Heap{host: h, index: newIndex()} }

// Alloc takes a block for the object (index, generation) and returns its offset
// and that of its payload: size bytes, zero, aligned to align, a power of two up
// to 4096. Until the object confirms the block, its state must say that it is
// being made. Errors: ErrNoSpace, ErrCorrupt, what Host.Grow returns.
func (h *Heap) Alloc(size, align uint64, index, generation uint32) (block, data uint64, err error) {
	align = max(align, layout.BlockHeaderSize)
	if align > maxAlign || align&(align-1) != 0 {
		panic(fmt.Sprintf("heap: alignment %d", align))
	}
	if size > maxUnits*unit-2*maxAlign {
		return 0, 0, fmt.Errorf("%w: %d bytes", ErrNoSpace, size)
	}
	// The payload starts at the first multiple of align after the header; blocks
	// are multiples of unit, so this is the most that it can need.
	need := layout.BlockHeaderSize + size
	if align > layout.BlockHeaderSize {
		need = align + size
	}
	units := uint32((need + unit - 1) / unit)
	h.mu.Lock()
	defer h.mu.Unlock()
	e, err := h.find(units)
	if err != nil {
		return 0, 0, err
	}
	if err := h.take(e, units, index, generation); err != nil {
		return 0, 0, err
	}
	return e.off, (e.off + layout.BlockHeaderSize + align - 1) &^ (align - 1), nil
}

// find gives a free extent of at least units, trying in this order: the index;
// what others freed; arenas that nobody owns; a new arena. Requires mu.
func (h *Heap) find(units uint32) (extent, error) {
	for _, more := range []func(uint32) error{
		func(uint32) error { return nil }, h.rescanFreed, h.rescanAll, h.adopt, h.grow,
	} {
		if err := more(units); err != nil {
			return extent{}, err
		}
		if e, ok := h.index.best(units); ok {
			return e, nil
		}
	}
	return extent{}, fmt.Errorf("%w: %d units after growing", ErrNoSpace, units)
}

// take makes the first units of e a used block. Killed before the last store, e
// is free as it was; after it, the block names its object. Requires mu.
func (h *Heap) take(e extent, units, index, generation uint32) error {
	m := h.host.Memory()
	o := h.ownerOf(e.off)
	if o == nil {
		return &CorruptError{"index", e.off, uint64(e.units)}
	}
	b, err := mem.At[layout.Block](m, e.off)
	if err != nil {
		return err
	}
	h.begin(o)
	defer h.done(o)
	end := e.off + uint64(units)*unit
	if err := h.clean(o, e.off+layout.BlockHeaderSize, end); err != nil {
		return err
	}
	rest := extent{e.units - units, end}
	if rest.units > 0 {
		// In the middle of a free block, where nobody looks yet.
		r, err := mem.At[layout.Block](m, rest.off)
		if err != nil {
			return err
		}
		r.Generation = 0
		atomic.StoreUint64(&r.Word, layout.BlockWord(rest.units, 0, layout.BlockFree))
		h.at("remainder")
	}
	atomic.StoreUint32(&b.Generation, generation)
	h.at("generation")
	// sync: block handed out. This passes the block to the object and, by its new
	// length, shows the remainder.
	atomic.StoreUint64(&b.Word, layout.BlockWord(units, index, layout.BlockUsed))
	h.at("used")
	h.index.remove(e)
	if rest.units > 0 {
		h.index.add(rest)
	}
	return nil
}

// clean zeroes [from, to) as far as it was ever written, and moves Virgin behind
// it and the header that may follow. Virgin moves first: memory below it that is
// still zero does no harm, dirty memory above it would.
func (h *Heap) clean(o *owned, from, to uint64) error {
	virgin := atomic.LoadUint64(&o.head.Virgin)
	if virgin < o.first() || virgin > o.end {
		return &CorruptError{"arena.Virgin", o.off, virgin}
	}
	if v := min(to+layout.BlockHeaderSize, o.end); v > virgin {
		atomic.StoreUint64(&o.head.Virgin, v)
		h.at("virgin")
	}
	if dirty := min(to, virgin); dirty > from {
		s, err := mem.Slice[byte](h.host.Memory(), from, dirty-from)
		if err != nil {
			return err
		}
		clear(s)
		h.at("zeroed")
	}
	return nil
}

// Close gives the arenas back; others adopt them.
func (h *Heap) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mine, h.index = nil, newIndex()
	return ReleaseArenas(h.host.Memory(), h.host.End(), h.host.Self())
}

// begin and done bracket changes of the chain of blocks, for those who walk it
// without owning it.
func (h *Heap) begin(o *owned) { atomic.AddUint32(&o.head.Seq, 1) }
func (h *Heap) done(o *owned)  { atomic.AddUint32(&o.head.Seq, 1) }

func (h *Heap) at(point string) {
	if h.step != nil {
		h.step(point)
	}
}

func (h *Heap) ownerOf(off uint64) *owned {
	for _, o := range h.mine {
		if off >= o.first() && off < o.end {
			return o
		}
	}
	return nil
}
