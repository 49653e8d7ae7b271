package sync

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// Once runs a function until it has succeeded once, in one process at a time, whoever
// asks. A run that fails, panics or dies with its process leaves it to the next.
//
// Use [NewOnce], [NewOnceIn], [OpenOnce] or unmarshal one that another process sent;
// the zero value is not usable, and it must not be copied. All methods but Close may be
// called concurrently and from several processes. If a process dies while it runs the
// function, one of those who wait runs it again, and is not told: the function must
// begin anew whatever an earlier run left.
type Once struct {
	mutex Mutex
	done  atomic.Pointer[uint32] // notDone after Close
}

// notDone is what the handles of closed ones point to.
var notDone uint32

// onceDone is Once.Done after a run that has succeeded.
const onceDone = 1

var onceSpec = shm.Spec{Kind: shm.KindOnce, Mutex: true}

// NewOnce makes a Once without a name on the process's default heap. It is freed when
// the last process that uses it closes it or dies. Errors: those of shm.Default and
// Segment.NewObject.
func NewOnce() (*Once, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return newOnce(seg, "")
}

// NewOnceIn makes a Once called name in seg. It stays until Segment.RemoveObject.
// Errors: those of Segment.NewObject, shm.ErrExists among them.
func NewOnceIn(seg *shm.Segment, name string) (*Once, error) { return newOnce(seg, name) }

// OpenOnce opens the Once called name in seg. Errors: shm.ErrNotFound, shm.ErrType if
// name is something else.
func OpenOnce(seg *shm.Segment, name string) (*Once, error) {
	o, err := seg.OpenObject(name, onceSpec)
	if err != nil {
		return nil, err
	}
	once := new(Once)
	once.init(o)
	return once, nil
}

func newOnce(seg *shm.Segment, name string) (*Once, error) {
	o, err := seg.NewObject(name, onceSpec, nil)
	if err != nil {
		return nil, err
	}
	once := new(Once)
	once.init(o)
	return once, nil
}

func (o *Once) init(obj *shm.Object) {
	o.done.Store(&shm.Head[layout.Once](obj, layout.OnceOff).Done)
	o.mutex.init(obj)
}

// Do returns nil when a run of a function has succeeded, in whatever process: at once
// if one has before, else it runs f, or waits for the one that runs and runs f if that
// fails. The error of f goes to its own caller alone, and the next Do runs its f.
// Errors: that of f, [ErrClosed]. If f panics it counts as failed. A Do inside of f, of
// the same Once, waits for ever.
//
// In the terminology of the Go memory model, the end of the run that succeeded
// synchronizes before the return of every Do that returns nil.
func (o *Once) Do(f func() error) error {
	// sync: once done
	if atomic.LoadUint32(o.done.Load()) == onceDone {
		runtime.KeepAlive(o)
		if race.Enabled {
			raceAcquire(&o.mutex)
		}
		return nil
	}
	return o.doSlow(context.Background(), f)
}

// DoContext is Do that gives up waiting when ctx ends, and then returns the cause of
// ctx. It does not end a run of f.
func (o *Once) DoContext(ctx context.Context, f func() error) error {
	if o.Done() {
		return nil
	}
	return o.doSlow(ctx, f)
}

// TryDo is Do that does not wait for a run by somebody else: done is false then, and
// err nil. Otherwise err is that of Do, and done tells whether it is nil.
func (o *Once) TryDo(f func() error) (done bool, err error) {
	if o.Done() {
		return true, nil
	}
	addr, err := o.mutex.enter()
	if err != nil {
		return false, err
	}
	defer o.mutex.leave()
	ok, err := o.mutex.TryLock()
	if !ok {
		return false, err
	}
	err = o.run(addr, err, f)
	return err == nil, err
}

// Done tells whether a run has succeeded. It is false after Close.
func (o *Once) Done() bool {
	// sync: once done
	done := atomic.LoadUint32(o.done.Load()) == onceDone
	runtime.KeepAlive(o)
	if done && race.Enabled {
		raceAcquire(&o.mutex)
	}
	return done
}

func (o *Once) doSlow(ctx context.Context, f func() error) error {
	addr, err := o.mutex.enter()
	if err != nil {
		return err
	}
	defer o.mutex.leave()
	return o.run(addr, o.mutex.LockContext(ctx), f)
}

// run is what follows the lock in addr, which came with err. The handle may be closed
// meanwhile, and the process have another one: the lock is given back all the same.
func (o *Once) run(addr *uint32, err error, f func() error) error {
	switch {
	case errors.Is(err, ErrOwnerDied):
		o.mutex.changeWord(addr, word.MutexConsistent) // whether it had succeeded tells done alone
	case err != nil:
		return err
	}
	defer o.unlock(addr)
	done := o.done.Load()
	if done == &notDone {
		return ErrClosed
	}
	switch d := atomic.LoadUint32(done); d {
	case 0:
	case onceDone:
		return nil // somebody else's run
	default:
		return &shm.CorruptError{Field: "once.Done", Value: uint64(d)}
	}
	if err := f(); err != nil {
		return err
	}
	if race.Enabled {
		raceRelease(&o.mutex)
	}
	// sync: once done. Before the lock is given back: who gets that must not run again.
	atomic.StoreUint32(done, onceDone)
	return nil
}

// unlock is Mutex.Unlock for a call that has entered.
func (o *Once) unlock(addr *uint32) {
	if race.Enabled {
		raceRelease(&o.mutex)
	}
	o.mutex.changeWord(addr, word.MutexUnlock)
}

// Close ends this handle's use of the Once. Goroutines that wait through this handle get
// [ErrClosed]. Close must not run beside a call that neither waits nor runs its
// function. A second Close gives ErrClosed.
func (o *Once) Close() error {
	o.done.Store(&notDone)
	return o.mutex.Close()
}
