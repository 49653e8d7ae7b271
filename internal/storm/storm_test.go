package storm

import (
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
)

var (
	stormTime  = flag.Duration("storm.time", 5*time.Second, "how long the storm lasts")
	stormSeed  = flag.Uint64("storm.seed", 0, "seed of the storm; 0 takes a random one")
	stormProcs = flag.Int("storm.procs", 4, "processes in the storm")
)

func TestMain(m *testing.M) { shmtest.Main(m, shm.CloseDefault) }

func init() { shmtest.OnHang(func() { shm.Dump(os.Stderr) }) }

// What must hold is in each actor's file.
func TestStorm(t *testing.T) {
	r := blow(t, Config{Time: *stormTime, Seed: *stormSeed, Procs: *stormProcs})
	if r.Takeovers == 0 {
		t.Errorf("nobody took a lock over: %+v", r)
	}
}

// Three processes put and three take, and nothing else is done, so that each kill hits
// the queue. There are no locks to take over.
func TestQueueStorm(t *testing.T) {
	blow(t, Config{Time: *stormTime, Seed: *stormSeed, Procs: 6, Only: "queue"})
}

// The same with messages that are encoded, in one block or several.
func TestChainStorm(t *testing.T) {
	blow(t, Config{Time: *stormTime, Seed: *stormSeed, Procs: 6, Only: "chain"})
}

// blow runs a storm and logs what happened. One in which nothing happened fails.
func blow(t *testing.T, c Config) Report {
	t.Helper()
	shmtest.Need(helperName)
	if testing.Short() {
		t.Skip("skipped: -short, a storm takes its time")
	}
	if runtime.GOOS != "linux" {
		t.Skip("skipped: segments are for Linux")
	}
	for c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	t.Logf("to run it again: -run %s -storm.seed=%d -storm.procs=%d -storm.time=%v", t.Name(), c.Seed, c.Procs, c.Time)
	r := Run(t, c)
	t.Logf("%d kills, %d stops, %d processes; %d takeovers of locks, %d sweeps; %d arenas, %d MiB",
		r.Kills, r.Stops, r.Starts, r.Takeovers, r.Sweeps, r.Arenas, r.Bytes>>20)
	for _, text := range r.Told {
		t.Log(text)
	}
	for _, n := range r.Operations {
		t.Logf("%9d and %5d cut off: %s", n.Known, n.Other, n.Name)
		if n.Known == 0 {
			t.Errorf("nobody did %s", n.Name)
		}
	}
	if r.Kills == 0 || r.Stops == 0 || r.Sweeps == 0 {
		t.Errorf("a storm without one of them proves nothing: %+v", r)
	}
	return r
}
