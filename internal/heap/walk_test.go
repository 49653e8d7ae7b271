//go:build !race

package heap_test

import (
	"testing"

	"shmkit/internal/heap"
)

// TestWalkLive: Walk reads an arena whose owner splits and joins all the time, and
// never calls that damage. Not under the race detector, which would report the
// reads of boundaries that are payload by now; Seq is what makes them harmless.
func TestWalkLive(t *testing.T) {
	watchdog(t)
	s := newSegment(arenaSize)
	h := s.process(1)
	if _, err := s.make(h, 9, 1, 64); err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := uint64(0); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			var rs [3]record
			for i := range rs {
				r, err := s.make(h, uint32(i+1), (n*uint64(i+1)*97)%3000, 64) // in changing order of size
				if err != nil {
					t.Error(err)
					return
				}
				b := s.payload(t, r)
				for j := range b {
					b[j] = 0xff // no valid word
				}
				rs[i] = r
			}
			for _, i := range []int{1, 0, 2} {
				if err := h.Free(rs[i].block, uint32(i+1), rs[i].generation); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	for range 200000 {
		if _, err := heap.Summarize(s.mem, s.end.Load()); err != nil && err != heap.ErrBusy {
			t.Error(err)
			break
		}
	}
	close(stop)
	<-done
	tiled(t, s)
}
