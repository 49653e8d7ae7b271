package heap

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// Extent is one block, as Walk shows it.
type Extent struct {
	Arena      uint64 // offset of its arena
	Owner      uint32 // owner id of the arena, 0 = nobody
	Off        uint64
	Bytes      uint64 // header included
	Free       bool
	Index      uint32 // object or page, if not free
	Generation uint32
}

// walkTries bounds how often Walk starts an arena again because its owner works
// on it.
const walkTries = 100

// Walk calls fn for every block of every arena, without owning any. An arena that
// its owner keeps changing is left out after some tries; damage is an error only
// if the arena did not change meanwhile. It ends on any input.
func Walk(m *mem.Memory, end uint64, fn func(Extent) error) error {
	var failed error
	err := arenas(m, end, func(a arena) bool {
		failed = walkArena(m, a, fn)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

func walkArena(m *mem.Memory, a arena, fn func(Extent) error) error {
	for range walkTries {
		seq := atomic.LoadUint32(&a.head.Seq)
		list, err := a.extents(m)
		if atomic.LoadUint32(&a.head.Seq) != seq {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := fn(e); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

func (a arena) extents(m *mem.Memory) (list []Extent, err error) {
	owner := atomic.LoadUint32(&a.head.Owner)
	if virgin := atomic.LoadUint64(&a.head.Virgin); virgin < a.first() || virgin > a.end {
		return nil, &CorruptError{"arena.Virgin", a.off, virgin}
	}
	err = a.blocks(m, func(b block) (uint64, bool) {
		e := Extent{Arena: a.off, Owner: owner, Off: b.off, Bytes: b.end() - b.off, Free: b.free()}
		if !e.Free {
			e.Index, e.Generation = layout.BlockIndex(b.word), atomic.LoadUint32(&b.head.Generation)
		}
		list = append(list, e)
		return b.end(), true
	})
	return list, err
}

// Stats sums a heap up. Sizes are bytes.
type Stats struct {
	Arenas     int
	Blocks     int // in use
	FreeBlocks int
	Bytes      uint64 // all blocks, headers included
	FreeBytes  uint64
	Largest    uint64 // longest free block
}

// Summarize counts what Walk shows.
func Summarize(m *mem.Memory, end uint64) (s Stats, err error) {
	last := uint64(0)
	err = Walk(m, end, func(e Extent) error {
		if e.Arena != last {
			last = e.Arena
			s.Arenas++
		}
		s.Bytes += e.Bytes
		if e.Free {
			s.FreeBlocks++
			s.FreeBytes += e.Bytes
			s.Largest = max(s.Largest, e.Bytes)
		} else {
			s.Blocks++
		}
		return nil
	})
	return s, err
}
