package sync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { performers["cond"] = performer{make: makeCond, open: openCond, inC: true} }

// withLock is a condition and the caller's own handle of its lock.
type withLock struct {
	*shsync.Cond
	lock *shsync.Mutex
}

func (c withLock) Close() error { return errors.Join(c.Cond.Close(), c.lock.Close()) }

func makeCond(seg *shm.Segment, name string) (shared, error) {
	m, err := shsync.NewMutexIn(seg, name+"-lock")
	if err != nil {
		return nil, err
	}
	c, err := shsync.NewCondIn(seg, name, m)
	return withLock{c, m}, err
}

func openCond(text string) (closer, func(args []string) string, error) {
	c := new(shsync.Cond)
	err := c.UnmarshalText([]byte(text))
	return c, func(args []string) string { return outcome(condCall(c, args)) }, err
}

func condCall(c *shsync.Cond, args []string) error {
	switch args[0] {
	case "lock":
		return c.Mutex().Lock()
	case "unlock":
		return c.Mutex().Unlock()
	case "mark":
		return c.Mutex().MarkConsistent()
	case "wait":
		ctx, cancel := limit(args, 1)
		defer cancel()
		return c.WaitContext(ctx)
	case "once": // all of it, for waits that end by themselves
		ctx, cancel := limit(args, 1)
		defer cancel()
		err := c.Mutex().Lock()
		if err == nil {
			err = c.WaitContext(ctx)
		}
		return errors.Join(err, c.Mutex().Unlock())
	case "notify":
		n, err := strconv.Atoi(args[1])
		return errors.Join(err, c.Notify(n))
	case "all":
		return c.NotifyAll()
	}
	return fmt.Errorf("what? %w", context.Canceled)
}

// wait lets actors wait, one after the other.
func condWait(s *stage, limit string, actors ...*player) {
	s.t.Helper()
	for _, a := range actors {
		a.do("lock", "ok")
		a.block("wait" + limit)
	}
}

// condWoken expects that exactly these come back, in whatever order, and lets them go on.
func condWoken(s *stage, answer string, actors ...*player) {
	s.t.Helper()
	actors = slices.Clone(actors)
	for len(actors) > 0 {
		i, got := first(actors...)
		if got != answer {
			s.t.Fatalf("%s: wait answered %q, want %q", actors[i].name, got, answer)
		}
		actors[i].do("unlock", "ok")
		actors = slices.Delete(actors, i, i+1)
	}
}

// condNotifies makes a call with the lock held.
func condNotifies(a *player, call string) {
	a.t.Helper()
	a.do("lock", "ok")
	a.do(call, "ok")
	a.do("unlock", "ok")
}

func condAt(s *stage, waiters int) {
	s.t.Helper()
	for {
		if info := s.object.(withLock).Info(); info.Waiters == waiters && info.Notified == 0 {
			return
		}
	}
}

// conformance: CV-01
func TestSuiteCondNotify(t *testing.T) {
	everywhere(t, "cond", 3, func(s *stage) {
		a, b, c := s.actors[0], s.actors[1], s.actors[2]
		condWait(s, "", a, b)
		condNotifies(c, "notify 1")
		condWoken(s, "ok", a)
		condAt(s, 1)
		condNotifies(c, "notify 1")
		condWoken(s, "ok", b)
		condAt(s, 0)
	})
}

// conformance: CV-02
func TestSuiteCondNotifyAll(t *testing.T) {
	everywhere(t, "cond", 7, func(s *stage) {
		all, last := s.actors[:6], s.actors[6]
		for _, a := range all {
			a.begin("once 30")
		}
		for _, got := range gather(all...) {
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

// conformance: CV-03
func TestSuiteCondNotifyN(t *testing.T) {
	everywhere(t, "cond", 7, func(s *stage) {
		all, last := s.actors[:6], s.actors[6]
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

// conformance: CV-04, CV-07
func TestSuiteCondDeadline(t *testing.T) {
	everywhere(t, "cond", 2, func(s *stage) {
		s.play(
			step{0, "lock", "ok"},
			step{0, "wait 0", "timeout"},
			step{0, "wait 20", "timeout"},
			step{0, "wait 1000000", sleeps},
			step{1, "lock", "ok"}, // it was given back meanwhile
			step{1, "notify 1", "ok"},
			step{1, "unlock", "ok"},
			step{0, ends, "ok"},
			step{0, "unlock", "ok"}, // and taken again
		)
	})
}

// conformance: CV-08, CV-09
func TestSuiteCondWithoutLock(t *testing.T) {
	everywhere(t, "cond", 2, func(s *stage) {
		s.play(
			step{0, "wait 0", "notheld"},
			step{0, "notify 1", "notheld"},
			step{0, "all", "notheld"},
			step{0, "lock", "ok"},
			step{0, "notify 1", "ok"},
			step{0, "wait 0", "timeout"},
			step{0, "unlock", "ok"},
			step{0, "unlock", "notheld"},
		)
	})
}

// Waiters are killed: those who live are notified, in the order in which they came.
func TestSuiteCondWaiterKilled(t *testing.T) {
	withDeaths(t, "cond", 4, func(s *stage) {
		condWait(s, "", s.actors[:3]...)
		s.play(step{0, dies, ""})
		condNotifies(s.actors[3], "notify 1")
		condWoken(s, "ok", s.actors[1])
		condNotifies(s.actors[3], "notify 1")
		condWoken(s, "ok", s.actors[2])
	})
}

// What a killed waiter was notified of goes to the next.
func TestSuiteCondNotifiedKilled(t *testing.T) {
	for _, mover := range []int{2, 3} {
		withDeaths(t, "cond", 4, func(s *stage) {
			next := s.actors[5-mover]
			condWait(s, "", s.actors[0], s.actors[1], next)
			s.play(
				step{mover, "lock", "ok"},
				step{mover, "notify 2", "ok"}, // both of them want the lock
				step{0, dies, ""},
				step{1, dies, ""},
				step{mover, "notify 0", "ok"},
				step{mover, "unlock", "ok"},
			)
			condWoken(s, "ok", next)
			condWait(s, "", next)
			condNotifies(s.actors[mover], "notify 1")
			condWoken(s, "ok", next)
		})
	}
}

// A notifier is killed: who was notified is told that a holder died.
func TestSuiteCondNotifierKilled(t *testing.T) {
	withDeaths(t, "cond", 3, func(s *stage) {
		condWait(s, "", s.actors[0], s.actors[1])
		s.play(
			step{2, "lock", "ok"},
			step{2, "notify 1", "ok"},
			step{2, dies, ""},
			step{0, ends, "died"},
			step{0, "mark", "ok"},
			step{0, "all", "ok"},
			step{0, "unlock", "ok"},
		)
		condWoken(s, "ok", s.actors[1])
	})
}
