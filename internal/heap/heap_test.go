package heap_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// TestAllocZeroed: fresh and recycled memory is zeroed, in three rounds.
//
// conformance: ARR-02
func TestAllocZeroed(t *testing.T) {
	s := newSegment(1 << 20)
	h := s.process(1)
	for round := range 3 {
		var made []record
		for i, size := range []uint64{0, 1, 63, 64, 65, 128, 1000, 4096, 9999, 20000} {
			r, err := s.make(h, uint32(i+1), size, 64)
			if err != nil {
				t.Fatal(err)
			}
			b := s.payload(t, r)
			zeroed(t, b)
			fill(b, 255)
			made = append(made, r)
		}
		if round == 1 {
			made[0], made[7] = made[7], made[0]
		}
		for _, r := range made {
			if err := h.Free(r.block, r.generation/7, r.generation); err != nil {
				t.Fatal(err)
			}
		}
		empty(t, s)
	}
}

func TestAllocAlignment(t *testing.T) {
	s := newSegment(1 << 20)
	h := s.process(1)
	index := uint32(0)
	for align := uint64(1); align <= 4096; align *= 2 {
		for _, size := range []uint64{0, 1, 64, 128, 4096, 5000} {
			index++
			r, err := s.make(h, index, size, align)
			if err != nil {
				t.Fatal(err)
			}
			from, to, err := heap.BlockSpan(s.mem, s.end.Load(), r.block, index, r.generation)
			if err != nil || r.data < from || r.data+size > to || r.data%align != 0 || r.data >= to {
				t.Errorf("size %d align %d: data %#x in %#x..%#x, %v", size, align, r.data, from, to, err)
			}
			if align <= 64 && r.data != r.block+64 {
				t.Errorf("align %d: data is %d bytes after the block", align, r.data-r.block)
			}
		}
	}
	tiled(t, s)
}

// TestAllocBestFit: the shortest hole that fits is taken, and the rest of it stays
// free.
func TestAllocBestFit(t *testing.T) {
	s := newSegment(arenaSize)
	h := s.process(1)
	var rs []record
	for i, units := range []uint64{5, 1, 3, 1, 8, 1} {
		r, err := s.make(h, uint32(i+1), units*layout.Unit-64, 64)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	for _, i := range []int{0, 2, 4} {
		if err := h.Free(rs[i].block, uint32(i+1), rs[i].generation); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ units, want uint64 }{
		{4, rs[0].block},
		{3, rs[2].block},
		{1, rs[0].block + 4*layout.Unit},
		{6, rs[4].block},
	} {
		r, err := s.make(h, uint32(20+step.units), step.units*layout.Unit-64, 64)
		if err != nil || r.block != step.want {
			t.Errorf("%d units: block %#x, want %#x, %v", step.units, r.block, step.want, err)
		}
	}
	tiled(t, s)
}

// TestVirgin: memory that was never written is not written again.
func TestVirgin(t *testing.T) {
	s := newSegment(1 << 20)
	h := s.process(1)
	if _, err := s.make(h, 1, 100, 64); err != nil {
		t.Fatal(err)
	}
	s.bytes[layout.FirstArena+arenaSize-2000] = 9 // stands for a page nobody touched
	r, err := s.make(h, 2, arenaSize-1000, 64)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.bytes[layout.FirstArena+arenaSize-2000]; got != 9 {
		t.Error("fresh memory was zeroed")
	}
	if err := h.Free(r.block, 2, r.generation); err != nil {
		t.Fatal(err)
	}
	if r, err = s.make(h, 2, arenaSize-1000, 64); err != nil {
		t.Fatal(err)
	}
	zeroed(t, s.payload(t, r))
}

func TestFreeTwice(t *testing.T) {
	s := newSegment(1 << 20)
	h, other := s.process(1), s.process(2)
	for name, free := range map[string]func(uint64, uint32, uint32) error{
		"owner":     h.Free,
		"elsewhere": other.Free,
		"no heap": func(block uint64, index, generation uint32) error {
			return heap.FreeBlock(s.mem, s.end.Load(), block, index, generation)
		},
	} {
		r, err := s.make(h, 3, 200, 64)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []func() error{
			func() error { return free(r.block, 4, r.generation) },
			func() error { return free(r.block, 3, r.generation+1) },
			func() error { return free(r.block+layout.Unit, 3, r.generation) },
		} {
			if err := wrong(); !errors.Is(err, heap.ErrNotUsed) {
				t.Errorf("%s: free of another's block: %v", name, err)
			}
		}
		for _, off := range []uint64{0, 8, r.block + 8, layout.FirstArena, s.end.Load(), 1 << 63} {
			if err := free(off, 3, r.generation); !errors.Is(err, heap.ErrCorrupt) {
				t.Errorf("%s: free of offset %#x: %v", name, off, err)
			}
		}
		if err := free(r.block, 3, r.generation); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := free(r.block, 3, r.generation); !errors.Is(err, heap.ErrNotUsed) {
			t.Errorf("%s: second free: %v", name, err)
		}
	}
}

// TestForeignFree: what others free is found before the segment grows, with or
// without the notice, which a freer that is killed does not leave.
func TestForeignFree(t *testing.T) {
	for _, notice := range []bool{true, false} {
		s := newSegment(1 << 20)
		h := s.process(1)
		r, err := s.make(h, 1, arenaSize-1000, 64)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.process(2).Free(r.block, 1, r.generation); err != nil {
			t.Fatal(err)
		}
		head := firstArena(t, s)
		if got := atomic.LoadUint64(&head.Freed); got != 1 {
			t.Errorf("Freed is %d", got)
		}
		if !notice {
			atomic.StoreUint64(&head.Freed, 0)
		}
		again, err := s.make(h, 2, arenaSize-1000, 64)
		if err != nil || again.block != r.block || s.grown != 1 {
			t.Errorf("notice %v: block %#x after %#x, %d arenas, %v", notice, again.block, r.block, s.grown, err)
		}
	}
}

func firstArena(t *testing.T, s *segment) *layout.Arena {
	t.Helper()
	head, err := mem.At[layout.Arena](s.mem, layout.FirstArena)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// TestForeignNeighbour: a block that others freed is joined with the known free
// block before it, and the index forgets the short one.
func TestForeignNeighbour(t *testing.T) {
	s := newSegment(arenaSize)
	h := s.process(1)
	const all = (arenaSize - layout.ArenaHeaderSize) / layout.Unit
	var rs []record
	for i, units := range []uint64{2, 3, all - 5} {
		r, err := s.make(h, uint32(i+1), units*layout.Unit-64, 64)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	if err := h.Free(rs[0].block, 1, rs[0].generation); err != nil {
		t.Fatal(err)
	}
	if err := s.process(2).Free(rs[1].block, 2, rs[1].generation); err != nil {
		t.Fatal(err)
	}
	if r, err := s.make(h, 4, 5*layout.Unit-64, 64); err != nil || r.block != rs[0].block {
		t.Fatalf("block %#x, want %#x, %v", r.block, rs[0].block, err)
	}
	if _, err := s.make(h, 5, 2*layout.Unit-64, 64); !errors.Is(err, heap.ErrNoSpace) {
		t.Errorf("the arena is full: %v", err)
	}
}

// TestOwnerDiedInside: an owner that died in a rewrite left Seq odd; the next
// one's rewrites end even.
func TestOwnerDiedInside(t *testing.T) {
	for _, seq := range []uint32{4, 5} {
		s, _ := damaged(t)
		head := firstArena(t, s)
		atomic.StoreUint32(&head.Seq, seq)
		tiled(t, s)
		if _, err := s.make(s.process(2), 9, 200, 64); err != nil || atomic.LoadUint32(&head.Seq)%2 != 0 {
			t.Errorf("Seq went from %d to %d, %v", seq, head.Seq, err)
		}
	}
}

// TestVirginTooLow: a peer lowered Virgin; the memory of used blocks is zeroed
// nevertheless when it is recycled.
func TestVirginTooLow(t *testing.T) {
	s := newSegment(arenaSize)
	h := s.process(1)
	const all = arenaSize - layout.ArenaHeaderSize - layout.BlockHeaderSize
	r, err := s.make(h, 1, all, 64)
	if err != nil {
		t.Fatal(err)
	}
	fill(s.payload(t, r), 1)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	firstArena(t, s).Virgin = layout.FirstArena + layout.ArenaHeaderSize + layout.BlockHeaderSize
	h = adoptAll(t, s, 2)
	if err := h.Free(r.block, 1, r.generation); err != nil {
		t.Fatal(err)
	}
	if r, err = s.make(h, 1, all, 64); err != nil {
		t.Fatal(err)
	}
	zeroed(t, s.payload(t, r))
}

// TestLeak: a block whose object came to nothing is reclaimed before the segment
// grows; one whose object is being made never is.
func TestLeak(t *testing.T) {
	s := newSegment(1 << 20)
	h := s.process(1)
	s.set(1, record{generation: 7, creating: true})
	making, _, err := h.Alloc(2000, 64, 1, 7)
	if err != nil {
		t.Fatal(err)
	}
	leaked, err := s.make(h, 2, arenaSize-4000, 64)
	if err != nil {
		t.Fatal(err)
	}
	s.drop(2)
	r, err := s.make(h, 3, arenaSize-4000, 64)
	if err != nil || r.block != leaked.block || s.grown != 1 {
		t.Errorf("block %#x after %#x, %d arenas, %v", r.block, leaked.block, s.grown, err)
	}
	if _, err := s.make(h, 4, arenaSize, 64); err != nil {
		t.Fatal(err)
	}
	if err := h.Free(making, 1, 7); err != nil {
		t.Errorf("the block of an object in creation is gone: %v", err)
	}
}

// TestAdopt: arenas of nobody and of the dead are used before the segment grows,
// those of the living are not.
func TestAdopt(t *testing.T) {
	for name, end := range map[string]func(*segment, *heap.Heap) error{
		"closed": func(_ *segment, h *heap.Heap) error { return h.Close() },
		"dead":   func(s *segment, _ *heap.Heap) error { s.dead[1] = true; return nil },
		"swept":  func(s *segment, _ *heap.Heap) error { return heap.ReleaseArenas(s.mem, s.end.Load(), 1) },
	} {
		s := newSegment(1 << 20)
		first, second := s.process(1), s.process(2)
		r, err := s.make(first, 1, 100, 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.make(second, 2, 100, 64); err != nil || s.grown != 2 {
			t.Fatalf("%s: %d arenas, %v", name, s.grown, err)
		}
		if err := end(s, first); err != nil {
			t.Fatal(err)
		}
		if _, err := s.make(second, 3, arenaSize-1000, 64); err != nil {
			t.Fatal(err)
		}
		if _, err := s.make(second, 4, arenaSize-1000, 64); err != nil || s.grown != 2 {
			t.Errorf("%s: %d arenas, %v", name, s.grown, err)
		}
		if err := second.Free(r.block, 1, r.generation); err != nil {
			t.Errorf("%s: block of the first owner: %v", name, err)
		}
		stats, err := heap.Summarize(s.mem, s.end.Load())
		mine, err2 := second.Stats()
		if err != nil || err2 != nil || stats != mine || stats.Arenas != 2 || stats.Blocks != 3 {
			t.Errorf("%s: %+v, own %+v, %v, %v", name, stats, mine, err, err2)
		}
	}
}

func TestClose(t *testing.T) {
	s := newSegment(1 << 20)
	h := s.process(1)
	r, err := s.make(h, 1, 100, 64)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.make(h, 2, 1, 64); !errors.Is(err, heap.ErrClosed) {
		t.Errorf("Alloc after Close: %v", err)
	}
	if err := h.Free(r.block, 1, r.generation); err != nil {
		t.Errorf("Free after Close: %v", err)
	}
	if x := walk(t, s)[0]; x.Owner != 0 {
		t.Errorf("owner after Close is %#x", x.Owner)
	}
}

func TestNoSpace(t *testing.T) {
	s := newSegment(arenaSize)
	h := s.process(1)
	for _, size := range []uint64{arenaSize, 1 << 38, 1 << 40, 1 << 63, 1<<64 - 1} {
		if _, err := s.make(h, 1, size, 64); !errors.Is(err, heap.ErrNoSpace) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := s.make(h, 1, arenaSize-layout.ArenaHeaderSize-layout.BlockHeaderSize, 64); err != nil {
		t.Errorf("the whole arena: %v", err)
	}
	if _, err := s.make(h, 2, 0, 1); !errors.Is(err, heap.ErrNoSpace) {
		t.Errorf("nothing left: %v", err)
	}
	for _, size := range []uint64{0, 4096 - 128, 4096 + 64, 1 << 50} {
		if err := heap.FormatArena(s.mem, s.end.Load(), size, 1); err == nil {
			t.Errorf("an arena of %d bytes", size)
		}
	}
}

func TestMisuse(t *testing.T) {
	h := newSegment(arenaSize).process(1)
	for _, call := range []func(){
		func() { h.Alloc(1, 0, 1, 1) },
		func() { h.Alloc(1, 3, 1, 1) },
		func() { h.Alloc(1, 8192, 1, 1) },
		func() { h.Alloc(1, 64, 1<<30, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		}()
	}
}

// TestFreeFromCleanup: cleanups of the runtime free while the heap allocates.
//
// conformance: HEAP-02
func TestFreeFromCleanup(t *testing.T) {
	watchdog(t)
	s := newSegment(1 << 20)
	h := s.process(1)
	var freed atomic.Int64
	type handle struct{ _ [64]uint64 }
	const rounds = 2000
	for i := range uint32(rounds) {
		r, err := s.make(h, i+1, uint64(i%500), 64)
		if err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(new(handle), func(index uint32) {
			if err := h.Free(r.block, index, r.generation); err != nil {
				t.Error(err)
			}
			s.drop(index)
			freed.Add(1)
		}, i+1)
		if i%100 == 99 {
			runtime.GC()
		}
	}
	for freed.Load() < rounds {
		runtime.GC()
		runtime.Gosched()
	}
	empty(t, s)
}

func BenchmarkAllocFree(b *testing.B) {
	for _, live := range []int{1, 1000, 100000} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			s := newSegment(128 << 20)
			h := s.process(1)
			s.arena = 32 << 20
			ring := make([]record, live)
			for i := range ring {
				r, err := s.make(h, uint32(i+1), uint64(i%300), 64)
				if err != nil {
					b.Fatal(err)
				}
				r.creating = true // confirms every block from now on
				s.set(uint32(i+1), r)
				ring[i] = r
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				i := n * 7919 % live
				r := &ring[i]
				if err := h.Free(r.block, uint32(i+1), r.generation); err != nil {
					b.Fatal(err)
				}
				var err error
				if r.block, _, err = h.Alloc(uint64(n%300), 64, uint32(i+1), r.generation); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
