package sync

import (
	"context"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// Mutex is a mutual exclusion lock that processes share and that survives the
// death of its holder.
//
// Use [NewMutex], [NewMutexIn], [OpenMutex] or unmarshal one that another process
// sent; the zero value is not usable, and a Mutex must not be copied. All methods
// but Close may be called concurrently and from several processes. If a process dies while
// it holds the lock, the next Lock, in whatever process, returns [ErrOwnerDied]
// with the lock held. If a process dies while it waits, nothing happens to the
// others.
//
// The algorithm is the three-state futex mutex of Ulrich Drepper's "Futexes Are
// Tricky", with the owner in the word, and the take-over rules of
// docs/decisions/0001-foundation.md, 1.6.
type Mutex struct {
	// word is the mutex word, or closedWord after Close, so that the fast paths
	// need no test: on closedWord every compare-and-swap fails.
	word atomic.Pointer[uint32]
	self uint32 // owner id of this process
	obj  object

	settle func() // see MutexOf; may be nil

	// users counts the open handle and the calls on their slow path. Whoever takes it
	// to 0 ends the use of obj, whose memory may be another object's then. It never
	// rises from 0.
	users atomic.Int64

	cleanup runtime.Cleanup // ends the use of obj if nobody calls Close
}

// object is what a Mutex needs of the *shm.Object that its lock is in. Tests put a
// lock into memory that the race detector watches, with processes of their own; the
// fast paths do not look at it.
type object interface {
	Close() error
	Handle() (shm.Handle, error)
	Mutex() *layout.Mutex
	LockInfo() *shm.LockInfo
	Stats() *layout.Participant
	Liveness(owner uint32, ask bool) shm.Life
	DeathWord(owner uint32) (addr *uint32, val uint32, ok bool)
	WakeMourners(owner uint32)
	SweepOwner(owner uint32)
}

// closedWord is what the handles of closed mutexes point to. Its value is that of
// a lock which nobody can take.
var closedWord = layout.MutexUnusable

// mutexSpec is what a mutex object is.
var mutexSpec = shm.Spec{Kind: shm.KindMutex, Mutex: true}

// NewMutex makes an unlocked Mutex without a name on the process's default heap.
// It is freed when the last process that uses it closes it or dies. Errors: those
// of shm.Default and Segment.NewObject.
func NewMutex() (*Mutex, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return newMutex(seg, "")
}

// NewMutexIn makes an unlocked Mutex called name in seg. It stays until
// Segment.RemoveObject. Errors: those of Segment.NewObject, shm.ErrExists among
// them.
func NewMutexIn(seg *shm.Segment, name string) (*Mutex, error) { return newMutex(seg, name) }

// OpenMutex opens the Mutex called name in seg. Errors: shm.ErrNotFound,
// shm.ErrType if name is something else.
func OpenMutex(seg *shm.Segment, name string) (*Mutex, error) {
	o, err := seg.OpenObject(name, mutexSpec)
	if err != nil {
		return nil, err
	}
	m := new(Mutex)
	m.init(o)
	return m, nil
}

func newMutex(seg *shm.Segment, name string) (*Mutex, error) {
	o, err := seg.NewObject(name, mutexSpec, nil)
	if err != nil {
		return nil, err
	}
	m := new(Mutex)
	m.init(o)
	return m, nil
}

// MutexOf gives the lock that is part of o, for packages that put a lock and data
// into one object. The Mutex uses o in its own right, until it is closed. settle,
// if not nil, runs with the lock held before a method returns [ErrOwnerDied]: it
// finishes what the dead left half-done, so that no caller needs to know of it. It
// must not wait. MutexOf panics if o was made without a lock.
func MutexOf(o *shm.Object, settle func()) *Mutex {
	o.Retain()
	m := &Mutex{settle: settle}
	m.init(o)
	return m
}

// init makes m a handle of the lock of o, and owner of one use of o.
func (m *Mutex) init(o *shm.Object) {
	m.obj, m.self = o, o.Self()
	m.users.Store(1)
	m.word.Store(&o.Mutex().Word)
	m.cleanup = shm.AutoClose(m, o)
}

// Lock takes the lock, and waits for it as long as it takes. It may be called by
// any process. Errors: [ErrOwnerDied], and then the lock IS held; without the
// lock: [ErrNotRecoverable], [ErrClosed].
//
// In the terminology of the Go memory model, an Unlock in any process
// synchronizes before the Lock that follows it returns.
func (m *Mutex) Lock() error {
	// sync: mutex handed over
	if atomic.CompareAndSwapUint32(m.word.Load(), 0, m.self) {
		runtime.KeepAlive(m)
		if race.Enabled {
			raceAcquire(m)
		}
		return nil
	}
	return m.lockForever()
}

// LockContext is Lock that gives up when ctx ends: it then returns the cause of
// ctx, or its Err if the cause is an ErrOwnerDied, without the lock. A free lock is taken even if ctx has ended.
func (m *Mutex) LockContext(ctx context.Context) error {
	// sync: mutex handed over
	if atomic.CompareAndSwapUint32(m.word.Load(), 0, m.self) {
		runtime.KeepAlive(m)
		if race.Enabled {
			raceAcquire(m)
		}
		return nil
	}
	return m.lockSlow(ctx)
}

// TryLock takes the lock if it is free, or if its holder is known to be dead,
// without waiting. ok tells whether the lock is held now; with ok, err is nil or
// [ErrOwnerDied]. A lock that a live process holds gives false, nil.
func (m *Mutex) TryLock() (ok bool, err error) {
	// sync: mutex handed over
	if atomic.CompareAndSwapUint32(m.word.Load(), 0, m.self) {
		runtime.KeepAlive(m)
		if race.Enabled {
			raceAcquire(m)
		}
		return true, nil
	}
	return m.tryLockSlow()
}

// Unlock gives the lock back. Any goroutine of the process that holds it may call
// it. After [ErrOwnerDied] without [Mutex.MarkConsistent] it makes the lock
// unusable for ever. Errors: [ErrNotHeld], [ErrClosed]; the lock is unchanged then.
func (m *Mutex) Unlock() error {
	if race.Enabled {
		raceRelease(m)
	}
	// sync: mutex handed over. This passes ownership to whoever comes first.
	if atomic.CompareAndSwapUint32(m.word.Load(), m.self, 0) {
		runtime.KeepAlive(m)
		return nil
	}
	return m.unlockSlow()
}

// MarkConsistent tells that the holder has repaired what the lock protects, after
// Lock returned [ErrOwnerDied]. Only then can Unlock pass the lock on. Errors:
// [ErrNotHeld], [ErrConsistent], [ErrClosed].
func (m *Mutex) MarkConsistent() error { return m.change(word.MutexConsistent) }

// Close ends this handle's use of the lock. The lock itself is unchanged, unless
// this was the last handle of the process and the process holds it: nobody could
// unlock it then, so it is passed on as if the process had died. Goroutines that
// wait through this handle get [ErrClosed]; the last of them ends the use. Close must
// not run beside a call that does not wait yet. A second Close gives ErrClosed.
func (m *Mutex) Close() error {
	word := m.word.Swap(&closedWord)
	if word == &closedWord {
		return ErrClosed
	}
	m.cleanup.Stop()
	park.Rouse(word) // those that wait look at the handle again
	return m.leave()
}
