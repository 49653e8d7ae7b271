package model_test

import (
	"flag"
	"testing"
	"time"

	"shmkit/internal/model"
)

const limit = 1 << 24

// explore tries everything that processes can do to a mutex, with up to so many
// deaths.
func (v variant) explore(processes, deaths int) (model.Result, *model.Broken[state]) {
	sys := model.System[state]{Steps: v.steps, Law: v.law, Same: same}
	sys.Start.Left = uint8(deaths)
	for p := range sys.Start.P {
		sys.Start.P[p] = process{Generation: 1, Death: deathTID}
		if p >= processes {
			sys.Start.P[p] = process{Phase: absent}
			sys.Start.T[p].PC = gone
		}
	}
	return sys.Explore(limit)
}

var full = flag.Bool("full", false, "explore more deaths: minutes and gigabytes")

// The mutex keeps its laws, whoever is killed at whatever step. What is killed may
// owe a wake-up or not: if not, no sleep needs its bound.
func TestMutex(t *testing.T) {
	settings := []struct{ processes, deaths int }{{2, 2}, {3, 0}}
	if !testing.Short() {
		settings = append(settings, struct{ processes, deaths int }{3, 1})
	}
	if *full {
		settings = append(settings, struct{ processes, deaths int }{2, 4}, struct{ processes, deaths int }{3, 2})
	}
	for _, n := range settings {
		for i := range 4 {
			v, owe, hungry := whole, i&1 != 0, i&2 != 0
			v.tries, v.mayOwe, v.hungry = n.processes == 2, owe, hungry
			begin := time.Now()
			result, broken := v.explore(n.processes, n.deaths)
			t.Logf("%d processes, %d deaths, some of those who owe a wake-up %v, hungry %v: %v, %v", n.processes, n.deaths, owe, hungry, result, time.Since(begin))
			if broken != nil {
				t.Error(broken)
			} else if !result.Whole {
				t.Errorf("not all states: more than %d", limit)
			}
		}
	}
}

// The laws bite: each of these mutexes is broken, and found to be.
func TestBrokenMutex(t *testing.T) {
	if testing.Short() {
		t.Skip("explores a million states; not with -short")
	}
	for _, b := range brokenMutexes {
		v := whole
		b.spoil(&v)
		result, broken := v.explore(2, 1)
		if broken == nil {
			result, broken = v.explore(3, 1)
		}
		if broken == nil {
			t.Errorf("%s: not found (%v)", b.name, result)
			continue
		}
		t.Logf("%s: %v, after %d steps", b.name, broken.Law, len(broken.Trace))
	}
}
