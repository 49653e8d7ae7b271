//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/shm"
)

// hungerOperations are those of a lock that is kept for one who has waited long.
var hungerOperations = []operation{
	{name: "mutex.Lock that is hungry", shows: lockShows, stage: residentHolds, rouse: residentGives,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			park.Patience = 0
			return v.lock.Lock
		})},
	{name: "mutex.LockContext that is hungry and cancelled", shows: lockShows, stage: residentHolds, rouse: cancels,
		prepare: opened(func(v *victim, _ *shm.Segment) func() error {
			park.Patience = 0
			ctx := v.context()
			return func() error {
				if err := v.lock.LockContext(ctx); !errors.Is(err, context.Canceled) {
					return fmt.Errorf("LockContext: %w", err)
				}
				return nil
			}
		})},
	{name: "mutex.Unlock that lets the hungry pass", shows: lockShows, meanwhile: residentWants, rouse: residentGot,
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			_, err := take(v.lock)
			v.Must(err)
			v.wait()
			for lock := v.lockOf(seg); atomic.LoadUint32(&lock.Hungry) == 0; {
				runtime.Gosched()
			}
			return v.lock.Unlock
		})},
	{name: "mutex.Lock that lets another pass in vain", shows: lockShows,
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			lock := v.lockOf(seg)
			atomic.StoreUint32(&lock.Hungry, 1)
			atomic.StoreUint32(&lock.Word, layout.MutexWaiters)
			return v.lock.Lock
		})},
}

// lockOf is the lock of the scene as memory.
func (v *victim) lockOf(seg *shm.Segment) *layout.Mutex {
	o, err := openLock(seg)
	v.Must(err)
	return o.Mutex()
}
