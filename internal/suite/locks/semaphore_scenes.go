package locks

import (
	"testing"

	"shmkit/internal/suite"
)

// SemaphoreCounts: permits go down to none, and up beyond what there was at first.
//
// conformance: SEM-01
func SemaphoreCounts(t *testing.T, w *suite.World) {
	w.Everywhere(t, "semaphore", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "value", "2"), at(0, "acquire", "ok"),
			at(1, "value", "1"), at(1, "acquire", "ok"),
			at(0, "value", "0"), at(0, "try", "busy"), at(1, "try", "busy"), at(1, "value", "0"),
			at(1, "release", "ok"), at(0, "value", "1"),
			at(1, "release", "ok"), at(0, "value", "2"),
			at(0, "release", "ok"), at(1, "value", "3"),
			at(1, "release", "ok"), at(0, "value", "4"),
		)
	})
}

// SemaphoreBounded: a release too many changes nothing.
//
// conformance: SEM-02
func SemaphoreBounded(t *testing.T, w *suite.World) {
	w.Everywhere(t, "bounded", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "value", "2"), at(0, "release", "toomany"), at(1, "release", "toomany"), at(0, "value", "2"),
			at(0, "acquire", "ok"), at(1, "acquire", "ok"), at(1, "try", "busy"),
			at(0, "release3", "toomany"), at(1, "release3", "toomany"), at(0, "value", "0"),
			at(1, "release", "ok"), at(1, "release", "ok"),
			at(0, "release", "toomany"), at(1, "release", "toomany"), at(1, "value", "2"),
			at(0, "acquire3", "toomany"),
		)
	})
}

// kindsOfSemaphore: permits that belong to a process behave as plain ones do, where there
// are such.
func kindsOfSemaphore(w *suite.World) []string {
	if w.Has("permits") {
		return []string{"semaphore", "permits"}
	}
	return []string{"semaphore"}
}

// SemaphoreDeadline: a time limit is the end of a wait for permits that are not there.
//
// conformance: SEM-03
func SemaphoreDeadline(t *testing.T, w *suite.World) {
	for _, kind := range kindsOfSemaphore(w) {
		t.Run(kind, func(t *testing.T) {
			w.Everywhere(t, kind, 2, func(s *suite.Stage) {
				s.Play(
					at(0, "acquire 5000000", "ok"), at(1, "acquire 0", "ok"),
					at(0, "try", "busy"), at(0, "acquire 0", "timeout"), at(1, "acquire 0", "timeout"),
					at(0, "acquire 20", "timeout"), at(1, "acquire 20", "timeout"),
					at(1, "value", "0"), at(1, "release", "ok"), at(0, "value", "1"),
				)
			})
		})
	}
}

// SemaphoreMany: several permits at once, or none of them.
//
// conformance: SEM-06
func SemaphoreMany(t *testing.T, w *suite.World) {
	w.Everywhere(t, "semaphore", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "release0", "count"), at(1, "release0", "count"), at(0, "try0", "count"), at(1, "try0", "count"),
			at(0, "try3", "busy"), at(1, "try3", "busy"), at(0, "release5", "ok"), at(1, "value", "7"),
			at(1, "acquire3", "ok"), at(0, "acquire4", "ok"), at(1, "value", "0"),
			// All at once: who waits for three has none meanwhile.
			at(0, "acquire3", sleeps), at(1, "release2", "ok"), at(1, "try2", "ok"),
			at(1, "release3", "ok"), at(0, ends, "ok"), at(1, "value", "0"),
			// One that wants many does not keep one that wants few from what there is.
			at(0, "acquire3", sleeps), at(1, "acquire", sleeps),
			at(2, "release", "ok"), at(1, ends, "ok"),
			at(1, "acquire2", sleeps), at(3, "release3", "ok"),
		)
		winner, answer := suite.First(s.Actors[0], s.Actors[1])
		if answer != "ok" {
			t.Fatalf("actor %d: %s", winner, answer)
		}
		s.Actors[2].Do("release3", "ok")
		s.Actors[1-winner].Answers("ok")
	})
}

// SemaphoreHandedOver: each release lets one in, of those who sleep in whatever process.
func SemaphoreHandedOver(t *testing.T, w *suite.World) {
	for _, kind := range kindsOfSemaphore(w) {
		t.Run(kind, func(t *testing.T) {
			w.Everywhere(t, kind, 4, func(s *suite.Stage) {
				s.Play(
					at(0, "acquire", "ok"), at(0, "acquire", "ok"),
					at(1, "acquire", sleeps), at(2, "acquire", sleeps), at(3, "acquire", sleeps),
					at(0, "release", "ok"), at(0, "release", "ok"),
				)
				waiters := append([]*suite.Player(nil), s.Actors[1:]...)
				for range 3 {
					i, answer := suite.First(waiters...)
					if answer != "ok" {
						t.Fatalf("%s: %s", waiters[i].Name, answer)
					}
					waiters[i].Do("release", "ok")
					waiters = append(waiters[:i], waiters[i+1:]...)
				}
				s.Play(at(0, "value", "2"))
			})
		})
	}
}

// SemaphoreNested: scopes may be nested.
//
// conformance: SEM-09
func SemaphoreNested(t *testing.T, w *suite.World) {
	for _, kind := range kindsOfSemaphore(w) {
		t.Run(kind, func(t *testing.T) {
			w.Everywhere(t, kind, 3, func(s *suite.Stage) {
				s.Play(at(0, "nested", "ok"), at(2, "nested", "ok"), at(0, "value", "2"))
			})
		})
	}
}

// SemaphoreKilled: a waiter that is killed takes nothing with it; a plain permit dies with
// who has it, but in a world of leases.
func SemaphoreKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "semaphore", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "acquire", "ok"), at(1, "acquire", "ok"),
			at(2, "acquire", sleeps), at(3, "acquire", sleeps),
			at(2, dies, ""), at(1, dies, ""),
		)
		if w.Leases {
			s.Play(at(3, ends, "ok"), at(0, "value", "0"), at(0, "release", "ok"), at(0, "value", "1"))
			return
		}
		s.Play(at(0, "release", "ok"), at(3, ends, "ok"), at(0, "value", "0"))
	})
}
