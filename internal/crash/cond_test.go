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
	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

// The conditions of the cast, by the kind of their locks.
const (
	condMutex     = "cond"
	condRWMutex   = "cond of an RWMutex"
	condRecursive = "cond of a RecursiveMutex"
)

func init() {
	for name := range turnKinds {
		guests[name] = func() guest { return &queue{name: name} }
	}
}

// queue is a condition, and its lock, as one process has them open.
type queue struct {
	name   string
	lock   turn
	cond   *shsync.Cond
	passed *value.Value[uint64] // 1: the last wait of a task ended by itself
	wish
}

func (q *queue) create(seg *shm.Segment) (err error) {
	if q.lock, err = turnKinds[q.name].create(seg, q.name+"-lock"); err != nil {
		return err
	}
	var errs [2]error
	q.cond, errs[0] = shsync.NewCondIn(seg, q.name, q.lock, shsync.WithWaiters(4))
	q.passed, errs[1] = value.NewIn[uint64](seg, q.name+"-passed", 0)
	return errors.Join(errs[:]...)
}

func (q *queue) open(seg *shm.Segment) error {
	var errs [3]error
	q.lock, errs[0] = turnKinds[q.name].open(seg, q.name+"-lock")
	q.cond, errs[1] = shsync.OpenCond(seg, q.name)
	q.passed, errs[2] = value.Open[uint64](seg, q.name+"-passed")
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

// locked runs f with the lock held. That a holder died while f waited is repaired.
func (q *queue) locked(f func() error) error {
	l := q.lock.anew()
	if _, err := l.take(); err != nil {
		return err
	}
	return errors.Join(repaired(l, f()), l.give())
}

// repaired repairs what a dead holder left, if err tells of one.
func repaired(l turn, err error) error {
	if errors.Is(err, shsync.ErrOwnerDied) {
		return l.repair()
	}
	return err
}

func (q *queue) tasks() map[string]func() error {
	return map[string]func() error{"wait for the " + q.name: func() error {
		if q.wanting() {
			return nil
		}
		q.wants(func() error { return q.locked(q.cond.Wait) })
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
	for q.wanting() {
		if q.granted() {
			q.passed.Store(1)
			return q.wish.got()
		}
		if q.waiting() && q.cond.Info().Notified == 0 {
			return errors.Join(q.locked(q.cond.NotifyAll), q.wish.got())
		}
		time.Sleep(100 * time.Microsecond) // how often to look
	}
	return nil
}

func (q *queue) look() (string, error) {
	found, err := q.lock.take()
	if info := q.cond.Info(); err == nil && info.Waiters+info.Notified > 0 {
		err = fmt.Errorf("nobody waits any more: %v", info)
	}
	if q.passed.Swap(0) == 1 {
		found += ", the other one is woken"
	}
	return found, errors.Join(err, q.cond.Notify(1), cancelled(q.cond.WaitContext, endedContext())(), q.lock.give())
}

func (q *queue) frozen() (held bool, err error) {
	if q.wanting() {
		return false, nil // something is under way that the frozen one is part of
	}
	ok, err := q.lock.try()
	err = repaired(q.lock, err)
	if !ok {
		return true, errors.Join(err, cancelled(q.lock.takeContext, endedContext())())
	}
	return false, errors.Join(err, q.cond.Notify(0), cancelled(q.cond.WaitContext, endedContext())(), q.lock.give())
}
