package locks

import (
	"testing"

	"shmkit/internal/suite"
)

// MutexBasics: one has the lock, and gives it back; nobody else can.
//
// conformance: LK-01, LK-04
func MutexBasics(t *testing.T, w *suite.World) {
	w.Everywhere(t, "mutex", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "lock", "ok"),
			at(0, "try", "busy"),
			at(1, "try", "busy"),
			at(0, "unlock", "ok"),
			at(0, "unlock", "notheld"),
			at(1, "unlock", "notheld"),
			at(1, "lock", "ok"),
			at(0, "try", "busy"),
			at(1, "try", "busy"),
			at(1, "unlock", "ok"),
			at(0, "try", "ok"),
			at(0, "unlock", "ok"),
		)
	})
}

// MutexDeadline: a time limit is the end of a wait for a lock that is held, and of no other.
//
// conformance: LK-07
func MutexDeadline(t *testing.T, w *suite.World) {
	w.Everywhere(t, "mutex", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "lock 5000000", "ok"),
			at(0, "lock 20", "timeout"),
			at(1, "lock 20", "timeout"),
			at(1, "lock 0", "timeout"),
			at(0, "unlock", "ok"),
			at(1, "lock 0", "ok"),
			at(0, "lock 20", "timeout"),
			at(1, "unlock", "ok"),
		)
	})
}

// MutexHandedOver: an unlock lets in one of those who wait.
//
// conformance: LK-09
func MutexHandedOver(t *testing.T, w *suite.World) {
	w.Everywhere(t, "mutex", 3, func(s *suite.Stage) {
		s.Play(
			at(0, "lock", "ok"),
			at(1, "lock", sleeps),
			at(0, "unlock", "ok"),
			at(1, ends, "ok"),
			at(2, "lock", sleeps),
			at(1, "unlock", "ok"),
			at(2, ends, "ok"),
			at(2, "unlock", "ok"),
		)
	})
}

// MutexHolderKilled: those who wait when the holder dies are told so, one after the other, until one repairs.
func MutexHolderKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "mutex", 3, func(s *suite.Stage) {
		s.Play(
			at(1, "lock", "ok"),
			at(0, "lock", sleeps),
			at(2, "lock", sleeps),
			at(1, dies, ""),
		)
		waiters := []*suite.Player{s.Actors[0], s.Actors[2]}
		winner, answer := suite.First(waiters...)
		if answer != "died" {
			t.Fatalf("%s got %q after the holder was killed", waiters[winner].Name, answer)
		}
		waiters[winner].Do("mark", "ok")
		waiters[winner].Do("unlock", "ok")
		waiters[1-winner].Answers("ok")
		waiters[1-winner].Do("unlock", "ok")
	})
}

// MutexTwoHoldersKilled: who was told of a death dies as well, and the next is told again.
func MutexTwoHoldersKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "mutex", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "lock", "ok"),
			at(0, dies, ""),
			at(1, "lock", "died"),
			at(1, dies, ""),
			at(2, "try", "died"),
			at(2, "mark", "ok"),
			at(2, "unlock", "ok"),
			at(3, "lock", "ok"), // as good as new
			at(3, "unlock", "ok"),
		)
	})
}

// MutexNotRecoverable: an unlock without a repair ends the lock, for those who wait too.
func MutexNotRecoverable(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "mutex", 3, func(s *suite.Stage) {
		s.Play(
			at(1, "lock", "ok"),
			at(1, dies, ""),
			at(0, "lock", "died"),
			at(2, "lock", sleeps),
			at(0, "unlock", "ok"),
			at(2, ends, "unrecoverable"),
			at(2, "try", "unrecoverable"),
			at(0, "lock", "unrecoverable"),
			at(0, "unlock", "notheld"),
		)
	})
}

// MutexWaiterKilled: a waiter that is killed disturbs nobody.
func MutexWaiterKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "mutex", 3, func(s *suite.Stage) {
		for range 5 {
			s.Play(
				at(0, "lock", "ok"),
				at(1, "lock", sleeps),
				at(2, "lock", sleeps),
				at(1, dies, ""),
				at(0, "unlock", "ok"),
				at(2, ends, "ok"),
				at(2, "unlock", "ok"),
				at(0, "lock", "ok"),
				at(0, "unlock", "ok"),
			)
			s.Recast(1)
		}
	})
}

// MutexWith: a scope gives the lock back, however its body ends.
//
// conformance: LK-03, LK-06
func MutexWith(t *testing.T, w *suite.World) {
	w.Everywhere(t, "mutex", 3, func(s *suite.Stage) {
		for _, how := range [][2]string{{"ok", "ok"}, {"fail", "failed"}, {"panic", "panicked"}} {
			s.Play(
				at(0, "with "+how[0], how[1]),
				at(0, "unlock", "notheld"),
				at(2, "try", "ok"),
				at(2, "unlock", "ok"),
			)
		}
	})
}

// MutexRepairFails: a repair that fails leaves the warning for the next one.
func MutexRepairFails(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "mutex", 3, func(s *suite.Stage) {
		s.Play(
			at(1, "lock", "ok"),
			at(1, dies, ""),
			at(0, "with fail", "died failed"),
			at(2, "with fail", "died failed"),
			at(0, "with ok", "died ok"),
			at(2, "with ok", "ok"),
		)
	})
}
