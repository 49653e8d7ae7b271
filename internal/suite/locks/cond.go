package locks

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"shmkit/internal/suite"
)

// Cond is what a condition must do.
type Cond interface {
	suite.Handle
	WaitContext(ctx context.Context) error
	Notify(n int) error
	NotifyAll() error
}

// CondKind is what the suite must know of conditions that are C.
type CondKind[C any] struct {
	// Make makes a condition, and gives the handle of the lock that it was made for.
	Make func(at suite.Place) (C, Mutex, error)
	// Lock is the lock of a condition that was opened from its text.
	Lock func(c C) Mutex
	// Waiting tells how many wait, and how many of these are notified already.
	Waiting func(c C) (waiting, notified int)
}

// condition is a condition and the caller's own handle of its lock.
type condition struct {
	Cond
	lock    Mutex
	waiting func() (waiting, notified int)
}

// Close gives up both.
func (c condition) Close() error { return errors.Join(c.Cond.Close(), c.lock.Close()) }

// AddCond makes the kind "cond" known to a world.
func AddCond[C interface {
	suite.Opener[T]
	Cond
}, T any](w *suite.World, k CondKind[C]) {
	w.Add("cond", suite.Kind{
		Make: func(at suite.Place) (suite.Handle, error) {
			c, lock, err := k.Make(at)
			return condition{c, lock, func() (int, int) { return k.Waiting(c) }}, err
		},
		Open: func(text string) (suite.Handle, suite.Perform, error) {
			c := C(new(T))
			err := c.UnmarshalText([]byte(text))
			return c, func(args []string) string { return outcomes.Of(performCond(c, k.Lock(c), args)) }, err
		},
	})
}

func performCond(c Cond, lock Mutex, args []string) error {
	switch args[0] {
	case "lock":
		return lock.Lock()
	case "unlock":
		return lock.Unlock()
	case "mark":
		return lock.MarkConsistent()
	case "wait":
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		return c.WaitContext(ctx)
	case "once": // all of it, for waits that end by themselves
		ctx, cancel := suite.Limit(args, 1)
		defer cancel()
		err := lock.Lock()
		if err == nil {
			err = c.WaitContext(ctx)
		}
		return errors.Join(err, lock.Unlock())
	case "notify":
		n, err := strconv.Atoi(args[1])
		return errors.Join(err, c.Notify(n))
	case "all":
		return c.NotifyAll()
	}
	return fmt.Errorf("what? %q", args)
}
