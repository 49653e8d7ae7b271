package sync_test

import (
	"context"
	"errors"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// errFailed is what functions return that fail.
var errFailed = errors.New("failed")

// second is the error of a call that gives something else too.
func second[T any](_ T, err error) error { return err }

// opened makes an open of hostileKind of an Open function.
func opened[H closer](open func(*shm.Segment, string) (H, error)) func(*shm.Segment, string) (closer, error) {
	return func(seg *shm.Segment, name string) (closer, error) { return open(seg, name) }
}

// told makes the calls that tell about an object.
func told[I any](do calls, info func() I, text func() string, handle func() (shm.Handle, error)) {
	do("Info", func(context.Context) error { info(); return nil })
	do("String", func(context.Context) error { text(); return nil })
	do("Handle", func(context.Context) error { return second(handle()) })
}

var lockErrors = []error{
	shsync.ErrOwnerDied, shsync.ErrNotRecoverable, shsync.ErrNotHeld, shsync.ErrConsistent, errFailed,
}

var hostileKinds = map[string]hostileKind{
	"Mutex": {
		head: 64, fields: []int{0, 4, 8, 12, 16, 20},
		make:  func(c *crime, name string) (closer, error) { return shsync.NewMutexIn(c.seg, name) },
		open:  opened(shsync.OpenMutex),
		calls: func(h closer, do calls) { mutexCalls(h.(*shsync.Mutex), do) },
		errs:  lockErrors,
	},
	"RWMutex": {
		head: 128, fields: []int{0, 4, 8, 12, 16, 20, 64},
		make: func(c *crime, name string) (closer, error) { return shsync.NewRWMutexIn(c.seg, name) },
		open: opened(shsync.OpenRWMutex),
		calls: func(h closer, do calls) {
			rwmutexCalls(h.(*shsync.RWMutex), do)
		},
		errs: append(lockErrors, shsync.ErrInconsistent),
	},
	"RecursiveMutex": {
		head: 128, fields: []int{0, 4, 8, 12, 16, 20, 64, 68, 72},
		make: func(c *crime, name string) (closer, error) { return shsync.NewRecursiveMutexIn(c.seg, name) },
		open: opened(shsync.OpenRecursiveMutex),
		calls: func(h closer, do calls) {
			recursiveCalls(h.(*shsync.RecursiveMutex), do)
		},
		errs: append(lockErrors, shsync.ErrTooMany),
	},
	"Once": {
		head: 128, fields: []int{0, 4, 8, 12, 16, 20, 64},
		make:  func(c *crime, name string) (closer, error) { return shsync.NewOnceIn(c.seg, name) },
		open:  opened(shsync.OpenOnce),
		calls: func(h closer, do calls) { onceCalls(h.(*shsync.Once), do) },
		errs:  []error{errFailed, shsync.ErrNotRecoverable},
	},
	"WaitGroup": {
		head: 128, fields: []int{0, 4},
		make: func(c *crime, name string) (closer, error) { return shsync.NewWaitGroupIn(c.seg, name) },
		open: opened(shsync.OpenWaitGroup),
		calls: func(h closer, do calls) {
			workCalls(h.(*shsync.WaitGroup), do)
		},
		errs: []error{shsync.ErrOwnerDied, shsync.ErrNoWork, shsync.ErrTooMany},
	},
	"Semaphore": {
		head: 64, fields: []int{0, 4},
		make: func(c *crime, name string) (closer, error) { return shsync.NewSemaphoreIn(c.seg, name, 2) },
		open: opened(shsync.OpenSemaphore),
		calls: func(h closer, do calls) {
			semaphoreCalls(h.(*shsync.Semaphore), do)
		},
		errs: []error{errFailed, shsync.ErrTooMany},
	},
	"BoundedSemaphore": {
		head: 64, fields: []int{0, 4},
		make: func(c *crime, name string) (closer, error) { return shsync.NewBoundedSemaphoreIn(c.seg, name, 2) },
		open: opened(shsync.OpenBoundedSemaphore),
		calls: func(h closer, do calls) {
			semaphoreCalls(&h.(*shsync.BoundedSemaphore).Semaphore, do)
		},
		errs: []error{errFailed, shsync.ErrTooMany, shm.ErrType},
	},
	"Permits": {
		head: 128, fields: []int{0, 4, 8, 12},
		make: func(c *crime, name string) (closer, error) { return shsync.NewPermitsIn(c.seg, name, 5) },
		open: opened(shsync.OpenPermits),
		calls: func(h closer, do calls) {
			permitsCalls(h.(*shsync.Permits), do)
		},
		errs: []error{errFailed, shsync.ErrNotHeld},
	},
	"Cond": {
		head: 128, fields: []int{0, 4, 8, 12, 16, 20},
		make: func(c *crime, name string) (closer, error) {
			return shsync.NewCondIn(c.seg, name, c.lock, shsync.WithWaiters(5))
		},
		open:  opened(shsync.OpenCond),
		calls: func(h closer, do calls) { condCalls(h.(*shsync.Cond), do) },
		errs:  []error{shsync.ErrNotHeld, shsync.ErrTooMany, shsync.ErrOwnerDied, shm.ErrGone, shm.ErrType},
	},
	"Event": {
		head: 64, fields: []int{0},
		make:  func(c *crime, name string) (closer, error) { return shsync.NewEventIn(c.seg, name) },
		open:  opened(shsync.OpenEvent),
		calls: func(h closer, do calls) { eventCalls(h.(*shsync.Event), do) },
	},
	"Barrier": {
		head: 384, fields: []int{0, 4, 8, 12, 16, 20, 128, 132, 136, 140, 376, 380},
		make: func(c *crime, name string) (closer, error) {
			return shsync.NewBarrierIn(c.seg, name, 2, shsync.BarrierTimeout(time.Hour))
		},
		open:  opened(shsync.OpenBarrier),
		calls: func(h closer, do calls) { barrierCalls(h.(*shsync.Barrier), do) },
		errs:  []error{shsync.ErrBroken, errFailed},
	},
}
