package pipe

import (
	"context"
	"sync/atomic"
)

// turn is a lock of this process that a goroutine waits for until its context ends.
type turn struct {
	taken   atomic.Bool
	waiters atomic.Int32
	free    chan struct{} // has room for one
}

func (t *turn) init() { t.free = make(chan struct{}, 1) }

func (t *turn) tryLock() bool { return t.taken.CompareAndSwap(false, true) }

// lock fails only with the cause of ctx. If the turn is free ctx is not looked at.
func (t *turn) lock(ctx context.Context) error {
	if t.tryLock() {
		return nil
	}
	return t.lockSlow(ctx)
}

func (t *turn) lockSlow(ctx context.Context) error {
	t.waiters.Add(1) // before the next try: else unlock does not see us
	defer t.waiters.Add(-1)
	for !t.tryLock() {
		select {
		case <-t.free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (t *turn) unlock() {
	t.taken.Store(false)
	if t.waiters.Load() > 0 {
		select {
		case t.free <- struct{}{}:
		default: // somebody is told already
		}
	}
}
