package heap

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// arena is one arena, its numbers checked.
type arena struct {
	off, end uint64 // [off, end) in the segment
	head     *layout.Arena
}

// first is the offset of the first block.
func (a arena) first() uint64 { return a.off + layout.ArenaHeaderSize }

func arenaAt(m *mem.Memory, end, off uint64) (arena, error) {
	h, err := mem.At[layout.Arena](m, off)
	if err != nil {
		return arena{}, err
	}
	size := atomic.LoadUint64(&h.Size)
	switch {
	case h.Magic != layout.ArenaMagic:
		return arena{}, &CorruptError{"arena.Magic", off, h.Magic}
	case size < layout.ArenaHeaderSize+layout.Unit || size%layout.Unit != 0 || size > end-off:
		return arena{}, &CorruptError{"arena.Size", off, size}
	}
	if err := m.Backed(off + size); err != nil {
		return arena{}, err
	}
	return arena{off, off + size, h}, nil
}

// arenas calls f for each arena until f returns false. It ends: each arena has a
// size.
func arenas(m *mem.Memory, end uint64, f func(arena) bool) error {
	for off := uint64(layout.FirstArena); off < end; {
		a, err := arenaAt(m, end, off)
		if err != nil {
			return err
		}
		if !f(a) {
			return nil
		}
		off = a.end
	}
	return nil
}

// block is one block, its word read once and checked.
type block struct {
	off   uint64
	units uint32
	word  uint64
	head  *layout.Block
}

func (b block) end() uint64 { return b.off + uint64(b.units)*layout.Unit }
func (b block) free() bool  { return layout.BlockState(b.word) == layout.BlockFree }

func (a arena) blockAt(m *mem.Memory, off uint64) (block, error) {
	h, err := mem.At[layout.Block](m, off)
	if err != nil {
		return block{}, err
	}
	w := atomic.LoadUint64(&h.Word)
	b := block{off, layout.BlockUnits(w), w, h}
	if s := layout.BlockState(w); s != layout.BlockFree && s != layout.BlockUsed {
		return block{}, &CorruptError{"block.Word state", off, w}
	}
	if b.units == 0 || uint64(b.units) > (a.end-off)/layout.Unit {
		return block{}, &CorruptError{"block.Word units", off, w}
	}
	return b, nil
}

// blocks calls f for each block until f returns false. f may join b with what
// follows it and returns where to go on.
func (a arena) blocks(m *mem.Memory, f func(block) (next uint64, ok bool)) error {
	for off := a.first(); off < a.end; {
		b, err := a.blockAt(m, off)
		if err != nil {
			return err
		}
		next, ok := f(b)
		if !ok {
			return nil
		}
		off = next
	}
	return nil
}

// FormatArena writes the head of an arena of size bytes at off, owned by owner,
// and one free block that fills it. Nobody sees it before Header.End passes it.
func FormatArena(m *mem.Memory, off, size uint64, owner uint32) error {
	h, err := mem.At[layout.Arena](m, off)
	if err != nil {
		return err
	}
	if size < layout.ArenaHeaderSize+layout.Unit || size%layout.Unit != 0 {
		return &CorruptError{"arena.Size", off, size}
	}
	if err := m.Backed(off + size); err != nil {
		return err
	}
	b, err := mem.At[layout.Block](m, off+layout.ArenaHeaderSize)
	if err != nil {
		return err
	}
	*h = layout.Arena{
		Magic: layout.ArenaMagic, Size: size, Owner: owner,
		Virgin: off + layout.ArenaHeaderSize + layout.BlockHeaderSize,
	}
	*b = layout.Block{Word: layout.BlockWord(uint32((size-layout.ArenaHeaderSize)/layout.Unit), 0, layout.BlockFree)}
	return nil
}

// ReleaseArenas makes the arenas of owner nobody's. For a sweep: owner is dead,
// or done with them.
func ReleaseArenas(m *mem.Memory, end uint64, owner uint32) error {
	return arenas(m, end, func(a arena) bool {
		// sync: arena released
		atomic.CompareAndSwapUint32(&a.head.Owner, owner, 0)
		return true
	})
}
