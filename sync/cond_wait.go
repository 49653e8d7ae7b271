package sync

import (
	"context"
	"errors"
	"fmt"

	"shmkit/internal/park"
)

// Wait gives the lock back, waits until this call is notified, and takes the lock
// again, which may take longer. It may be called by any process that holds the lock. A
// notification that comes after the lock was given back is not missed.
//
// Errors: [ErrOwnerDied]: somebody died with the lock meanwhile, as for Mutex.Lock;
// whether there was a notification is unknown. [ErrTooMany]: all waiter cells are in
// use; nothing was given back. [ErrClosed]: c was closed. [ErrNotHeld] if this process
// does not hold the lock, or could not take it again, for the reason that the error
// wraps too: the lock is not held then. After all other errors it is.
//
// A lock that came with ErrOwnerDied and is not repaired goes on with that warning.
func (c *Cond) Wait() error { return c.WaitContext(context.Background()) }

// WaitContext is Wait that gives up when ctx ends: it then takes the lock again, however
// long that takes, and returns the cause of ctx. If a notification came first it
// returns nil. If the lock came with [ErrOwnerDied] the error is both.
func (c *Cond) WaitContext(ctx context.Context) error {
	ended, err := c.wait(ctx)
	return errors.Join(ended, err)
}

// WaitFor waits until ready returns true, which it calls with the lock held: at once,
// and after each notification. When ctx ends it looks once more, and returns the
// cause of ctx if it still is not true. Other errors are those of [Cond.Wait]; ready is
// not called after them.
func (c *Cond) WaitFor(ctx context.Context, ready func() bool) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.leave()
	if !c.lock.condHeld() {
		return ErrNotHeld
	}
	for !ready() {
		ended, err := c.wait(ctx)
		if err != nil || ended != nil && !ready() {
			return errors.Join(ended, err)
		}
		if ended != nil {
			return nil
		}
	}
	return nil
}

// wait is one wait. ended is the cause of ctx if that ended it.
func (c *Cond) wait(ctx context.Context) (ended, err error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	if !c.lock.condHeld() {
		return nil, ErrNotHeld
	}
	w := condWait{c: c}
	if err := w.claim(); err != nil {
		return nil, err
	}
	kept, err := c.lock.condRelease()
	if err != nil {
		if !w.quit() {
			w.passOn()
		}
		return nil, err
	}
	over, err := park.Await(ctx, w.attempt)
	switch {
	case err != nil && !w.damaged && !w.quit():
		err = nil // whoever was notified in the last moment was notified
	case over:
		ended, err = notOurs(ctx, err, ErrOwnerDied, ErrNotHeld), nil
	}
	notified := ended == nil && err == nil
	if notified {
		c.giveWay(&w)
	}
	back := c.lock.condRetake(kept)
	if back == nil || back == ErrOwnerDied {
		if notified {
			w.done()
		}
		return ended, errors.Join(err, back)
	}
	if notified {
		w.passOn() // it did nothing with it
	}
	return ended, fmt.Errorf("%w: %w", ErrNotHeld, errors.Join(err, back))
}
