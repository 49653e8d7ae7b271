package locks

import (
	"slices"
	"strconv"
	"testing"

	"shmkit/internal/suite"
)

// indices are what the parties of a barrier get.
var indices = []string{"0", "1", "2", "3", "4"}

// BarrierLaps: all go on together, each with an index of its own.
//
// conformance: BR-01, BR-02, BR-03
func BarrierLaps(t *testing.T, w *suite.World) {
	w.Everywhere(t, "barrier5", 5, func(s *suite.Stage) {
		for lap := range 11 {
			if got := s.Together("wait"); !slices.Equal(got, indices) {
				t.Fatalf("lap %d: %v", lap, got)
			}
			s.Actors[lap%5].Do("state", "0/5,false")
		}
		if got := s.Together("laps 300"); !slices.Equal(got, slices.Repeat([]string{"ok"}, 5)) {
			t.Error(got)
		}
	})
}

// BarrierOrder: the index is the order of arrival, and whoever is missing is waited for.
func BarrierOrder(t *testing.T, w *suite.World) {
	w.Everywhere(t, "barrier3", 3, func(s *suite.Stage) {
		s.Play(
			at(2, "wait", sleeps),
			at(0, "state", "1/3,false"),
			at(0, "wait", sleeps),
			at(1, "state", "2/3,false"),
			at(1, "wait", "2"),
			at(2, ends, "0"),
			at(0, ends, "1"),
		)
	})
}

// BarrierAction: the action runs once a lap, before anybody goes on.
//
// conformance: BR-04
func BarrierAction(t *testing.T, w *suite.World) {
	w.Everywhere(t, "barrier5", 5, func(s *suite.Stage) {
		for lap := 1; lap <= 5; lap++ {
			if got := s.Together("act"); !slices.Equal(got, indices) {
				t.Fatalf("%v", got)
			}
			sum := 0
			for _, answer := range s.Together("acted") {
				n, _ := strconv.Atoi(answer)
				sum += n
			}
			if sum != lap {
				t.Fatalf("the action ran %d times in %d laps", sum, lap)
			}
		}
	})
}

// BarrierActionFails: an action that fails breaks the barrier.
//
// conformance: BR-12
func BarrierActionFails(t *testing.T, w *suite.World) {
	for _, how := range []string{"fail", "panic"} {
		w.Everywhere(t, "barrier3", 3, func(s *suite.Stage) {
			last := map[string]string{"fail": "broken", "panic": ""}[how]
			s.Play(
				at(0, how, sleeps),
				at(1, how, sleeps),
				at(2, how, last),
				at(0, ends, "broken"),
				at(1, ends, "broken"),
				at(0, "state", "0/3,true"),
				at(1, "wait", "broken"),
				at(1, "reset", "ok"),
				at(2, "state", "0/3,false"),
			)
			if got := s.Together("act"); !slices.Equal(got, indices[:3]) {
				t.Error(got)
			}
		})
	}
}

// BarrierAbort: an abort breaks it, for those who wait and for who comes.
//
// conformance: BR-05
func BarrierAbort(t *testing.T, w *suite.World) {
	w.Everywhere(t, "barrier5", 5, func(s *suite.Stage) {
		s.Play(
			at(0, "wait", sleeps),
			at(1, "wait", sleeps),
			at(2, "wait", sleeps),
			at(3, "wait", sleeps),
			at(4, "abort", "ok"),
		)
		if got := suite.Gather(s.Actors[:4]...); !slices.Equal(got, slices.Repeat([]string{"broken"}, 4)) {
			t.Error(got)
		}
		s.Play(at(4, "state", "0/5,true"), at(4, "abort", "ok"), at(4, "wait", "broken"))
	})
}

// BarrierReset: a reset ends the waits of those who are there, and all begins again.
//
// conformance: BR-06, BR-07
func BarrierReset(t *testing.T, w *suite.World) {
	w.Everywhere(t, "barrier3", 3, func(s *suite.Stage) {
		for range 3 {
			s.Play(
				at(0, "wait", sleeps),
				at(1, "wait", sleeps),
				at(2, "reset", "ok"),
				at(0, ends, "broken"),
				at(1, ends, "broken"),
				at(2, "state", "0/3,false"),
			)
			if got := s.Together("wait"); !slices.Equal(got, indices[:3]) {
				t.Error(got)
			}
			s.Play(
				at(1, "wait", sleeps),
				at(0, "abort", "ok"),
				at(2, "reset", "ok"),
				at(1, ends, "broken"),
			)
			if got := s.Together("wait"); !slices.Equal(got, indices[:3]) {
				t.Error(got)
			}
		}
	})
}

// BarrierDeadline: a time limit of one party breaks it.
func BarrierDeadline(t *testing.T, w *suite.World) {
	w.Everywhere(t, "barrier3", 3, func(s *suite.Stage) {
		s.Play(
			at(0, "wait", sleeps),
			at(1, "wait 20", "timeout"),
			at(0, ends, "broken"),
			at(2, "wait 20", "broken"),
			at(2, "reset", "ok"),
			at(2, "wait 0", "timeout"),
		)
	})
}

// BarrierDefaultTimeout: a barrier may have a time limit for all.
//
// conformance: BR-09
func BarrierDefaultTimeout(t *testing.T, w *suite.World) {
	w.Everywhere(t, "impatient", 3, func(s *suite.Stage) {
		s.Play(at(1, "wait", "timeout"), at(0, "state", "0/3,true"), at(2, "wait", "broken"))
	})
}

// BarrierAlone: a barrier of one holds up nobody.
//
// conformance: BR-10
func BarrierAlone(t *testing.T, w *suite.World) {
	w.Everywhere(t, "barrier1", 1, func(s *suite.Stage) {
		s.Play(at(0, "wait", "0"), at(0, "wait", "0"), at(0, "act", "0"), at(0, "acted", "1"))
	})
}

// BarrierDeaths: a party that dies in Wait breaks the barrier, which is usable again after
// Reset, without the dead.
func BarrierDeaths(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "barrier3", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "wait", sleeps),
			at(1, "wait", sleeps),
			at(1, dies, ""),
			at(0, ends, "broken"),
			at(0, "state", "0/3,true"),
			at(2, "reset", "ok"),
			at(0, "wait", sleeps),
			at(2, "wait", sleeps),
			at(3, "wait", "2"),
			at(0, ends, "0"),
			at(2, ends, "1"),
		)
	})
}

// BarrierMembers: a party that has come once, and dies elsewhere, breaks the barrier; one
// that has left does not.
func BarrierMembers(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "barrier3", 5, func(s *suite.Stage) {
		s.Play(
			at(0, "wait", sleeps),
			at(2, "wait", sleeps),
			at(3, "wait", "2"),
			at(0, ends, "0"),
			at(2, ends, "1"),
			at(2, "close", "ok"), // not expected any more
			at(2, dies, ""),
			at(0, "state", "0/3,false"),
			at(0, "wait", sleeps),
			at(3, dies, ""), // outside of Wait
			at(0, ends, "broken"),
			at(4, "wait", "broken"),
			at(4, "reset", "ok"),
			at(4, "wait", sleeps),
			at(0, "abort", "ok"),
			at(4, ends, "broken"),
		)
	})
}

// BarrierDeathUnseen: the last party does not go on without one who has come and died, though nobody was
// there to see that.
func BarrierDeathUnseen(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "barrier2", 2, func(s *suite.Stage) {
		for _, last := range []string{"wait", "act"} {
			s.Play(
				at(1, "wait", sleeps),
				at(1, dies, ""),
				at(0, last, "broken"),
				at(0, "reset", "ok"),
			)
			s.Recast(1)
		}
	})
}

// BarrierLateDeath: whoever sleeps watches those too who come later.
func BarrierLateDeath(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "barrier3", 3, func(s *suite.Stage) {
		for range 3 {
			s.Play(
				at(0, "wait", sleeps),
				at(1, "wait", sleeps),
				at(1, dies, ""),
				at(0, ends, "broken"),
				at(0, "reset", "ok"),
			)
			s.Recast(1)
		}
	})
}
