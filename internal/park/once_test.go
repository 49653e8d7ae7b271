package park_test

import (
	"context"
	"testing"

	"shmkit/internal/park"
)

// A crowd's words that were named twice are dropped. What is left is slept on from the
// beginning, but for words that tell of deaths: here one that has changed.
func TestCrowdDropsWords(t *testing.T) {
	watchdog(t)
	a, death, b := new(uint32), new(uint32), new(uint32)
	turns := 0
	err := park.Crowd(context.Background(), func(r *park.Round) (bool, error) {
		if turns++; turns == 2 {
			if r.Recheck {
				t.Error("slept until the bound beside a word that had changed")
			}
			return true, nil
		}
		r.On(a, 0)
		r.OnDeath(death, 0)
		r.OnDeath(death, 0)
		r.On(b, 1)
		return false, nil
	})
	if err != nil {
		t.Error(err)
	}
}
