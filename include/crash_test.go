package include_test

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Processes that lock and unlock without end are killed at random instants; those
// that live always get on.
func TestKilledAnywhere(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	im := newImage(t)
	path := im.write()
	survivor := openPeer(t, path, "counter")
	others := []*peer{openPeer(t, path, "counter"), openPeer(t, path, "counter")}
	for _, p := range others {
		p.send("count", 1<<40)
	}
	for range rounds {
		i := random.IntN(len(others))
		time.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond) // only when to kill, nothing waits for it
		others[i].kill()
		survivor.want(ok, "count", 10)
		others[i] = openPeer(t, path, "counter")
		others[i].send("count", 1<<40)
	}
	for _, p := range others {
		p.kill()
	}
	survivor.want(ok, "count", 10)
	im.read(path)
	if w := *im.word(counter); w != 0 {
		t.Errorf("word = %#x when all others are dead", w)
	}
	sound(t, path)
	if im.participant(0).Recoveries == 0 {
		t.Log("no kill hit a critical section that the survivor took over")
	}
}
