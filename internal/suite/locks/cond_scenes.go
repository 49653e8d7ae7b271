package locks

import (
	"slices"
	"testing"

	"shmkit/internal/suite"
)

// condWait lets actors wait, one after the other.
func condWait(s *suite.Stage, limit string, actors ...*suite.Player) {
	s.T.Helper()
	for _, a := range actors {
		a.Do("lock", "ok")
		a.Block("wait" + limit)
	}
}

// condWoken expects that exactly these come back, in whatever order, and lets them go on.
func condWoken(s *suite.Stage, answer string, actors ...*suite.Player) {
	s.T.Helper()
	actors = slices.Clone(actors)
	for len(actors) > 0 {
		i, got := suite.First(actors...)
		if got != answer {
			s.T.Fatalf("%s: wait answered %q, want %q", actors[i].Name, got, answer)
		}
		actors[i].Do("unlock", "ok")
		actors = slices.Delete(actors, i, i+1)
	}
}

// condNotifies makes a call with the lock held.
func condNotifies(a *suite.Player, call string) {
	a.T.Helper()
	a.Do("lock", "ok")
	a.Do(call, "ok")
	a.Do("unlock", "ok")
}

func condAt(s *suite.Stage, waiters int) {
	s.T.Helper()
	for {
		if waiting, notified := s.Object.(condition).waiting(); waiting == waiters && notified == 0 {
			return
		}
	}
}

// CondNotify: each notification wakes one, and nothing is left of it.
//
// conformance: CV-01
func CondNotify(t *testing.T, w *suite.World) {
	w.Everywhere(t, "cond", 3, func(s *suite.Stage) {
		a, b, c := s.Actors[0], s.Actors[1], s.Actors[2]
		condWait(s, "", a, b)
		condNotifies(c, "notify 1")
		condWoken(s, "ok", a)
		condAt(s, 1)
		condNotifies(c, "notify 1")
		condWoken(s, "ok", b)
		condAt(s, 0)
	})
}

// CondNotifyAll: nobody wakes by himself but by his time limit; a notification of all wakes all.
//
// conformance: CV-02
func CondNotifyAll(t *testing.T, w *suite.World) {
	w.Everywhere(t, "cond", 7, func(s *suite.Stage) {
		all, last := s.Actors[:6], s.Actors[6]
		for _, a := range all {
			a.Begin("once 30")
		}
		for _, got := range suite.Gather(all...) {
			if got != "timeout" {
				t.Errorf("a wait without a notification answered %q", got)
			}
		}
		condAt(s, 0)
		condWait(s, " 1000000", all...)
		condAt(s, 6)
		condNotifies(last, "all")
		condWoken(s, "ok", all...)
		condAt(s, 0)
	})
}

// CondNotifyN: a notification of some wakes so many of those who wait then.
//
// conformance: CV-03
func CondNotifyN(t *testing.T, w *suite.World) {
	w.Everywhere(t, "cond", 7, func(s *suite.Stage) {
		all, last := s.Actors[:6], s.Actors[6]
		condWait(s, "", all...)
		condNotifies(last, "notify 0")
		condAt(s, 6)
		condNotifies(last, "notify 2")
		condWoken(s, "ok", all[:2]...)
		condAt(s, 4)
		condNotifies(last, "notify 4")
		condWoken(s, "ok", all[2:]...)
		condNotifies(last, "notify 3")
		condAt(s, 0)
		condWait(s, "", all[0]) // what was notified before is not for it
		condNotifies(last, "notify 1")
		condWoken(s, "ok", all[0])
	})
}

// CondDeadline: a wait ends by its time limit, and in each case with the lock.
//
// conformance: CV-04, CV-07
func CondDeadline(t *testing.T, w *suite.World) {
	w.Everywhere(t, "cond", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "lock", "ok"),
			at(0, "wait 0", "timeout"),
			at(0, "wait 20", "timeout"),
			at(0, "wait 1000000", sleeps),
			at(1, "lock", "ok"), // it was given back meanwhile
			at(1, "notify 1", "ok"),
			at(1, "unlock", "ok"),
			at(0, ends, "ok"),
			at(0, "unlock", "ok"), // and taken again
		)
	})
}

// CondWithoutLock: the lock is the one that the condition was made for, and is needed for all.
//
// conformance: CV-08, CV-09
func CondWithoutLock(t *testing.T, w *suite.World) {
	w.Everywhere(t, "cond", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "wait 0", "notheld"),
			at(0, "notify 1", "notheld"),
			at(0, "all", "notheld"),
			at(0, "lock", "ok"),
			at(0, "notify 1", "ok"),
			at(0, "wait 0", "timeout"),
			at(0, "unlock", "ok"),
			at(0, "unlock", "notheld"),
		)
	})
}

// CondWaiterKilled: waiters are killed: those who live are notified, in the order in which they came.
func CondWaiterKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "cond", 4, func(s *suite.Stage) {
		condWait(s, "", s.Actors[:3]...)
		s.Play(at(0, dies, ""))
		condNotifies(s.Actors[3], "notify 1")
		condWoken(s, "ok", s.Actors[1])
		condNotifies(s.Actors[3], "notify 1")
		condWoken(s, "ok", s.Actors[2])
	})
}

// CondNotifiedKilled: what a killed waiter was notified of goes to the next.
func CondNotifiedKilled(t *testing.T, w *suite.World) {
	for _, mover := range []int{2, 3} {
		w.WithDeaths(t, "cond", 4, func(s *suite.Stage) {
			next := s.Actors[5-mover]
			condWait(s, "", s.Actors[0], s.Actors[1], next)
			s.Play(
				at(mover, "lock", "ok"),
				at(mover, "notify 2", "ok"), // both of them want the lock
				at(0, dies, ""),
				at(1, dies, ""),
				at(mover, "notify 0", "ok"),
				at(mover, "unlock", "ok"),
			)
			condWoken(s, "ok", next)
			condWait(s, "", next)
			condNotifies(s.Actors[mover], "notify 1")
			condWoken(s, "ok", next)
		})
	}
}

// CondNotifierKilled: a notifier is killed: who was notified is told that a holder died.
func CondNotifierKilled(t *testing.T, w *suite.World) {
	w.WithDeaths(t, "cond", 3, func(s *suite.Stage) {
		condWait(s, "", s.Actors[0], s.Actors[1])
		s.Play(
			at(2, "lock", "ok"),
			at(2, "notify 1", "ok"),
			at(2, dies, ""),
			at(0, ends, "died"),
			at(0, "mark", "ok"),
			at(0, "all", "ok"),
			at(0, "unlock", "ok"),
		)
		condWoken(s, "ok", s.Actors[1])
	})
}
