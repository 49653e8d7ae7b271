package heap

import (
	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// Stats sums up arenas. A plain value. Sizes are in bytes and include headers.
type Stats struct {
	Arenas     int
	Blocks     int // in use
	FreeBlocks int
	Bytes      uint64 // of the arenas
	FreeBytes  uint64 // of the free blocks
	Largest    uint64 // the largest free block
}

func (s *Stats) add(x Extent) {
	if x.Off == x.Arena+layout.ArenaHeaderSize {
		s.Arenas++
		s.Bytes += layout.ArenaHeaderSize
	}
	s.Bytes += x.Bytes
	if !x.Free {
		s.Blocks++
		return
	}
	s.FreeBlocks++
	s.FreeBytes += x.Bytes
	s.Largest = max(s.Largest, x.Bytes)
}

// Summarize is the Stats of all arenas of a segment. Any process may call it.
// Errors as Walk.
func Summarize(m *mem.Memory, end uint64) (Stats, error) {
	var s Stats
	err := Walk(m, end, func(x Extent) error {
		s.add(x)
		return nil
	})
	return s, err
}

// Stats is the Stats of the arenas that this process owns and has used. Errors:
// ErrCorrupt.
func (h *Heap) Stats() (Stats, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var s Stats
	for _, a := range h.arenas {
		blocks, err := a.look()
		if err != nil {
			return s, err
		}
		for _, x := range blocks {
			s.add(x)
		}
	}
	return s, nil
}
