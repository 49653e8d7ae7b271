//go:build linux && (amd64 || arm64)

package crash_test

import (
	"errors"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// condCalled is the condition of that name: what operations on it and their tests do.
type condCalled string

// of is the condition as one process has it open.
func (name condCalled) of(c *cast) *queue { return c.guests[string(name)].(*queue) }

func (name condCalled) task() string { return "wait for the " + string(name) }

// notifies is the test that notifies one, with another one who could be.
func (name condCalled) notifies(s *scene) {
	name.awaited(s)
	must(s.t, name.of(&s.cast).locked(func() error { return name.of(&s.cast).cond.Notify(1) }))
}

func (name condCalled) notifiesAll(s *scene) {
	must(s.t, name.of(&s.cast).locked(name.of(&s.cast).cond.NotifyAll))
}

// awaited has the resident wait.
func (name condCalled) awaited(s *scene) { s.ask(s.resident, name.task(), "staging") }

// elderWaits starts a process that waits before the victim does.
func (name condCalled) elderWaits(s *scene) {
	s.elder = shmtest.StartWith(s.t, s.quiet, "corpse", s.dir, name.task())
	s.elder.Expect("done")
}

// elderDies: the elder is notified and killed before it can go on.
func (name condCalled) elderDies(s *scene) {
	q := name.of(&s.cast)
	must(s.t, q.locked(func() error {
		err := q.cond.Notify(1)
		s.elder.Kill()
		return err
	}))
}

func (name condCalled) elderIsGone(s *scene) { name.elderWaits(s); s.elder.Kill() }

// inTurn is an operation on the condition by one who holds the lock, and gives it back
// in the end.
func (name condCalled) inTurn(f func(v *victim, c *shsync.Cond) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		q := name.of(&v.cast)
		_, err := q.lock.take()
		v.Must(err)
		run := f(v, q.cond)
		return func() error { return errors.Join(repaired(q.lock, run()), q.lock.give()) }
	})
}

// notifying is one who holds the lock to its end: others could come to want that at any
// moment.
func (name condCalled) notifying(f func(c *shsync.Cond) error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		q := name.of(&v.cast)
		_, err := q.lock.take()
		v.Must(err)
		return func() error { return f(q.cond) }
	})
}

func notifyOne(c *shsync.Cond) error { return c.Notify(1) }

func condWait(_ *victim, c *shsync.Cond) func() error { return c.Wait }

// condWaitAtOnce is Wait by a process that has often waited in vain: it hardly spins any
// more before it sleeps.
func condWaitAtOnce(v *victim, c *shsync.Cond) func() error {
	for range 20 {
		v.Must(cancelled(c.WaitContext, endedContext())())
	}
	return c.Wait
}

const (
	onMutex     = condCalled(condMutex)
	onRWMutex   = condCalled(condRWMutex)
	onRecursive = condCalled(condRecursive)
)

var (
	condShows          = []string{condMutex}
	condRWMutexShows   = []string{condRWMutex}
	condRecursiveShows = []string{condRecursive}
)

var condOperations = []operation{
	{name: "cond.Wait", brief: true, shows: condShows, rouse: onMutex.notifies,
		prepare: onMutex.inTurn(condWaitAtOnce)},
	{name: "cond.Wait of one among the dead", shows: condShows, stage: onMutex.elderIsGone, rouse: onMutex.notifiesAll,
		prepare: onMutex.inTurn(condWait)},
	{name: "cond.Wait that inherits", shows: condShows, stage: onMutex.elderWaits, rouse: onMutex.elderDies,
		prepare: onMutex.inTurn(condWait)},
	{name: "cond.WaitContext that is cancelled", shows: condShows, rouse: cancels,
		prepare: onMutex.inTurn(func(v *victim, c *shsync.Cond) func() error { return cancelled(c.WaitContext, v.context()) })},
	{name: "cond.Notify", brief: true, shows: condShows, stage: onMutex.awaited, prepare: onMutex.notifying(notifyOne)},
	{name: "cond.Notify of nobody", brief: true, shows: condShows, prepare: onMutex.notifying(notifyOne)},
	{name: "cond.Notify past the dead", shows: condShows,
		stage:   func(s *scene) { onMutex.elderIsGone(s); onMutex.awaited(s) },
		prepare: onMutex.notifying(notifyOne)},
	{name: "cond.NotifyAll", brief: true, shows: condShows, stage: onMutex.awaited,
		prepare: onMutex.notifying((*shsync.Cond).NotifyAll)},
	{name: "cond.NotifyAll of nobody", brief: true, shows: condShows,
		prepare: onMutex.notifying((*shsync.Cond).NotifyAll)},
	{name: "cond.Wait with an RWMutex", shows: condRWMutexShows, rouse: onRWMutex.notifies,
		prepare: onRWMutex.inTurn(condWait)},
	{name: "cond.Notify with an RWMutex", brief: true, shows: condRWMutexShows, stage: onRWMutex.awaited,
		prepare: onRWMutex.notifying(notifyOne)},
	{name: "cond.Wait with a RecursiveMutex", shows: condRecursiveShows, rouse: onRecursive.notifies,
		prepare: onRecursive.inTurn(condWait)},
	{name: "cond.Notify with a RecursiveMutex", brief: true, shows: condRecursiveShows, stage: onRecursive.awaited,
		prepare: onRecursive.notifying(notifyOne)},
	{name: "C: cond_wait", c: true, shows: condShows, rouse: onMutex.notifies},
	{name: "C: cond_wait that inherits", c: true, shows: condShows, stage: onMutex.elderWaits, rouse: onMutex.elderDies},
	{name: "C: cond_notify", c: true, brief: true, shows: condShows, stage: onMutex.awaited},
	{name: "C: cond_notify of nobody", c: true, brief: true, shows: condShows},
}
