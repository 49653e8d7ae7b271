//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// turn is a lock that a condition can have, as one process has it open.
type turn interface {
	shsync.CondLock
	// anew is the same lock for another goroutine.
	anew() turn
	// take locks, and repairs what a dead holder left. It tells how it found the lock.
	take() (found string, err error)
	takeContext(ctx context.Context) error
	try() (bool, error)
	repair() error
	give() error
}

// turnKinds make and open the locks, by the names of the conditions.
var turnKinds = map[string]struct {
	create, open func(seg *shm.Segment, name string) (turn, error)
}{
	condMutex:     {turnOf(shsync.NewMutexIn, newTurn), turnOf(shsync.OpenMutex, newTurn)},
	condRWMutex:   {turnOf(shsync.NewRWMutexIn, newWriteTurn), turnOf(shsync.OpenRWMutex, newWriteTurn)},
	condRecursive: {turnOf(shsync.NewRecursiveMutexIn, newDeepTurn), turnOf(shsync.OpenRecursiveMutex, newDeepTurn)},
}

func turnOf[L any](open func(*shm.Segment, string) (L, error), as func(L) turn) func(*shm.Segment, string) (turn, error) {
	return func(seg *shm.Segment, name string) (turn, error) {
		l, err := open(seg, name)
		if err != nil {
			return nil, err
		}
		return as(l), nil
	}
}

// mutexTurn is a Mutex.
type mutexTurn struct{ *shsync.Mutex }

func newTurn(m *shsync.Mutex) turn { return mutexTurn{m} }

func (m mutexTurn) anew() turn                            { return m }
func (m mutexTurn) take() (string, error)                 { return take(m.Mutex) }
func (m mutexTurn) takeContext(ctx context.Context) error { return m.LockContext(ctx) }
func (m mutexTurn) try() (bool, error)                    { return m.TryLock() }
func (m mutexTurn) repair() error                         { return m.MarkConsistent() }
func (m mutexTurn) give() error                           { return m.Unlock() }

// writeTurn is an RWMutex, which is held to write.
type writeTurn struct{ *shsync.RWMutex }

func newWriteTurn(rw *shsync.RWMutex) turn { return writeTurn{rw} }

func (rw writeTurn) anew() turn                            { return rw }
func (rw writeTurn) take() (string, error)                 { return (&library{rw: rw.RWMutex}).write() }
func (rw writeTurn) takeContext(ctx context.Context) error { return rw.LockContext(ctx) }
func (rw writeTurn) try() (bool, error)                    { return rw.TryLock() }
func (rw writeTurn) repair() error                         { return rw.MarkConsistent() }
func (rw writeTurn) give() error                           { return rw.Unlock() }

// deepTurn is a RecursiveMutex, which is held twice.
type deepTurn struct {
	*shsync.RecursiveMutex
	tower  tower
	levels int
}

func newDeepTurn(m *shsync.RecursiveMutex) turn {
	return &deepTurn{RecursiveMutex: m, tower: tower{m: m, h: shsync.NewHolder()}}
}

func (d *deepTurn) anew() turn { return newDeepTurn(d.RecursiveMutex) }

func (d *deepTurn) take() (string, error) {
	d.levels = 2
	return d.tower.climb(d.levels)
}

func (d *deepTurn) takeContext(ctx context.Context) error {
	d.levels = 1
	return d.LockContext(ctx, d.tower.h)
}

func (d *deepTurn) try() (bool, error) {
	d.levels = 1
	return d.TryLock(d.tower.h)
}

func (d *deepTurn) repair() error { return d.MarkConsistent(d.tower.h) }

// give: whatever waits has taken the lock again as it was.
func (d *deepTurn) give() (err error) {
	if n := d.Held(d.tower.h); n != d.levels {
		err = fmt.Errorf("held %d times, want %d", n, d.levels)
	}
	return errors.Join(err, d.tower.leave())
}
