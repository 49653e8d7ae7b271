//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

func init() { guests["cond"] = func() guest { return new(queue) } }

// queue is a condition, and its lock, as one process has them open.
type queue struct {
	lock   *shsync.Mutex
	cond   *shsync.Cond
	passed *value.Value[uint64] // 1: the last wait of a task ended by itself
	want   chan error           // the wait of a task; nil: none
}

func (q *queue) create(seg *shm.Segment) error {
	var errs [3]error
	if q.lock, errs[0] = shsync.NewMutexIn(seg, "cond-lock"); errs[0] == nil {
		q.cond, errs[1] = shsync.NewCondIn(seg, "cond", q.lock, shsync.WithWaiters(4))
	}
	q.passed, errs[2] = value.NewIn[uint64](seg, "cond-passed", 0)
	return errors.Join(errs[:]...)
}

func (q *queue) open(seg *shm.Segment) error {
	var errs [3]error
	q.lock, errs[0] = shsync.OpenMutex(seg, "cond-lock")
	q.cond, errs[1] = shsync.OpenCond(seg, "cond")
	q.passed, errs[2] = value.Open[uint64](seg, "cond-passed")
	return errors.Join(errs[:]...)
}

func (q *queue) close() error { return errors.Join(q.cond.Close(), q.lock.Close(), q.passed.Close()) }

func endedContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (q *queue) warm() error {
	return q.locked(func() error {
		err := cancelled(q.cond.WaitContext, endedContext())()
		return errors.Join(err, q.cond.Notify(1), q.cond.NotifyAll())
	})
}

// locked runs f with the lock held.
func (q *queue) locked(f func() error) error {
	if _, err := take(q.lock); err != nil {
		return err
	}
	return errors.Join(f(), q.lock.Unlock())
}

// waits waits once. That a holder died in between is repaired.
func (q *queue) waits() error {
	return q.locked(func() error {
		err := q.cond.Wait()
		if errors.Is(err, shsync.ErrOwnerDied) {
			return q.lock.MarkConsistent()
		}
		return err
	})
}

func (q *queue) tasks() map[string]func() error {
	return map[string]func() error{"wait": func() error {
		if q.want != nil {
			return nil
		}
		q.want = make(chan error, 1)
		go func() { q.want <- q.waits() }()
		for !q.asleep() {
			time.Sleep(50 * time.Microsecond) // how often to look
		}
		return nil
	}}
}

// waiting tells whether this process waits.
func (q *queue) waiting() bool { return slices.Contains(q.cond.Info().PIDs, uint32(os.Getpid())) }

// asleep tells whether the wait of the task sleeps: others take another way then.
func (q *queue) asleep() bool {
	own, shared := park.Sleepers()
	return q.waiting() && own+shared > 0
}

func (q *queue) give() error { return nil }

// got: the wait of the task ends by itself, or there is no notification that it could
// have.
func (q *queue) got() error {
	for q.want != nil {
		select {
		case err := <-q.want:
			q.want = nil
			q.passed.Store(1)
			return err
		case <-time.After(100 * time.Microsecond): // how often to look
		}
		if q.waiting() && q.cond.Info().Notified == 0 {
			err := q.locked(func() error { return q.cond.NotifyAll() })
			err = errors.Join(err, <-q.want)
			q.want = nil
			return err
		}
	}
	return nil
}

func (q *queue) look() (string, error) {
	found, err := take(q.lock)
	if info := q.cond.Info(); err == nil && info.Waiters+info.Notified > 0 {
		err = fmt.Errorf("nobody waits any more: %v", info)
	}
	if q.passed.Swap(0) == 1 {
		found += ", the other one is woken"
	}
	return found, errors.Join(err, q.cond.Notify(1), cancelled(q.cond.WaitContext, endedContext())(), q.lock.Unlock())
}

func (q *queue) frozen() (held bool, err error) {
	if q.want != nil {
		return false, nil // something is under way that the frozen one is part of
	}
	ok, err := q.lock.TryLock()
	if errors.Is(err, shsync.ErrOwnerDied) {
		err = q.lock.MarkConsistent()
	}
	if !ok {
		return true, errors.Join(err, cancelled(q.lock.LockContext, endedContext())())
	}
	return false, errors.Join(err, q.cond.Notify(0), cancelled(q.cond.WaitContext, endedContext())(), q.lock.Unlock())
}

// queue is that of the test.
func (s *scene) queue() *queue { return s.guests["cond"].(*queue) }

// notifies is the test that notifies one, with another one who could be.
func notifies(s *scene) {
	s.ask(s.resident, "wait", "rousing")
	must(s.t, s.queue().locked(func() error { return s.queue().cond.Notify(1) }))
}

func notifiesAll(s *scene) {
	must(s.t, s.queue().locked(func() error { return s.queue().cond.NotifyAll() }))
}

// elderWaits starts a process that waits before the victim does.
func elderWaits(s *scene) {
	s.elder = shmtest.StartWith(s.t, s.quiet, "corpse", s.dir, "wait")
	s.elder.Expect("done")
}

// elderDies: the elder is notified and killed before it can go on.
func elderDies(s *scene) {
	must(s.t, s.queue().locked(func() error {
		err := s.queue().cond.Notify(1)
		s.elder.Kill()
		return err
	}))
}

func elderIsGone(s *scene) { elderWaits(s); s.elder.Kill() }

// inTurn is an operation on the condition by one who holds the lock, and gives it back
// in the end.
func inTurn(f func(v *victim, c *shsync.Cond) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		q := v.guests["cond"].(*queue)
		run := f(v, q.cond)
		_, err := take(q.lock)
		v.Must(err)
		return func() error {
			err := run()
			if errors.Is(err, shsync.ErrOwnerDied) {
				err = q.lock.MarkConsistent()
			}
			return errors.Join(err, q.lock.Unlock())
		}
	})
}

// notifying is one who holds the lock to its end: others could come to want that at any
// moment.
func notifying(f func(c *shsync.Cond) error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error {
		q := v.guests["cond"].(*queue)
		_, err := take(q.lock)
		v.Must(err)
		return func() error { return f(q.cond) }
	})
}

func notifyOne(c *shsync.Cond) error { return c.Notify(1) }

var condShows = []string{"cond"}

var condOperations = []operation{
	{name: "cond.Wait", shows: condShows, rouse: notifies,
		prepare: inTurn(func(_ *victim, c *shsync.Cond) func() error { return c.Wait })},
	{name: "cond.Wait of one among the dead", shows: condShows, stage: elderIsGone, rouse: notifiesAll,
		prepare: inTurn(func(_ *victim, c *shsync.Cond) func() error { return c.Wait })},
	{name: "cond.Wait that inherits", shows: condShows, stage: elderWaits, rouse: elderDies,
		prepare: inTurn(func(_ *victim, c *shsync.Cond) func() error { return c.Wait })},
	{name: "cond.WaitContext that is cancelled", shows: condShows, rouse: cancels,
		prepare: inTurn(func(v *victim, c *shsync.Cond) func() error { return cancelled(c.WaitContext, v.context()) })},
	{name: "cond.Notify", shows: condShows, stage: asked("wait"),
		prepare: notifying(notifyOne)},
	{name: "cond.Notify past the dead", shows: condShows, stage: func(s *scene) { elderIsGone(s); asked("wait")(s) },
		prepare: notifying(notifyOne)},
	{name: "cond.NotifyAll", shows: condShows, stage: asked("wait"),
		prepare: notifying((*shsync.Cond).NotifyAll)},
	{name: "C: cond_wait", c: true, shows: condShows, rouse: notifies},
	{name: "C: cond_wait that inherits", c: true, shows: condShows, stage: elderWaits, rouse: elderDies},
	{name: "C: cond_notify", c: true, shows: condShows, stage: asked("wait")},
}
