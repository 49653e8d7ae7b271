package heap

import (
	"math"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// maxArena is the largest arena: one free block must be able to cover it.
const maxArena = math.MaxUint32 * layout.Unit

// unit is the grain of an arena; a block may start at each.
type unit struct {
	block layout.Block
	rest  [layout.Unit - layout.BlockHeaderSize]byte
}

// arena is the view of one arena; anybody may have one. It must not be copied.
// Its address range was checked once, so that what follows is plain indexing.
type arena struct {
	head     *layout.Arena
	units    []unit // the whole arena, its header included
	off, end uint64
}

// openArena checks the head of the arena at off. end is where the segment ends.
func openArena(m *mem.Memory, off, end uint64) (*arena, error) {
	if off%layout.Unit != 0 || off > end || end-off < layout.MinArena {
		return nil, corrupt("Header.End", 0, end)
	}
	head, err := mem.At[layout.Arena](m, off)
	if err != nil {
		return nil, err
	}
	if magic := atomic.LoadUint64(&head.Magic); magic != layout.ArenaMagic {
		return nil, corrupt("Arena.Magic", off, magic)
	}
	size := atomic.LoadUint64(&head.Size)
	if size < layout.MinArena || size > end-off || size > maxArena || size%layout.Unit != 0 {
		return nil, corrupt("Arena.Size", off, size)
	}
	units, err := mem.Slice[unit](m, off, size/layout.Unit)
	if err != nil {
		return nil, err
	}
	return &arena{head: head, units: units, off: off, end: off + size}, nil
}

// first is the offset of the first block.
func (a *arena) first() uint64 { return a.off + layout.ArenaHeaderSize }

// holds tells whether a block may start at b.
func (a *arena) holds(b uint64) bool {
	return b >= a.first() && b < a.end && (b-a.off)%layout.Unit == 0
}

// at is the header at b, which must satisfy holds.
func (a *arena) at(b uint64) *layout.Block { return &a.units[(b-a.off)/layout.Unit].block }

// load reads the word of the block at b once and checks it. Both the state and
// the length are good for use if err is nil.
func (a *arena) load(b uint64) (word uint64, units uint32, err error) {
	word = atomic.LoadUint64(&a.at(b).Word) // sync: block used, block freed
	units = layout.BlockUnits(word)
	if !a.valid(b, word) {
		return 0, 0, corrupt("Block.Word", b, word)
	}
	return word, units, nil
}

func (a *arena) valid(b, word uint64) bool {
	size := uint64(layout.BlockUnits(word)) * layout.Unit
	if size == 0 || size > a.end-b {
		return false
	}
	switch layout.BlockState(word) {
	case layout.BlockFree:
		return layout.BlockIndex(word) == 0
	case layout.BlockUsed:
		return true
	}
	return false
}

// match is the word of the used block at b if it is the object's, else
// ErrNotUsed. Only the header at b is read, not the chain up to it: a block that
// was freed may have been joined and handed out again, and b then lies inside
// another payload, where a forged header can lead to a wrong free but not out of
// the arena.
func (a *arena) match(b uint64, index, generation uint32) (word uint64, err error) {
	if !a.holds(b) {
		return 0, corrupt("Object.Block", a.off, b)
	}
	word = atomic.LoadUint64(&a.at(b).Word) // sync: block used, block freed
	if layout.BlockState(word) != layout.BlockUsed || layout.BlockIndex(word) != index ||
		atomic.LoadUint32(&a.at(b).Generation) != generation {
		return 0, ErrNotUsed
	}
	if !a.valid(b, word) {
		return 0, corrupt("Block.Word", b, word)
	}
	return word, nil
}

// release frees the block at b if it is still the object's: ownership passes from
// the object to the arena's owner, who may not be told. The number of units is
// for a caller who is that owner.
func (a *arena) release(b uint64, index, generation uint32) (units uint32, err error) {
	word, err := a.match(b, index, generation)
	if err != nil {
		return 0, err
	}
	units = layout.BlockUnits(word)
	hit("heap.release")
	// sync: block freed
	if !atomic.CompareAndSwapUint64(&a.at(b).Word, word, freeWord(units)) {
		return 0, ErrNotUsed
	}
	return units, nil
}

// freeWord is the word of a free block.
func freeWord(units uint32) uint64 { return layout.BlockWord(units, 0, layout.BlockFree) }
