package heap

import (
	"fmt"
	"iter"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// arenas walks the arenas from FirstArena to end, which they tile. After an error
// it stops. Every arena is at least MinArena long, which bounds the walk.
func arenas(m *mem.Memory, end uint64) iter.Seq2[*arena, error] {
	return func(yield func(*arena, error) bool) {
		if end < layout.FirstArena {
			yield(nil, corrupt("Header.End", 0, end))
			return
		}
		for off := uint64(layout.FirstArena); off < end; {
			a, err := openArena(m, off, end)
			if !yield(a, err) || err != nil {
				return
			}
			off = a.end
		}
	}
}

// locate is the arena in which a block may start at block.
func locate(m *mem.Memory, end, block uint64) (*arena, error) {
	for a, err := range arenas(m, end) {
		if err != nil || a.holds(block) {
			return a, err
		}
	}
	return nil, corrupt("Object.Block", 0, block)
}

// FormatArena writes an arena of size bytes at off: its header, with owner, and
// one free block that covers it. Nobody looks there before Header.End passes it,
// so a kill at any store leaves nothing; the next one writes over it. Errors:
// ErrNoSpace if size is not what an arena can have, ErrCorrupt if off is not.
//
// Preconditions:
//   - All bytes from off on are zero, but for what FormatArena itself left there.
//   - The caller keeps everybody else from growing the segment.
func FormatArena(m *mem.Memory, off, size uint64, owner uint32) error {
	if off < layout.FirstArena || off%layout.Unit != 0 {
		return corrupt("Header.End", 0, off)
	}
	if size < layout.MinArena || size > maxArena || size%layout.Unit != 0 {
		return fmt.Errorf("%w: %d bytes do not make an arena", ErrNoSpace, size)
	}
	head, err := mem.At[layout.Arena](m, off)
	if err != nil {
		return err
	}
	if err := m.Backed(off + size); err != nil {
		return err
	}
	first, err := mem.At[layout.Block](m, off+layout.ArenaHeaderSize)
	if err != nil {
		return err
	}
	hit("heap.format.block")
	atomic.StoreUint64(&first.Word, freeWord(uint32((size-layout.ArenaHeaderSize)/layout.Unit)))
	atomic.StoreUint32(&first.Generation, 0)
	hit("heap.format.head")
	atomic.StoreUint64(&head.Size, size)
	atomic.StoreUint32(&head.Owner, owner)
	atomic.StoreUint32(&head.Seq, 0)
	atomic.StoreUint64(&head.Virgin, off+layout.ArenaHeaderSize+layout.BlockHeaderSize)
	atomic.StoreUint64(&head.Freed, 0)
	hit("heap.format.magic")
	atomic.StoreUint64(&head.Magic, layout.ArenaMagic)
	return nil
}

// ReleaseArenas makes every arena of owner nobody's. The sweep calls it for a dead
// owner; it may be repeated, and any process may call it.
func ReleaseArenas(m *mem.Memory, end uint64, owner uint32) error {
	if owner == 0 {
		return nil
	}
	for a, err := range arenas(m, end) {
		if err != nil {
			return err
		}
		hit("heap.releaseArena")
		// sync: arena owner
		atomic.CompareAndSwapUint32(&a.head.Owner, owner, 0)
	}
	return nil
}

// FreeBlock is Heap.Free for a process without a Heap. The owner of the arena
// learns of it when it runs short.
func FreeBlock(m *mem.Memory, end, block uint64, index, generation uint32) error {
	a, err := locate(m, end, block)
	if err != nil {
		return err
	}
	if _, err := a.release(block, index, generation); err != nil {
		return err
	}
	hit("heap.freed")
	atomic.AddUint64(&a.head.Freed, 1) // sync: block freed elsewhere
	return nil
}

// BlockSpan is the room for the payload of the used block of the object (index,
// generation): from the end of the block's header to the end of the block. It
// reads the block's own header only; that the block is a link of its arena's chain
// is for Walk to tell. Errors: ErrNotUsed, ErrCorrupt. Any process may call it.
func BlockSpan(m *mem.Memory, end, block uint64, index, generation uint32) (from, to uint64, err error) {
	a, err := locate(m, end, block)
	if err != nil {
		return 0, 0, err
	}
	word, err := a.match(block, index, generation)
	if err != nil {
		return 0, 0, err
	}
	return block + layout.BlockHeaderSize, block + uint64(layout.BlockUnits(word))*layout.Unit, nil
}
