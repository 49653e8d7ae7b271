package heap

import "github.com/tidwall/btree"

// extent is a free block in the index.
type extent struct {
	units uint32
	off   uint64
}

func (e extent) end() uint64 { return e.off + uint64(e.units)*unit }

// index is the private index of free blocks of the arenas that this process owns:
// by length for best fit, by both ends for joining neighbours.
type index struct {
	bySize  *btree.BTreeG[extent]
	byStart map[uint64]extent
	byEnd   map[uint64]extent
}

func newIndex() index {
	less := func(a, b extent) bool {
		if a.units != b.units {
			return a.units < b.units
		}
		return a.off < b.off
	}
	return index{
		bySize:  btree.NewBTreeGOptions(less, btree.Options{NoLocks: true}),
		byStart: map[uint64]extent{},
		byEnd:   map[uint64]extent{},
	}
}

func (x *index) add(e extent) {
	x.bySize.Set(e)
	x.byStart[e.off] = e
	x.byEnd[e.end()] = e
}

func (x *index) remove(e extent) {
	x.bySize.Delete(e)
	delete(x.byStart, e.off)
	delete(x.byEnd, e.end())
}

// best is the shortest extent of at least units, the lowest one of those.
func (x *index) best(units uint32) (e extent, ok bool) {
	x.bySize.Ascend(extent{units: units}, func(found extent) bool {
		e, ok = found, true
		return false
	})
	return e, ok
}

// dropWithin forgets what lies in [from, to).
func (x *index) dropWithin(from, to uint64) {
	var drop []extent
	for off, e := range x.byStart {
		if off >= from && off < to {
			drop = append(drop, e)
		}
	}
	for _, e := range drop {
		x.remove(e)
	}
}
