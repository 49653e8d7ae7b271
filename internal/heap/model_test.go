package heap_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/heap"
)

// world is a segment with three processes, and what a model knows of it. Its laws:
//
//   - the blocks tile the arenas, the arenas the segment;
//   - each object has its block, and the payload that it was filled with;
//   - a used block without an object is one that leaked;
//   - what Alloc gives is zeroed and aligned.
type world struct {
	t       rapid.TB
	s       *segment
	heaps   [3]*heap.Heap
	selves  [3]uint32
	next    uint32   // index of the next object
	live    []uint32 // in no order
	freeing uint32   // index of the object that is being freed
	leaked  map[uint32]bool
}

func newWorld(t rapid.TB) *world {
	w := &world{t: t, s: newSegment(8 * arenaSize), leaked: map[uint32]bool{}}
	for k := range w.heaps {
		w.start(k)
	}
	return w
}

// start gives place k a new process. Owner ids are never used twice.
func (w *world) start(k int) {
	if w.selves[k]++; w.selves[k] == 1 {
		w.selves[k] = uint32(k)*100000 + 1
	}
	w.heaps[k] = w.s.process(w.selves[k])
}

func (w *world) alloc(k int, size, align uint64) {
	w.next++
	r, err := w.s.make(w.heaps[k], w.next, size, align)
	if errors.Is(err, heap.ErrNoSpace) {
		return
	}
	if err != nil {
		w.t.Fatalf("Alloc: %v", err)
	}
	b := w.s.payload(w.t, r)
	zeroed(w.t, b)
	if r.data%align != 0 {
		w.t.Fatalf("data %#x is not aligned to %d", r.data, align)
	}
	fill(b, w.next)
	w.live = append(w.live, w.next)
}

// free frees object number i by process k, or by nobody's heap.
func (w *world) free(k, i int, withHeap bool) {
	if len(w.live) == 0 {
		return
	}
	i %= len(w.live)
	index := w.live[i]
	r := w.s.objects[index]
	filled(w.t, w.s.payload(w.t, r), index)
	free := w.heaps[k].Free
	if !withHeap {
		free = func(block uint64, index, generation uint32) error {
			return heap.FreeBlock(w.s.mem, w.s.end.Load(), block, index, generation)
		}
	}
	w.freeing = index
	if err := free(r.block, index, r.generation); err != nil {
		w.t.Fatalf("Free: %v", err)
	}
	w.s.drop(index)
	w.freeing = 0
	w.live = slices.Delete(w.live, i, i+1)
	if err := free(r.block, index, r.generation); !errors.Is(err, heap.ErrNotUsed) {
		w.t.Fatalf("second Free: %v", err)
	}
}

// leak ends process k between Alloc and the publication of the object.
func (w *world) leak(k int, size uint64) {
	w.next++
	if _, err := w.s.make(w.heaps[k], w.next, size, 64); err == nil {
		w.leaked[w.next] = true
		w.s.drop(w.next)
	}
	w.kill(k, false)
}

// kill ends process k; whether its slot is swept at once is one of two histories.
func (w *world) kill(k int, swept bool) {
	w.s.mu.Lock()
	w.s.dead[w.selves[k]] = true
	w.s.mu.Unlock()
	if swept {
		if err := heap.ReleaseArenas(w.s.mem, w.s.end.Load(), w.selves[k]); err != nil {
			w.t.Fatal(err)
		}
	}
	w.start(k)
}

func (w *world) close(k int) {
	if err := w.heaps[k].Close(); err != nil {
		w.t.Fatal(err)
	}
	w.start(k)
}

func (w *world) check() {
	have := map[uint32]bool{}
	for _, x := range tiled(w.t, w.s) {
		r, ok := w.s.objects[x.Index]
		switch {
		case x.Free, w.leaked[x.Index]:
		case !ok || r.block != x.Off || r.generation != x.Generation:
			w.t.Fatalf("used block of no object: %+v", x)
		default:
			have[x.Index] = true
		}
	}
	for _, index := range w.live {
		if !have[index] {
			w.t.Fatalf("object %d has no block", index)
		}
		filled(w.t, w.s.payload(w.t, w.s.objects[index]), index)
	}
}

// end frees everything; then all arenas are whole again.
func (w *world) end() {
	for len(w.live) > 0 {
		w.free(len(w.live)%3, 0, len(w.live)%2 == 0)
	}
	for k := range w.heaps {
		w.close(k)
	}
	adoptAll(w.t, w.s, 1<<29)
	empty(w.t, w.s)
}

// TestModel: random histories keep the laws of world.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		k := rapid.IntRange(0, 2)
		size := rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64Range(0, 2*arenaSize))
		rt.Repeat(map[string]func(*rapid.T){
			"alloc": func(rt *rapid.T) {
				align := uint64(1) << rapid.IntRange(0, 12).Draw(rt, "align")
				w.alloc(k.Draw(rt, "k"), size.Draw(rt, "size"), align)
			},
			"free": func(rt *rapid.T) {
				w.free(k.Draw(rt, "k"), rapid.IntRange(0, 1000).Draw(rt, "i"), rapid.Bool().Draw(rt, "heap"))
			},
			"kill":  func(rt *rapid.T) { w.kill(k.Draw(rt, "k"), rapid.Bool().Draw(rt, "swept")) },
			"leak":  func(rt *rapid.T) { w.leak(k.Draw(rt, "k"), size.Draw(rt, "size")) },
			"close": func(rt *rapid.T) { w.close(k.Draw(rt, "k")) },
			"":      func(*rapid.T) { w.check() },
		})
		w.end()
	})
}

// TestConcurrent: goroutines of three processes allocate, and free what any of
// them allocated. Nothing overlaps, nothing is dirty, nothing is lost.
func TestConcurrent(t *testing.T) {
	watchdog(t)
	s := newSegment(64 * arenaSize)
	type object struct {
		index uint32
		record
	}
	pool := make(chan object, 1<<14)
	heaps := []*heap.Heap{s.process(1), s.process(2), s.process(3)}
	var wg sync.WaitGroup
	for g := range uint32(6) {
		wg.Go(func() {
			h, rng := heaps[g%3], rand.New(rand.NewPCG(uint64(g), 1))
			for i := range uint32(1500) {
				index := g*10000 + i + 1
				r, err := s.make(h, index, rng.Uint64N(600), 64)
				if err == nil {
					b := s.payload(t, r)
					zeroed(t, b)
					fill(b, index)
					pool <- object{index, r}
				} else if !errors.Is(err, heap.ErrNoSpace) {
					t.Errorf("Alloc: %v", err)
				}
				if i%8 != 0 {
					continue
				}
				for range 7 {
					select {
					case o := <-pool:
						filled(t, s.payload(t, o.record), o.index)
						if err := h.Free(o.block, o.index, o.generation); err != nil {
							t.Errorf("Free: %v", err)
						}
						s.drop(o.index)
					default:
					}
				}
			}
		})
	}
	wg.Wait()
	tiled(t, s)
	close(pool)
	for o := range pool {
		if err := heap.FreeBlock(s.mem, s.end.Load(), o.block, o.index, o.generation); err != nil {
			t.Error(err)
		}
	}
	for _, h := range heaps {
		h.Close()
	}
	adoptAll(t, s, 4)
	empty(t, s)
}
