package model_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/model"
	"shmkit/internal/word"
)

type queueSetting struct {
	slots, producers, each, consumers int
	deaths                            uint8
	long                              bool
}

func (v queueVariant) explore(n queueSetting) (model.Result, *model.Broken[queueState]) {
	v.slots, v.each, v.long = uint8(n.slots), uint8(n.each), n.long
	start := queueState{Left: n.deaths, S: queueSweep{Dead: -1}}
	for i := range start.A {
		switch {
		case i < 2 && i >= n.producers || i >= 2 && i < 4-n.consumers:
			start.A[i].PC = queueDone
		case i >= 2:
			start.A[i].PC = getReturns
		}
	}
	sys := model.System[queueState]{Start: start, Steps: v.steps, Law: v.law}
	return sys.Explore(limit)
}

var queueSettings = []queueSetting{
	{2, 1, 4, 1, 2, false},
	{1, 2, 1, 2, 1, false},
	{2, 1, 3, 2, 1, false},
	{2, 2, 1, 2, 1, false},
	{1, 2, 2, 1, 1, false},
	{1, 1, 2, 1, 2, true},
	{1, 2, 1, 2, 1, true},
}

func TestQueue(t *testing.T) {
	for _, n := range queueSettings {
		if testing.Short() && n.producers+n.consumers > 2 {
			continue
		}
		result, broken := wholeQueue.explore(n)
		t.Logf("%d places, %d producers of %d, %d consumers, %d deaths, long %v: %v",
			n.slots, n.producers, n.each, n.consumers, n.deaths, n.long, result)
		if broken != nil {
			t.Error(broken)
		} else if !result.Whole {
			t.Errorf("not all states: more than %d", limit)
		}
	}
}

// The laws bite: each of these queues is broken, and found to be.
func TestBrokenQueue(t *testing.T) {
	if testing.Short() {
		t.Skip("explores a million states; not with -short")
	}
	for _, b := range []struct {
		name  string
		spoil func(v *queueVariant)
		long  bool // it takes long messages to see
	}{
		{"a producer does not look whether the message is there", func(v *queueVariant) { v.hasty = true }, false},
		{"a block keeps the ticket that it did not get", func(v *queueVariant) { v.stale = true }, false},
		{"a producer names a ticket that it saw before it had the block", func(v *queueVariant) { v.once = true }, false},
		{"who gives back says so only before", func(v *queueVariant) { v.mute = true }, false},
		{"publishing leaves the turn", func(v *queueVariant) {
			v.publish = func(w uint64, b uint32) uint64 { return layout.SlotWord(layout.SlotFull, layout.SlotTurn(w), b) }
		}, false},
		{"a message is there whatever its ticket", func(v *queueVariant) {
			v.there = func(w, _ uint64) bool { return w&layout.CellStateMask == layout.CellQueued }
		}, false},
		{"a sweep frees what was published", func(v *queueVariant) {
			v.resolve = func(w uint64, slot, b uint32, _, _ uint64) (uint64, bool) {
				return word.QueueResolve(w, slot, b, 0, 0)
			}
		}, false},
		{"a sweep leaves what was not published", func(v *queueVariant) {
			v.resolve = func(w uint64, slot, b uint32, seat, turn uint64) (uint64, bool) {
				next, move := word.QueueResolve(w, slot, b, seat, turn)
				return next, move && w&layout.CellStateMask != layout.CellQueued
			}
		}, false},
		{"who acknowledges a long message frees its first block first", func(v *queueVariant) { v.rash = true }, true},
		{"a sweep forgets what is tied to a block", func(v *queueVariant) { v.forgets = true }, true},
		{"a sweep frees what was not published before what is tied to it", func(v *queueVariant) {
			v.resolve = func(w uint64, slot, b uint32, seat, turn uint64) (uint64, bool) {
				next, move := word.QueueResolve(w, slot, b, seat, turn)
				if w&layout.CellStateMask == layout.CellQueued {
					next = word.QueueFree
				}
				return next, move
			}
		}, true},
		{"a sweep frees what a consumer had", func(v *queueVariant) {
			v.resolve = func(w uint64, slot, b uint32, seat, turn uint64) (uint64, bool) {
				_, move := word.QueueResolve(w, slot, b, seat, turn)
				return word.QueueFree, move
			}
		}, false},
	} {
		v := wholeQueue
		b.spoil(&v)
		var broken *model.Broken[queueState]
		for _, n := range queueSettings {
			if n.long != b.long {
				continue
			}
			if _, broken = v.explore(n); broken != nil {
				break
			}
		}
		if broken == nil {
			t.Errorf("%s: not found", b.name)
			continue
		}
		t.Logf("%s: %v, after %d steps", b.name, broken.Law, len(broken.Trace))
	}
}
