package manager_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
)

// Servers are killed at random, and at each point of the way of an operation, while clients
// add 1 and the log is compacted. Whatever is asked again is done once: what they are
// given is 1 to N, each number once.
func TestServersKilled(t *testing.T) {
	const clients = 4
	kills := 20
	if *full {
		kills = 200
	}
	for _, family := range families {
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, 10*time.Minute)
			d := newDurable(t, family, 50_000, "")
			first, err := manager.NewValue(d.retrying(), 0, manager.Named("n"))
			must(t, err)
			var done atomic.Int64
			var stop atomic.Bool
			var wg sync.WaitGroup
			got := make([][]int, clients)
			for i := range clients {
				v, err := manager.OpenValue[int](d.retrying(), "n")
				must(t, err)
				wg.Go(func() {
					for !stop.Load() {
						n, err := v.Add(1)
						if err != nil {
							t.Errorf("client %d: %v", i, err)
							return
						}
						got[i] = append(got[i], n)
						done.Add(1)
					}
				})
			}
			for i := range kills {
				for enough := done.Load() + rand.Int64N(40); done.Load() < enough && !t.Failed(); {
					time.Sleep(50 * time.Microsecond) // the watchdog waits with us
				}
				if i%2 == 0 {
					d.restart()
					continue
				}
				d.server.Kill()
				d.start(manager.Points[rand.IntN(len(manager.Points))], 1+rand.IntN(100))
				d.ended()
				d.start("", 0)
			}
			stop.Store(true)
			wg.Wait()
			all := slices.Sorted(slices.Values(slices.Concat(got...)))
			for i, n := range all {
				if n != i+1 {
					t.Fatalf("of %d values that are given, that at %d is %d: a call was lost, or done twice", len(all), i, n)
				}
			}
			n, err := first.Load()
			must(t, err)
			if n != len(all) {
				t.Errorf("the value is %d after %d additions", n, len(all))
			}
			t.Logf("%d servers killed, %d values given, each once", kills+kills/2, len(all))
		})
	}
}
