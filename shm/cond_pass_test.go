package shm_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
	"shmkit/shm"
)

// Whoever is made to look for a notification without an owner, and gives up instead, passes
// that on, also where nobody has noted before that there is one.
func TestPassOnToOneWhoLeaves(t *testing.T) {
	const leaves, stays, rounds = 8, 9, 2000
	owed := layout.CondCell(layout.CondNotified, 0, 5)
	for range rounds {
		var head layout.Cond
		cells := []uint64{owed, layout.CondCell(layout.CondAsleep, leaves, 1), layout.CondCell(layout.CondAsleep, stays, 2)}
		head.High = uint32(len(cells))
		var over atomic.Bool
		var left sync.WaitGroup
		left.Go(func() {
			for {
				x, last := atomic.LoadUint64(&cells[1]), over.Load()
				if move := word.CondQuit(x, leaves); x&layout.CondStateMask == layout.CondLooking || last {
					atomic.CompareAndSwapUint64(&cells[1], x, move.Next)
					break
				}
			}
			if atomic.LoadUint32(&head.Left) != 0 {
				shm.PassOn(&head, cells)
			}
		})
		shm.PassOn(&head, cells)
		over.Store(true)
		left.Wait()
		if cells[0] == owed && cells[2]&layout.CondStateMask == layout.CondAsleep {
			t.Fatal("a notification without an owner, and the one whom it is for sleeps")
		}
	}
}
