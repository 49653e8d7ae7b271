package heap

import (
	"github.com/tidwall/btree"

	"shmkit/internal/layout"
)

// extent is a free block of an arena that this process owns.
type extent struct {
	off   uint64
	units uint32
	arena *ownArena
}

func (x extent) end() uint64 { return x.off + uint64(x.units)*layout.Unit }

// extents is the private index of the free blocks of a heap. Use newExtents. It
// must not be copied; Heap.mu guards it. Other processes neither see it nor depend
// on it: whoever owns the arena next makes its own from the chain.
type extents struct {
	bySize *btree.BTreeG[extent] // by length, then offset
	byEnd  map[uint64]extent     // by the offset after the last byte
}

func newExtents() *extents {
	return &extents{
		bySize: btree.NewBTreeGOptions(func(x, y extent) bool {
			return x.units < y.units || x.units == y.units && x.off < y.off
		}, btree.Options{NoLocks: true}),
		byEnd: map[uint64]extent{},
	}
}

func (s *extents) add(x extent) {
	s.bySize.Set(x)
	s.byEnd[x.end()] = x
}

// remove does nothing if x is not in the index.
func (s *extents) remove(x extent) {
	if _, ok := s.bySize.Delete(x); ok {
		delete(s.byEnd, x.end())
	}
}

// endingAt is the extent directly before off.
func (s *extents) endingAt(off uint64) (extent, bool) {
	x, ok := s.byEnd[off]
	return x, ok
}

// fit is the shortest extent that r fits into, the lowest of those. All extents
// as long as the least that r needs may do; one as long as the most surely does.
func (s *extents) fit(r request) (found extent, ok bool) {
	s.bySize.Ascend(extent{units: r.least()}, func(x extent) bool {
		found, ok = x, r.units(x.off) <= x.units
		return !ok
	})
	return found, ok
}
