package heap_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/shmtest"
)

const arenaSize = 16 << 10

// record is an object of the tests: what shm keeps in its object table.
type record struct {
	generation  uint32
	block, data uint64
	size        uint64
	creating    bool // between the claim of the record and Ready
}

// segment is shared by hosts that stand for processes. It is a Go slice, so the
// race detector sees all of it.
type segment struct {
	bytes []byte
	mem   *mem.Memory
	end   atomic.Uint64

	mu      sync.Mutex // guards the rest
	limit   uint64     // End never passes it
	dead    map[uint32]bool
	allDead bool // but for those who ask
	objects map[uint32]record
	grown   int
	arena   uint64 // least size of a new arena
}

func newSegment(room uint64) *segment {
	b := make([]byte, layout.FirstArena+room)
	s := &segment{
		bytes: b, mem: mem.Fixed(b), limit: uint64(len(b)), arena: arenaSize,
		dead: map[uint32]bool{}, objects: map[uint32]record{},
	}
	s.end.Store(layout.FirstArena)
	return s
}

func (s *segment) process(self uint32) *heap.Heap { return heap.New(process{s, self}) }

func (s *segment) set(index uint32, r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[index] = r
}

func (s *segment) drop(index uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, index)
}

// make allocates the payload of object index as shm does.
func (s *segment) make(h *heap.Heap, index uint32, size, align uint64) (record, error) {
	r := record{generation: index * 7, size: size, creating: true}
	s.set(index, r)
	var err error
	if r.block, r.data, err = h.Alloc(size, align, index, r.generation); err != nil {
		s.drop(index)
		return r, err
	}
	r.creating = false
	s.set(index, r)
	return r, nil
}

func (s *segment) payload(t rapid.TB, r record) []byte {
	t.Helper()
	b, err := mem.Slice[byte](s.mem, r.data, r.size)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type process struct {
	*segment
	self uint32
}

func (p process) Memory() *mem.Memory { return p.mem }
func (p process) End() uint64         { return p.end.Load() }
func (p process) Self() uint32        { return p.self }

func (p process) Dead(owner uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.allDead || p.dead[owner]
}

func (p process) Confirm(block uint64, index, generation uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.objects[index]
	return ok && r.generation == generation && (r.creating || r.block == block)
}

func (p process) Grow(least uint64) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	end := p.end.Load()
	size := (max(least, p.arena) + 4095) &^ 4095
	if size > p.limit-end {
		return 0, fmt.Errorf("%w: at the limit", heap.ErrNoSpace)
	}
	if err := heap.FormatArena(p.mem, end, size, p.self); err != nil {
		return 0, err
	}
	p.grown++
	p.end.Store(end + size)
	return end, nil
}

func walk(t rapid.TB, s *segment) []heap.Extent {
	t.Helper()
	var all []heap.Extent
	if err := heap.Walk(s.mem, s.end.Load(), func(x heap.Extent) error {
		all = append(all, x)
		return nil
	}); err != nil {
		t.Fatalf("walk: %v", err)
	}
	return all
}

// tiled fails unless the blocks tile the arenas and the arenas the segment, and
// every header is what make wrote. Nobody else may use the segment meanwhile.
func tiled(t rapid.TB, s *segment) []heap.Extent {
	t.Helper()
	all := walk(t, s)
	at, arena := uint64(layout.FirstArena), uint64(0)
	for _, x := range all {
		if x.Arena != arena {
			if x.Arena != at {
				t.Fatalf("arena at %#x, want %#x", x.Arena, at)
			}
			arena, at = x.Arena, at+layout.ArenaHeaderSize
		}
		if x.Off != at {
			t.Fatalf("block at %#x, want %#x", x.Off, at)
		}
		if !x.Free && x.Generation != x.Index*7 {
			t.Fatalf("block of another generation: %+v", x)
		}
		zeroed(t, s.bytes[x.Off+12:x.Off+layout.BlockHeaderSize])
		at += x.Bytes
	}
	if at != s.end.Load() {
		t.Fatalf("blocks end at %#x, the segment at %#x", at, s.end.Load())
	}
	return all
}

// adoptAll makes one process own everything and join what is free. Everybody else
// must be dead or closed.
func adoptAll(t rapid.TB, s *segment, self uint32) *heap.Heap {
	t.Helper()
	s.mu.Lock()
	s.limit = s.end.Load()
	s.mu.Unlock()
	h := s.process(self)
	if _, _, err := h.Alloc(1<<38, 64, 1<<20, 1); !errors.Is(err, heap.ErrNoSpace) {
		t.Fatalf("allocation of 256 GiB: %v", err)
	}
	return h
}

// empty fails unless every arena is one free block.
func empty(t rapid.TB, s *segment) {
	t.Helper()
	for _, x := range tiled(t, s) {
		if !x.Free || x.Off != x.Arena+layout.ArenaHeaderSize {
			t.Errorf("not one free block: %+v", x)
		}
	}
}

func zeroed(t rapid.TB, b []byte) {
	t.Helper()
	only(t, b, 0)
}

func fill(b []byte, index uint32) {
	for i := range b {
		b[i] = byte(index) | 1
	}
}

func filled(t rapid.TB, b []byte, index uint32) {
	t.Helper()
	only(t, b, byte(index)|1)
}

func only(t rapid.TB, b []byte, want byte) {
	t.Helper()
	if n := bytes.Count(b, []byte{want}); n != len(b) {
		t.Fatalf("%d of %d bytes are not %#x", len(b)-n, len(b), want)
	}
}

// watchdog ends the run with all stacks if the test hangs.
func watchdog(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
}
