package ring_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/ring"
)

// TestWantOfManyBlocks: who needs many blocks does not take fewer for enough, and spin.
func TestWantOfManyBlocks(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 255, 4096, layout.MaxBlocks} {
		if got := ring.BlocksWanted(n); got != n {
			t.Errorf("%d blocks of %d", got, n)
		}
	}
}
