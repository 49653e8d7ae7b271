package heap_test

import (
	"testing"
	"time"

	"shmkit/internal/heap"
	"shmkit/internal/shmtest"
)

// stuck is a process whose Grow waits until it is told to go on, as for one that
// is stopped while it has the segment's lock.
type stuck struct {
	process
	waits, goOn chan struct{}
}

func (s stuck) Grow(least uint64) (uint64, error) {
	s.waits <- struct{}{}
	<-s.goOn
	return s.process.Grow(least)
}

// While one goroutine waits for growth, others free, and use what was freed.
func TestGrowthKeepsNobodyWaiting(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSegment(1 << 20)
	host := stuck{process{s, 1<<20 | 1}, make(chan struct{}), make(chan struct{})}
	h := heap.New(host)
	grow := func(f func()) {
		done := make(chan struct{})
		go func() { f(); close(done) }()
		<-host.waits
		host.goOn <- struct{}{}
		<-done
	}
	var small record
	grow(func() { small, _ = s.make(h, 1, 1000, 64) })
	var large record
	var err error
	done := make(chan struct{})
	go func() {
		large, err = s.make(h, 2, 2*arenaSize, 64)
		close(done)
	}()
	<-host.waits
	if err := h.Free(small.block, 1, small.generation); err != nil {
		t.Error(err)
	}
	s.drop(1)
	again, e := s.make(h, 3, 1000, 64)
	if e != nil || again.block != small.block {
		t.Errorf("block %#x, %v, want that which was freed, %#x", again.block, e, small.block)
	}
	host.goOn <- struct{}{}
	<-done
	if err != nil {
		t.Error(err)
	}
	if err := h.Free(large.block, 2, large.generation); err != nil {
		t.Error(err)
	}
	if s.grown != 2 {
		t.Errorf("the segment grew %d times, want 2", s.grown)
	}
}
