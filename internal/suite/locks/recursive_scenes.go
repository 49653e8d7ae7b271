package locks

import (
	"testing"

	"shmkit/internal/suite"
)

// RecursiveLevels: each level is given back, by its holder alone.
//
// conformance: LK-02, LK-11
func RecursiveLevels(t *testing.T, w *suite.World) {
	w.Everywhere(t, "recursive", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "unlock a", "notheld"),
			at(0, "lock a", "ok"),
			at(0, "lock a 0", "ok"),
			at(0, "try a", "ok"),
			at(0, "try b", "busy"),
			at(1, "try a", "busy"),
			at(0, "unlock b", "notheld"),
			at(1, "unlock a", "notheld"),
			at(0, "unlock a", "ok"),
			at(0, "unlock a", "ok"),
			at(1, "lock a 20", "timeout"),
			at(0, "lock b 20", "timeout"),
			at(0, "unlock a", "ok"),
			at(0, "unlock a", "notheld"),
			at(1, "lock a", "ok"),
			at(1, "unlock a", "ok"),
			at(1, "unlock a", "notheld"),
		)
	})
}

// RecursiveHeld: how often a lock is held is true for its holder alone; that it is, everybody sees.
//
// conformance: LK-12, LK-13
func RecursiveHeld(t *testing.T, w *suite.World) {
	w.Everywhere(t, "recursive", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "held a", "0"),
			at(0, "lock a", "ok"),
			at(0, "lock a", "ok"),
			at(0, "held a", "2"),
			at(0, "held b", "0"),
			at(1, "held a", "0"),
			at(1, "state -", "held"),
			at(0, "unlock a", "ok"),
			at(0, "held a", "1"),
			at(0, "unlock a", "ok"),
			at(0, "held a", "0"),
			at(1, "state -", "free"),
		)
	})
}

// RecursiveHandedOver: a second holder waits for the first, of its own process too.
//
// conformance: LK-09
func RecursiveHandedOver(t *testing.T, w *suite.World) {
	w.Everywhere(t, "recursive", 3, func(s *suite.Stage) {
		s.Play(
			at(0, "lock a", "ok"),
			at(0, "lock a", "ok"),
			at(1, "lock a", sleeps),
			at(0, "unlock a", "ok"),
			at(2, "try a", "busy"),
			at(0, "unlock a", "ok"),
			at(1, ends, "ok"),
			at(1, "held a", "1"),
			at(1, "unlock a", "ok"),
		)
	})
}

// RecursiveHolderKilled: the levels of a holder that dies are gone with it; its repair is one level.
func RecursiveHolderKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "recursive", 3, func(s *suite.Stage) {
		s.Play(
			at(1, "lock a", "ok"),
			at(1, "lock a", "ok"),
			at(1, "lock a", "ok"),
			at(0, "lock b", sleeps),
			at(1, dies, ""),
			at(0, ends, "died"),
			at(0, "held b", "1"),
			at(0, "lock b", "ok"),
			at(0, "mark a", "notheld"),
			at(0, "mark b", "ok"),
			at(0, "unlock b", "ok"),
			at(2, "try a", "busy"),
			at(0, "unlock b", "ok"),
			at(2, "lock a", "ok"),
			at(2, dies, ""),
			at(0, "try a", "died"),
			at(0, "unlock a", "ok"),
			at(0, "lock a", "unrecoverable"),
		)
	})
}

// RecursiveHolderLeaves: a process that leaves takes its tokens with it.
func RecursiveHolderLeaves(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "recursive", 2, func(s *suite.Stage) {
		s.Play(
			at(1, "lock a", "ok"),
			at(1, "lock a", "ok"),
			at(1, "close a", "ok"),
			at(0, "state -", "owner died"),
			at(1, "unlock a", "closed"),
			at(1, "held a", "0"),
			at(0, "lock a", "died"),
			at(0, "held a", "1"),
			at(0, "mark a", "ok"),
			at(0, "unlock a", "ok"),
		)
	})
}

// RecursiveRepairFails: a repair that fails leaves the warning for the next one; only the
// outermost scope is told.
func RecursiveRepairFails(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "recursive", 2, func(s *suite.Stage) {
		s.Play(
			at(1, "lock a", "ok"),
			at(1, "lock a", "ok"),
			at(1, dies, ""),
			at(0, "nested a fail", "died failed"),
			at(0, "held a", "0"),
			at(0, "nested a fail", "died failed"),
			at(0, "held a", "0"),
			at(0, "with a ok", "died ok"),
			at(0, "with a ok", "ok"),
		)
	})
}
