//go:build linux && (amd64 || arm64)

package crash_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"shmkit/internal/shmtest"
)

// A process is killed in the middle of something; the next one, which is cleaning
// up after it, is killed in the middle of that. The laws are those of
// TestEveryPoint.
func TestWhoCleansUpIsKilledToo(t *testing.T) {
	shmtest.Need("victim", "corpse", "resident", "visitor")
	if testing.Short() {
		t.Skip("starts some hundred processes: not with -short")
	}
	r := rand.New(rand.NewPCG(drawSeed(t), 2))
	for _, first := range []string{
		"mutex.Lock that waits", "value.Store, 128 bytes", "object.create named (directory)",
		"object.create anonymous (heap.Alloc)", "object.close the last (heap.Free)", "object.remove the last",
		"segment.open that sweeps (recover)", "segment.close (detach)",
	} {
		own := rand.New(rand.NewPCG(r.Uint64(), 3))
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, find("segment.open (attach)"))
			undisturbed := *s
			undisturbed.op = find(first)
			events := undisturbed.survey().events
			tries := 0
			for _, k := range sample(own, len(events)+1, 2) {
				undisturbed.kill(k, events)
				next := own.IntN(50)
				s.killIn("segment.open (attach)", next)
				s.look(fmt.Sprintf("killed at event %d of %q, and the next one at event %d", k, first, next))
				tries++
			}
			s.audit()
			t.Logf("%-34s killed at %d points, and the next one at random", first, tries)
		})
	}
}
