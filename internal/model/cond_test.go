package model_test

import (
	"testing"
	"time"

	"shmkit/internal/model"
)

func (v *condVariant) explore(waiters, sends, deaths int) (model.Result, *model.Broken[condState]) {
	sys := model.System[condState]{Steps: v.steps, Law: condState.law, Same: condState.same}
	sys.Start.ToSend, sys.Start.Deaths = uint8(sends), uint8(deaths)
	for i := waiters; i < condWaiters; i++ {
		sys.Start.T[i].PC = condOver
	}
	return sys.Explore(limit)
}

// A condition keeps its laws, whoever is killed at whatever step: each notification is
// in exactly one place, it ends only when nobody is left who could have it, and when all
// is quiet nobody sleeps who should not, unless somebody was killed who owed a wake-up.
func TestCond(t *testing.T) {
	settings := []struct{ waiters, sends, deaths int }{{2, 2, 0}, {2, 1, 1}, {2, 2, 1}}
	if !testing.Short() {
		settings = append(settings, struct{ waiters, sends, deaths int }{2, 2, 2})
	}
	if *full {
		settings = append(settings, struct{ waiters, sends, deaths int }{3, 1, 1}, struct{ waiters, sends, deaths int }{3, 2, 1})
	}
	for _, n := range settings {
		begin := time.Now()
		result, broken := new(condVariant).explore(n.waiters, n.sends, n.deaths)
		t.Logf("%d waiters, %d notifications, %d deaths: %v, %v", n.waiters, n.sends, n.deaths, result, time.Since(begin))
		if broken != nil {
			t.Error(broken)
		} else if !result.Whole {
			t.Errorf("not all states: more than %d", limit)
		}
	}
}

// The laws bite: each of these conditions is broken, and found to be.
func TestBrokenCond(t *testing.T) {
	if testing.Short() {
		t.Skip("explores a million states; not with -short")
	}
	for name, v := range map[string]condVariant{
		"who goes to sleep does not look around": {noLook: true},
		"who leaves passes nothing on":           {noTidy: true},
		"who adopts and was notified keeps both": {keepsBoth: true},
		"the sweep frees notified cells":         {freesDead: true},
		"the sweep wakes nobody":                 {noNudge: true},
	} {
		result, broken := v.explore(2, 2, 1)
		if broken == nil {
			result, broken = v.explore(3, 2, 1)
		}
		if broken == nil {
			t.Errorf("%s: not found (%v)", name, result)
			continue
		}
		t.Logf("%s: %v, after %d steps", name, broken.Law, len(broken.Trace))
	}
}
