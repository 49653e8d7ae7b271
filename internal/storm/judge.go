package storm

import (
	"path/filepath"
	"slices"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// heapUse is what is in use of a heap.
type heapUse struct {
	blocks int
	bytes  uint64 // with headers, without those of arenas
}

// mostObjects is how many objects there are at once at most. Their directory pages
// are made first, because they stay.
const mostObjects = 1024

// setUp makes the segment and the shared objects, and leaves.
func (s *storm) setUp() {
	s.t.Helper()
	seg, err := shm.Create(segmentName0, shm.WithMaxSize(1<<30))
	s.must(err)
	s.widen(seg)
	s.before = s.use(seg)
	o, err := seg.NewObject(pulse, pulseSpec(), nil)
	s.must(err)
	s.must(o.Close())
	for _, a := range s.ledger.cast {
		s.must(a.Setup(seg, s.Procs*lanesEach))
	}
	s.must(seg.Close())
}

func (s *storm) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// widen makes the directory as large as it will ever get.
func (s *storm) widen(seg *shm.Segment) {
	s.t.Helper()
	var all []*shm.Object
	for range mostObjects {
		o, err := seg.NewObject("", pulseSpec(), nil)
		s.must(err)
		all = append(all, o)
	}
	for _, o := range all {
		s.must(o.Close())
	}
}

// use is what is in use after all that leaked was found: an object that fits
// nowhere makes the heap look everywhere before it grows.
func (s *storm) use(seg *shm.Segment) heapUse {
	s.t.Helper()
	info, err := seg.Info()
	s.must(err)
	spec := pulseSpec()
	spec.Count = info.Heap.Largest + 1
	o, err := seg.NewObject("", spec, nil)
	s.must(err)
	s.must(o.Close())
	info, err = seg.Info()
	s.must(err)
	h := info.Heap
	return heapUse{h.Blocks, h.Bytes - h.FreeBytes - uint64(h.Arenas)*layout.ArenaHeaderSize}
}

// judge opens the segment that nobody uses any more, and looks what is left.
func (s *storm) judge() {
	s.t.Helper()
	seg, err := shm.Open(segmentName0)
	s.must(err)
	s.sound(seg, "after the last process ended")
	info, err := seg.Info()
	s.must(err)
	if len(info.Participants) != 1 {
		s.t.Errorf("slots are taken: %+v", info.Participants)
	}
	s.report.Arenas, s.report.Bytes = info.Heap.Arenas, info.Bytes
	s.ledger.mu.Lock()
	for _, a := range s.ledger.cast {
		a.Verdict(seg, s.t.Errorf)
	}
	s.ledger.mu.Unlock()
	s.empty(seg)
	s.must(seg.Close())
	s.must(shm.Remove(segmentName0))
	s.must(shm.CloseDefault())
	if _, err := shm.Sweep(); err != nil {
		s.t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(shm.Dir(), "*")); len(left) > 0 {
		s.t.Errorf("files are left: %v", left)
	}
	if left := segmentDescriptors(); len(left) > 0 {
		s.t.Errorf("%v: %v", errDescriptors, left)
	}
}

// empty removes all objects: then the heap is as it was.
func (s *storm) empty(seg *shm.Segment) {
	s.t.Helper()
	info, err := seg.Info()
	s.must(err)
	for _, o := range info.Objects {
		if o.Name == "" || o.Users > 0 {
			s.t.Errorf("object is left: %+v", o)
			continue
		}
		s.must(seg.RemoveObject(o.Name))
	}
	after := s.use(seg)
	if after != s.before {
		s.t.Errorf("of the heap is in use %+v, it was %+v", after, s.before)
	}
	s.sound(seg, "after all objects were removed")
}

func (s *storm) sound(seg *shm.Segment, when string) {
	s.t.Helper()
	if found, err := seg.Check(); err != nil || len(found) > 0 {
		s.t.Errorf("Check %s: %v %v", when, found, err)
	}
}

// sum completes the report.
func (s *storm) sum() {
	g := s.ledger
	g.mu.Lock()
	defer g.mu.Unlock()
	s.report.Takeovers, s.report.Sweeps = g.takeovers, g.sweeps
	for i, a := range g.cast {
		if x, ok := a.(narrator); ok {
			s.report.Told = append(s.report.Told, a.Name()+": "+x.Tell())
		}
		for kind, name := range a.Kinds() {
			n := g.counts[i][kind]
			s.report.Operations = append(s.report.Operations, Count{a.Name() + " " + name, n.known, n.unknown})
		}
	}
	slices.SortStableFunc(s.report.Operations, func(a, b Count) int { return int(b.Known) - int(a.Known) })
}
