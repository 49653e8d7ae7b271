package pipe

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"shmkit/ring"
)

// turn is a lock of this process that a goroutine waits for until its context ends.
type turn struct {
	state   atomic.Int32
	waiters atomic.Int32
	free    chan struct{} // has room for one

	watched atomic.Int32 // how many bells there are
	mu      sync.Mutex   // guards bells; held for short
	bells   []*ring.Bell // rung when the turn is over
}

// States of a turn.
const (
	turnFree  = iota
	turnTaken // by a call, which may wait for the other end
	turnLook  // by one who looks and waits for nobody: nobody gives up because of it
)

func (t *turn) init() { t.free = make(chan struct{}, 1) }

func (t *turn) tryLock() bool { return t.try(turnTaken) }

// tryLook is tryLock for one who looks; end it with unlook.
func (t *turn) tryLook() bool { return t.try(turnLook) }

func (t *turn) try(state int32) bool {
	for !t.state.CompareAndSwap(turnFree, state) {
		switch t.state.Load() {
		case turnTaken:
			return false
		case turnLook:
			runtime.Gosched()
		}
	}
	return true
}

// unlook ends a look. It rings no bell: nothing was taken.
func (t *turn) unlook() { t.state.Store(turnFree) }

// lock fails only with the cause of ctx. If the turn is free ctx is not looked at.
func (t *turn) lock(ctx context.Context) error {
	if t.state.CompareAndSwap(turnFree, turnTaken) {
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
	t.state.Store(turnFree)
	if t.waiters.Load() > 0 {
		select {
		case t.free <- struct{}{}:
		default: // somebody is told already
		}
	}
	if t.watched.Load() > 0 {
		t.ring()
	}
}

// watch makes unlock ring the bell, until unwatch.
func (t *turn) watch(b *ring.Bell) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bells = append(t.bells, b)
	t.watched.Add(1)
}

func (t *turn) unwatch(b *ring.Bell) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.bells {
		if other == b {
			t.bells = append(t.bells[:i], t.bells[i+1:]...)
			t.watched.Add(-1)
			return
		}
	}
}

func (t *turn) ring() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bells {
		b.Ring()
	}
}
