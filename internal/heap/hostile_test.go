package heap_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
)

// damaged is a segment with two arenas and some objects, the last of them free.
func damaged(t testing.TB) (*segment, []record) {
	s := newSegment(4 * arenaSize)
	h := s.process(1)
	var rs []record
	for i, size := range []uint64{100, 0, arenaSize - 2000, 300, 5000, 64} {
		r, err := s.make(h, uint32(i+1), size, 64)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	if err := h.Free(rs[4].block, 5, rs[4].generation); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return s, rs
}

// TestCorrupt: each damage is an error that names the field, for those who look
// and for those who allocate.
func TestCorrupt(t *testing.T) {
	const arena = layout.FirstArena
	for _, test := range []struct {
		name  string
		off   uint64
		value uint64
		want  string
	}{
		{"no magic", arena, 0, "Arena.Magic"},
		{"size 0", arena + 8, 0, "Arena.Size"},
		{"size beyond the end", arena + 8, 1 << 40, "Arena.Size"},
		{"size with an odd rest", arena + 8, arenaSize - 8, "Arena.Size"},
		{"sizes that do not add up", arena + 8, arenaSize - 128, "Block.Word"},
		{"virgin before the arena", arena + 24, 1, "Arena.Virgin"},
		{"virgin behind the arena", arena + 24, arena + arenaSize + 1, "Arena.Virgin"},
		{"block of 0 units", arena + 256, layout.BlockWord(0, 1, layout.BlockUsed), "Block.Word"},
		{"block beyond the arena", arena + 256, layout.BlockWord(1<<20, 1, layout.BlockUsed), "Block.Word"},
		{"state 0", arena + 256, layout.BlockWord(1, 0, 0), "Block.Word"},
		{"state 3", arena + 256, layout.BlockWord(1, 1, 3), "Block.Word"},
		{"free with an index", arena + 256, layout.BlockWord(1, 1, layout.BlockFree), "Block.Word"},
	} {
		s, _ := damaged(t)
		binary.LittleEndian.PutUint64(s.bytes[test.off:], test.value)
		err := heap.Walk(s.mem, s.end.Load(), func(heap.Extent) error { return nil })
		var c *heap.CorruptError
		if !errors.As(err, &c) || !errors.Is(err, heap.ErrCorrupt) || c.Field != test.want {
			t.Errorf("%s: Walk: %v", test.name, err)
		}
		if _, err := s.make(s.process(2), 9, 10000, 64); !errors.Is(err, heap.ErrCorrupt) {
			t.Errorf("%s: Alloc: %v", test.name, err)
		}
	}
}

// TestCorruptUnderway: damage to what the owner believes to know.
func TestCorruptUnderway(t *testing.T) {
	s := newSegment(arenaSize)
	h := s.process(1)
	r, err := s.make(h, 1, 100, 64)
	if err != nil {
		t.Fatal(err)
	}
	rest := r.block + 2*layout.Unit
	good := slices.Clone(s.bytes[rest : rest+8])
	for _, word := range []uint64{0, layout.BlockWord(1, 0, layout.BlockFree), layout.BlockWord(1, 5, layout.BlockUsed)} {
		binary.LittleEndian.PutUint64(s.bytes[rest:], word)
		if _, err := s.make(h, 2, 1000, 64); !errors.Is(err, heap.ErrCorrupt) {
			t.Errorf("word %#x: %v", word, err)
		}
	}
	copy(s.bytes[rest:], good)
	if _, err := s.make(h, 2, 1000, 64); err != nil {
		t.Errorf("repaired: %v", err)
	}
}

func TestWalkStops(t *testing.T) {
	s, _ := damaged(t)
	stop := errors.New("stop")
	n := 0
	err := heap.Walk(s.mem, s.end.Load(), func(heap.Extent) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("%d calls, %v", n, err)
	}
	for _, end := range []uint64{0, layout.FirstArena - 1, layout.FirstArena + 128, s.end.Load() - 128, 1 << 63} {
		if _, err := heap.Summarize(s.mem, end); err == nil || !strings.Contains(err.Error(), ":") {
			t.Errorf("end %#x: %v", end, err)
		}
	}
	if _, err := heap.Summarize(s.mem, layout.FirstArena); err != nil {
		t.Errorf("no arena at all: %v", err)
	}
}

// FuzzHostile: whatever a peer writes into the arenas, every call returns, and
// nothing outside of the arenas changes.
func FuzzHostile(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(bytes.Repeat([]byte{2, 0, 255, 255, 255, 255, 0, 0, 0, 128}, 9))
	f.Add([]byte{0, 32, 3, 0, 0, 0, 1, 0, 0, 64, 4, 0, 1, 0, 0, 0, 0, 0, 0, 64})
	f.Fuzz(func(t *testing.T, script []byte) {
		s, rs := damaged(t)
		s.limit = s.end.Load()
		scribble(s, script)
		before := slices.Clone(s.bytes)
		h := s.process(2)
		walkAny(s)
		for i, r := range rs {
			heap.BlockSpan(s.mem, s.end.Load(), r.block, uint32(i+1), r.generation)
		}
		for i, size := range []uint64{0, 100, 3000, arenaSize} {
			s.make(h, uint32(20+i), size, 128)
		}
		scribble(s, script)
		for i, r := range rs {
			free := h.Free
			if i%2 == 0 {
				free = s.process(3).Free
			}
			free(r.block, uint32(i+1), r.generation)
			s.make(h, uint32(30+i), 200*uint64(i), 64)
		}
		h.Stats()
		heap.ReleaseArenas(s.mem, s.end.Load(), 2)
		walkAny(s)
		h.Close()
		s.make(s.process(4), 40, 1<<38, 64)
		end := s.end.Load()
		if !bytes.Equal(before[:layout.FirstArena], s.bytes[:layout.FirstArena]) || !bytes.Equal(before[end:], s.bytes[end:]) {
			t.Error("bytes outside of the arenas changed")
		}
	})
}

// scribble writes 64-bit words at places that the script names: two bytes for
// where, in steps of 8 bytes, and eight for what.
func scribble(s *segment, script []byte) {
	n := (s.end.Load() - layout.FirstArena) / 8
	for ; len(script) >= 10; script = script[10:] {
		at := layout.FirstArena + uint64(binary.LittleEndian.Uint16(script))%n*8
		copy(s.bytes[at:at+8], script[2:10])
	}
}

func walkAny(s *segment) { heap.Walk(s.mem, s.end.Load(), func(heap.Extent) error { return nil }) }
