package model_test

import (
	"testing"

	"shmkit/internal/model"
)

const limit = 1 << 24

func (v variant) explore() (model.Result, *model.Broken[state]) {
	sys := model.System[state]{Steps: v.steps, Law: v.law}
	for p := range sys.Start.P {
		sys.Start.P[p] = process{Generation: 1, Death: deathTID}
	}
	if v.of == whole.of {
		sys.Same = same
	}
	return sys.Explore(limit)
}

func TestMutex(t *testing.T) {
	v := whole
	v.noHerald = false
	result, broken := v.explore()
	t.Log(result, result.Whole)
	if broken != nil {
		t.Fatal(broken)
	}
}
