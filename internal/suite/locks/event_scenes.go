package locks

import (
	"slices"
	"testing"

	"shmkit/internal/suite"
)

// EventBasics: who waits passes when the event is set, until it is cleared.
//
// conformance: EV-01
func EventBasics(t *testing.T, w *suite.World) {
	w.Everywhere(t, "event", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "isset", "false"),
			at(1, "isset", "false"),
			at(0, "wait 0", "timeout"),
			at(1, "wait 20", "timeout"),
			at(0, "set", "ok"),
			at(1, "isset", "true"),
			at(0, "wait", "ok"),
			at(1, "wait 0", "ok"),
			at(1, "set", "ok"),
			at(1, "clear", "ok"),
			at(0, "isset", "false"),
			at(1, "clear", "ok"),
			at(0, "wait 20", "timeout"),
			at(0, "wait", sleeps),
			at(1, "set", "ok"),
			at(0, ends, "ok"),
			at(0, "clear", "ok"),
			at(1, "wait", sleeps),
			at(0, "set", "ok"),
			at(1, ends, "ok"),
		)
	})
}

// EventWakesAll: all who wait are woken, and pass again.
//
// conformance: EV-03
func EventWakesAll(t *testing.T, w *suite.World) {
	w.Everywhere(t, "event", 6, func(s *suite.Stage) {
		for range 2 {
			for _, a := range s.Actors[1:] {
				a.Block("wait")
			}
			s.Actors[0].Do("set", "ok")
			for _, a := range s.Actors[1:] {
				a.Answers("ok")
				a.Do("wait", "ok")
			}
			s.Actors[0].Do("clear", "ok")
		}
	})
}

// EventPulse: an event that is set and cleared at once has been set for all who waited.
//
// conformance: EV-05
func EventPulse(t *testing.T, w *suite.World) {
	w.Everywhere(t, "event", 6, func(s *suite.Stage) {
		for range 20 {
			for _, a := range s.Actors[1:] {
				a.Block("wait")
			}
			s.Actors[0].Do("pulse", "ok")
			if got := suite.Gather(s.Actors[1:]...); slices.Index(got, "ok") != 0 || got[len(got)-1] != "ok" {
				t.Fatalf("after set and clear: %v", got)
			}
			s.Actors[0].Do("isset", "false")
		}
	})
}

// EventDeaths: a killed waiter disturbs nobody, nor does one who is killed after it has set.
func EventDeaths(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "event", 4, func(s *suite.Stage) {
		s.Play(
			at(1, "wait", sleeps),
			at(2, "wait", sleeps),
			at(3, "wait", sleeps),
			at(1, dies, ""),
			at(0, "set", "ok"),
			at(2, ends, "ok"),
			at(3, ends, "ok"),
			at(2, "clear", "ok"),
			at(3, "wait", sleeps),
			at(2, "set", "ok"),
			at(2, dies, ""),
			at(3, ends, "ok"),
			at(0, "isset", "true"),
		)
	})
}
