package host

import (
	"fmt"
	"strconv"
	"testing"

	"shmkit/internal/wire"
)

// performBarrier: "acts" is a wait that brings an action, whose end "done" tells, for the
// generation after it.
func performBarrier(_ *script, _ string, args []string) (wire.Method, []byte, func(r *wire.Reader) string) {
	passage := func(r *wire.Reader) string {
		how, index, generation := wire.Passage(r.Byte()), r.Uint(), r.Uint()
		switch how {
		case wire.Passed:
			return strconv.FormatUint(index, 10)
		case wire.PassedLast:
			return fmt.Sprintf("act %d of %d", index, generation)
		}
		return []string{"broken", "cancelled", "timed out"}[how-wire.PassageBroken]
	}
	switch args[0] {
	case "wait":
		return wire.BarrierWait, wire.AppendBool(nil, false), passage
	case "acts":
		return wire.BarrierWait, wire.AppendBool(nil, true), passage
	case "done", "failed":
		generation, _ := strconv.ParseUint(args[1], 10, 64)
		return wire.BarrierDone, wire.AppendBool(wire.AppendUint(nil, generation), args[0] == "done"),
			func(r *wire.Reader) string { return strconv.FormatBool(r.Bool()) }
	case "abort":
		return wire.BarrierAbort, nil, nil
	case "reset":
		return wire.BarrierReset, nil, nil
	}
	return wire.BarrierInfo, nil, func(r *wire.Reader) string {
		parties, _, waiting, acting, broken, generation := r.Int(), r.Int(), r.Uint(), r.Bool(), r.Bool(), r.Uint()
		return fmt.Sprintf("%d/%d acting=%v broken=%v generation=%d", waiting, parties, acting, broken, generation)
	}
}

func TestBarrier(t *testing.T) {
	for name, steps := range map[string][]step{
		"laps": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"4a", "state", "2/3 acting=false broken=false generation=0"}, {"3a", "wait", "2"},
			{"1a", "ends", "0"}, {"2a", "ends", "1"}, {"3a", "wait", waits}, {"3b", "wait", waits}, {"1a", "wait", "2"}, {"3a", "ends", "0"}, {"3b", "ends", "1"},
		},
		"who comes before the Grant is of the next generation": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "wait!", "2"}, {"3a", "wait!", waits}, {"4a", "wait!", waits}, {"", "grant", ""},
			{"1a", "ends", "0"}, {"2a", "ends", "1"}, {"3a", "ends", waits}, {"1a", "wait", "2"}, {"3a", "ends", "0"}, {"4a", "ends", "1"},
		},
		"the action runs before anybody goes on": {
			{"1a", "acts", waits}, {"2a", "acts", waits}, {"3a", "acts", "act 2 of 0"}, {"1a", "ends", waits}, {"4a", "acts", waits}, {"4b", "acts", waits},
			{"4c", "state", "3/3 acting=true broken=false generation=0"}, {"2b", "done 0", "false"}, {"3b", "done 1", "false"}, {"3a", "done 0", "true"},
			{"1a", "ends", "0"}, {"2a", "ends", "1"}, {"4a", "ends", waits}, {"1a", "acts", "act 2 of 1"}, {"1a", "done 1", "true"}, {"4a", "ends", "0"}, {"4b", "ends", "1"},
		},
		"so many are early that they pass at once": {
			{"1a", "acts", waits}, {"2a", "acts", waits}, {"3a", "acts", "act 2 of 0"},
			{"4a", "wait", waits}, {"4b", "wait", waits}, {"4c", "acts", waits}, {"4d", "wait", waits}, {"4e", "wait", waits}, {"4f", "wait", waits}, {"4g", "wait", waits},
			{"3a", "done 0", "true"}, {"4a", "ends", waits}, {"4c", "ends", "act 2 of 1"}, {"4d", "ends", waits}, {"4c", "done 1", "true"},
			{"4a", "ends", "0"}, {"4b", "ends", "1"}, {"4d", "ends", "0"}, {"4e", "ends", "1"}, {"4f", "ends", "2"}, {"4g", "ends", waits},
			{"4h", "state", "1/3 acting=false broken=false generation=3"},
		},
		"who comes before the Grant stands behind the early": {
			{"1a", "acts", waits}, {"2a", "acts", waits}, {"3a", "acts", "act 2 of 0"}, {"4a", "wait", waits}, {"3a", "done 0!", "true"},
			{"4b", "wait!", waits}, {"", "grant", ""}, {"4c", "wait", "2"}, {"4a", "ends", "0"}, {"4b", "ends", "1"},
		},
		"an action that fails breaks it, for the early too": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "acts", "act 2 of 0"}, {"4a", "wait", waits}, {"3a", "failed 0", "false"},
			{"1a", "ends", "broken"}, {"2a", "ends", "broken"}, {"4a", "ends", "broken"}, {"1a", "wait", "broken"}, {"3a", "done 0", "false"},
		},
		"abort": {
			{"1a", "wait", waits}, {"2a", "abort", "ok"}, {"1a", "ends", "broken"}, {"1a", "wait", "broken"}, {"2a", "abort", "ok"},
			{"3a", "reset", "ok"}, {"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "wait", "2"}, {"1a", "ends", "0"},
		},
		"an abort ends the action's turn": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "acts", "act 2 of 0"}, {"4a", "abort", "ok"}, {"1a", "ends", "broken"}, {"3a", "done 0", "false"},
		},
		"reset lets the early come": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "acts", "act 2 of 0"}, {"4a", "wait", waits}, {"4b", "reset", "ok"},
			{"1a", "ends", "broken"}, {"2a", "ends", "broken"}, {"4a", "ends", waits}, {"3a", "done 0", "false"}, {"4b", "state", "1/3 acting=false broken=false generation=1"},
		},
		"who gives up breaks it": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"1a", "timeout", "timed out"}, {"2a", "ends", "broken"}, {"2a", "reset", "ok"},
			{"2a", "wait", waits}, {"1a", "wait", waits}, {"2a", "cancel", "cancelled"}, {"1a", "ends", "broken"},
		},
		"who gives up after the end is told of that": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "wait!", "2"}, {"1a", "cancel!", "0"}, {"", "grant", ""}, {"2a", "ends", "1"},
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "abort!", "ok"}, {"1a", "timeout!", "broken"}, {"", "grant", ""}, {"2a", "ends", "broken"},
		},
		"who is early and gives up breaks nothing": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "acts", "act 2 of 0"}, {"4a", "wait", waits}, {"4a", "cancel", "cancelled"},
			{"3a", "done 0", "true"}, {"1a", "ends", "0"}, {"4a", "state", "0/3 acting=false broken=false generation=1"},
		},
		"the death of who waits breaks it": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"1a", "expire", ""}, {"2a", "ends", "broken"}, {"3a", "wait", "broken"},
		},
		"the death of who acts breaks it": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "acts", "act 2 of 0"}, {"3a", "expire", ""}, {"1a", "ends", "broken"}, {"2a", "ends", "broken"},
		},
		"the death of who has been there breaks it": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "wait", "2"}, {"1a", "wait", waits}, {"3a", "expire", ""}, {"1a", "ends", "broken"},
			{"1a", "reset", "ok"}, {"1a", "wait", waits}, {"2a", "wait", waits}, {"4a", "wait", "2"},
		},
		"who has closed it is not missed": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "wait", "2"}, {"3a", "close", ""}, {"3a", "expire", ""}, {"1a", "wait", waits}, {"4a", "expire", ""},
			{"2a", "state", "1/3 acting=false broken=false generation=1"},
		},
		"who says goodbye is not missed, unless it waits": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "wait", "2"}, {"3a", "goodbye", ""}, {"1a", "wait", waits}, {"2a", "wait", waits},
			{"2a", "goodbye", ""}, {"1a", "ends", "broken"},
		},
		"who closes it in a wait breaks it": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"1a", "close", "released"}, {"2a", "ends", "broken"},
		},
		"who closes it while it acts breaks it": {
			{"1a", "wait", waits}, {"2a", "wait", waits}, {"3a", "acts", "act 2 of 0"}, {"3a", "close", ""}, {"1a", "ends", "broken"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			newScript(t, 4, performBarrier).on(wire.TypeBarrier, wire.AppendInt(wire.AppendInt(nil, 3), 0)).play(steps...)
		})
	}
}

func TestBarrierOfOne(t *testing.T) {
	newScript(t, 1, performBarrier).on(wire.TypeBarrier, wire.AppendInt(wire.AppendInt(nil, 1), 0)).play(
		step{"1a", "wait", "0"}, step{"1a", "wait", "0"}, step{"1a", "acts", "act 0 of 2"}, step{"1b", "wait", waits}, step{"1c", "acts", waits},
		step{"1a", "done 2", "true"}, step{"1b", "ends", "0"}, step{"1c", "ends", "act 0 of 4"}, step{"1a", "done 4", "true"},
	)
}

// The limit of the barrier is that of each wait, unless its own is shorter.
func TestBarrierLimit(t *testing.T) {
	s := newScript(t, 1, performBarrier).on(wire.TypeBarrier, wire.AppendInt(wire.AppendInt(nil, 3), 1000))
	for patience, want := range map[int64]int64{0: 1000, 2000: 1000, 10: 10} {
		s.next[1]++
		f := wire.Frame{Kind: wire.Request, Method: wire.BarrierWait, Session: 1, Call: s.next[1], Object: s.object, Deadline: patience, Body: []byte{0}}
		effects := s.h.Apply(&f)
		if len(effects) != 1 || effects[0].Kind != Alarm || int64(effects[0].After) != want {
			t.Errorf("patience %d: %+v", patience, effects)
		}
		s.h.Apply(&wire.Frame{Kind: wire.Request, Method: wire.BarrierReset, Session: 1, Object: s.object})
	}
	// One that may not wait breaks the barrier.
	f := wire.Frame{Kind: wire.Request, Method: wire.BarrierWait, Session: 1, Call: 99, Object: s.object, Deadline: -1, Body: []byte{0}}
	effects := s.h.Apply(&f)
	if e := effects[len(effects)-1]; e.Kind != Answer || e.Body[0] != byte(wire.BrokenCancelled) || !s.h.objects[s.object].object.(*barrier).broken {
		t.Errorf("%+v", effects)
	}
}

func TestBarriersThatCannotBe(t *testing.T) {
	s := newScript(t, 1, nil)
	for _, row := range []struct{ parties, limit int64 }{{0, 0}, {-1, 0}, {wire.MaxParties + 1, 0}, {3, -1}} {
		if _, code := s.create(wire.TypeBarrier, wire.AppendInt(wire.AppendInt(nil, row.parties), row.limit)); code != "count" {
			t.Errorf("%+v: %q", row, code)
		}
	}
}
