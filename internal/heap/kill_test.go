//go:build failpoint || race

package heap_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// places are all stores to shared memory.
var places = []string{
	"heap.adopt", "heap.close", "heap.format.block", "heap.format.head", "heap.format.magic",
	"heap.freed", "heap.join", "heap.reclaim", "heap.release", "heap.releaseArena", "heap.rest.clear",
	"heap.rest.word", "heap.seq.even", "heap.seq.odd", "heap.take.generation", "heap.take.used",
	"heap.take.zero", "heap.virgin",
}

// TestKillAtEveryStore: random histories in which, before every single store,
// everybody dies: a copy of the memory as it is then is given to a survivor. It
// finds each object with its payload, gets back all that leaked, and can use all
// that is free.
func TestKillAtEveryStore(t *testing.T) {
	watchdog(t)
	seen := map[string]int{}
	for seed := range uint64(2) {
		w := newWorld(t)
		busy := false // the survivor's own stores are not looked at
		heap.OnHit(func(name string) {
			if !busy {
				busy = true
				seen[name]++
				survive(t, w, fmt.Sprintf("seed %d, store %d at %s", seed, seen[name], name))
				busy = false
			}
		})
		rng := rand.New(rand.NewPCG(seed, 7))
		for range 150 {
			w.step(rng)
		}
		w.end()
		heap.OnHit(nil)
		if t.Failed() {
			return
		}
	}
	for _, name := range places {
		if seen[name] == 0 {
			t.Errorf("no history came by %s", name)
		}
		delete(seen, name)
	}
	for name := range seen {
		t.Errorf("%s is not in the list", name)
	}
}

func (w *world) step(rng *rand.Rand) {
	k := rng.IntN(3)
	switch rng.IntN(20) {
	case 0:
		w.kill(k, rng.IntN(2) == 0)
	case 1:
		w.leak(k, rng.Uint64N(2000))
	case 2:
		w.close(k)
	case 3, 4, 5, 6, 7, 8, 9:
		w.free(k, rng.IntN(1000), rng.IntN(3) > 0)
	default:
		size := rng.Uint64N(500)
		if rng.IntN(4) == 0 {
			size = rng.Uint64N(arenaSize)
		}
		w.alloc(k, size, 64<<rng.IntN(4))
	}
}

// survive is the survivor. The history may be inside Alloc, inside Free of
// w.freeing, or between.
func survive(t *testing.T, w *world, when string) {
	defer func() {
		if t.Failed() {
			t.Log(when)
		}
	}()
	// The history holds the segment's lock when it dies while it grows.
	s := w.s.clone()
	tiled(t, s)
	aboveVirgin(t, s)
	if w.freeing != 0 {
		// The object is being freed by a dead process; whoever sweeps that does it
		// again, whether or not it was done.
		r := s.objects[w.freeing]
		heap.FreeBlock(s.mem, s.end.Load(), r.block, w.freeing, r.generation)
		delete(s.objects, w.freeing)
	}
	h := adoptAll(t, s, 1<<29)
	used, last := 0, heap.Extent{}
	for _, x := range tiled(t, s) {
		switch r, ok := s.objects[x.Index]; {
		case x.Free && last.Free && last.Arena == x.Arena:
			t.Fatalf("free neighbours %+v %+v", last, x)
		case x.Free:
		case !ok || r.block != x.Off || r.generation != x.Generation:
			t.Fatalf("leaked: %+v", x)
		default:
			used++
			filled(t, s.payload(t, r), x.Index)
		}
		last = x
	}
	if used != len(s.objects) {
		t.Fatalf("%d blocks of %d objects", used, len(s.objects))
	}
	useUp(t, s, h)
}

// useUp allocates all that is free, in the largest pieces, and then grows.
func useUp(t *testing.T, s *segment, h *heap.Heap) {
	for index := uint32(1 << 16); ; index++ {
		stats, err := h.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if stats.FreeBlocks == 0 {
			break
		}
		r, err := s.make(h, index, stats.Largest-layout.BlockHeaderSize, 64)
		if err != nil {
			t.Fatalf("a free block of %d bytes: %v", stats.Largest, err)
		}
		zeroed(t, s.payload(t, r))
	}
	if s.limit = uint64(len(s.bytes)); s.limit-s.end.Load() >= arenaSize {
		r, err := s.make(h, 1<<17, arenaSize-1000, 64)
		if err != nil {
			t.Fatal(err)
		}
		zeroed(t, s.payload(t, r))
	}
	tiled(t, s)
}

// clone is what is left if everybody dies now. Records in creation go with their
// creators.
func (s *segment) clone() *segment {
	b := slices.Clone(s.bytes)
	c := &segment{bytes: b, mem: mem.Fixed(b), limit: s.end.Load(), arena: s.arena, objects: maps.Clone(s.objects)}
	c.end.Store(s.end.Load())
	c.allDead = true
	maps.DeleteFunc(c.objects, func(_ uint32, r record) bool { return r.creating })
	return c
}

// aboveVirgin fails if a byte was written that counts as fresh.
func aboveVirgin(t rapid.TB, s *segment) {
	t.Helper()
	seen := uint64(0)
	for _, x := range walk(t, s) {
		if x.Arena == seen {
			continue
		}
		seen = x.Arena
		head, err := mem.At[layout.Arena](s.mem, x.Arena)
		if err != nil {
			t.Fatal(err)
		}
		zeroed(t, s.bytes[head.Virgin:x.Arena+head.Size])
	}
}
