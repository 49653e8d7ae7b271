package pipe_test

import (
	"runtime"
	"testing"

	"shmkit/pipe"
)

// Who reads from a socket spins each time where that pays, and hardly ever where it does not.
func TestEager(t *testing.T) {
	if runtime.NumCPU() == 1 {
		t.Skip("skipped: with one processor nobody spins")
	}
	const reads = 1000
	// A reader of another test may spin at the same time, for a moment, and then others do not.
	spun := 0
	for try := 0; spun != reads && try < 100; try++ {
		spun = pipe.Spins(reads, true)
	}
	if spun != reads {
		t.Errorf("where it pays %d of %d spin", spun, reads)
	}
	if spun, most := pipe.Spins(reads, false), 4+reads/16+1; spun > most || spun == 0 {
		t.Errorf("where it does not pay %d of %d spin, want about one in 16, and not more than %d", spun, reads, most)
	}
}
