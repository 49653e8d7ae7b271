package sync

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/park"
	"shmkit/shm"
)

// Cond is a condition: processes that hold a lock wait on it until others, who
// hold the lock too, have changed something and notify them.
//
// Use [NewCond], [NewCondIn], [OpenCond] or unmarshal one that another process
// sent; the zero value is not usable, and a Cond must not be copied. All methods but
// Close may be called concurrently and from several processes. A waiter that dies
// disturbs nobody, and what it was notified of but did not live to see goes to the
// next one. A notifier that dies inside held the lock, so whoever has the lock next
// gets [ErrOwnerDied], and notifies again when it has repaired.
//
// Notifying never waits for a waiter. A wait may end without a notification that
// anybody meant for it, if processes were killed: it belongs into a loop, as
// [Cond.WaitFor] has it.
type Cond struct {
	obj   *shm.Object
	self  uint32 // owner id of this process
	head  *layout.Cond
	cells []uint64
	lock  CondLock // a handle of its own

	closed atomic.Bool
	// users counts the open handle and the calls in flight. Whoever takes it to 0 ends
	// the use of obj and lock. It never rises from 0.
	users atomic.Int64

	cleanup runtime.Cleanup // ends the use of obj if nobody calls Close
}

// CondOption changes how a [Cond] is made.
type CondOption func(*condOptions)

type condOptions struct{ waiters int }

const defaultWaiters = 1024

// WithWaiters sets how many calls of Wait there may be at once, in all processes
// together. The default is 1024, of 8 bytes each; the most is 65,536.
func WithWaiters(n int) CondOption { return func(o *condOptions) { o.waiters = n } }

// condSpec is what a condition is, with n waiter cells.
func condSpec(n int) shm.Spec {
	t, err := shm.TypeOf[uint64]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindCond, Type: t, Count: uint64(n)}
}

// NewCond makes a Cond without a name for lock, in the segment of the lock. It is
// freed when the last process that uses it closes it or dies. The Cond opens a handle
// of the lock for itself; the caller keeps its own. Errors: [ErrClosed] if lock is,
// [ErrCount] for an impossible number of waiters, shm.ErrType if lock is part of a
// Value or Array, and those of Segment.NewObject.
func NewCond(lock CondLock, opts ...CondOption) (*Cond, error) { return newCond("", lock, opts) }

// NewCondIn makes a Cond called name in seg, for a lock that must be in seg too. It
// stays until Segment.RemoveObject; the lock should have a name as well, or nobody
// can open the Cond once the last user of the lock is gone. Errors: those of
// [NewCond], shm.ErrExists; [ErrSegment] for a lock that is elsewhere.
func NewCondIn(seg *shm.Segment, name string, lock CondLock, opts ...CondOption) (*Cond, error) {
	o := lock.condObject()
	if o == nil {
		return nil, ErrClosed
	}
	if !o.In(seg) {
		return nil, ErrSegment
	}
	return newCond(name, lock, opts)
}

// OpenCond opens the Cond called name in seg, and its lock. Errors: shm.ErrNotFound,
// shm.ErrType if name is something else, shm.ErrGone if the lock is gone.
func OpenCond(seg *shm.Segment, name string) (*Cond, error) {
	o, err := seg.OpenObject(name, condSpec(0))
	if err != nil {
		return nil, err
	}
	return made(new(Cond), func(c *Cond) error { return c.openLock(o) })
}

func newCond(name string, lock CondLock, opts []CondOption) (*Cond, error) {
	options := condOptions{waiters: defaultWaiters}
	for _, opt := range opts {
		opt(&options)
	}
	if options.waiters < 1 || options.waiters > layout.CondMost {
		return nil, fmt.Errorf("%w: %d waiters", ErrCount, options.waiters)
	}
	of := lock.condObject()
	if of == nil {
		return nil, ErrClosed
	}
	kind := of.Spec().Kind
	if condLocks[kind] == nil {
		return nil, fmt.Errorf("%w: the lock of a %s", shm.ErrType, shm.KindName(kind))
	}
	o, err := of.NewBeside(name, condSpec(options.waiters), func(o *shm.Object) error {
		head := shm.Head[layout.Cond](o, 0)
		head.LockIndex, head.LockGeneration = of.Place()
		head.LockKind = uint32(kind)
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := new(Cond)
	c.init(o, lock.condHandle())
	return c, nil
}

// openLock makes c a handle of o, which the caller has just opened, and of its lock.
func (c *Cond) openLock(o *shm.Object) error {
	head := shm.Head[layout.Cond](o, 0)
	index, generation, kind := head.LockIndex, head.LockGeneration, head.LockKind
	spec, ok := condSpecs[uint16(kind)]
	if !ok || kind > math.MaxUint16 {
		o.Close()
		return &shm.CorruptError{Field: "cond.LockKind", Value: uint64(kind)}
	}
	lock, err := o.OpenBeside(index, generation, spec)
	if err != nil {
		o.Close()
		if errors.Is(err, shm.ErrCorrupt) {
			err = &shm.CorruptError{Field: "cond.LockIndex", Value: uint64(index), Err: err}
		}
		return err
	}
	c.init(o, condLocks[uint16(kind)](lock))
	return nil
}

func (c *Cond) init(o *shm.Object, lock CondLock) {
	c.obj, c.self, c.lock = o, o.Self(), lock
	c.head, c.cells = shm.Head[layout.Cond](o, 0), shm.Items[uint64](o)
	c.users.Store(1)
	c.cleanup = shm.AutoClose(c, o)
}

// enter keeps the condition in use for one call, which ends with leave.
func (c *Cond) enter() error {
	for n := c.users.Load(); !c.closed.Load() && n > 0; n = c.users.Load() {
		if c.users.CompareAndSwap(n, n+1) {
			return nil
		}
	}
	return ErrClosed
}

func (c *Cond) leave() error {
	if c.users.Add(-1) > 0 {
		return nil
	}
	err := c.obj.Close()
	if e := c.lock.Close(); err == nil {
		err = e
	}
	return err
}

// Close ends this handle's use of the condition, and of the handle of the lock that
// it has. Goroutines that wait through it retake the lock and get [ErrClosed]; the
// last of them ends the use. Close must not run beside a call that does not wait yet. A
// second Close gives ErrClosed.
func (c *Cond) Close() error {
	if c.closed.Swap(true) {
		return ErrClosed
	}
	c.cleanup.Stop()
	for i := range c.cells {
		if layout.CondOwner(atomic.LoadUint64(&c.cells[i])) == c.self {
			park.Rouse(mem.Low(&c.cells[i])) // perhaps one of ours: it looks at the handle
		}
	}
	return c.leave()
}

// high is how many cells may be in use.
func (c *Cond) high() int { return int(min(atomic.LoadUint32(&c.head.High), uint32(len(c.cells)))) }

// Mutex is the lock of c, if that is a Mutex, else nil. The caller must not close it.
func (c *Cond) Mutex() *Mutex {
	m, _ := c.lock.(*Mutex)
	return m
}

// RWMutex is the lock of c, if that is an RWMutex, else nil. The caller must not close
// it.
func (c *Cond) RWMutex() *RWMutex {
	rw, _ := c.lock.(*RWMutex)
	return rw
}

// RecursiveMutex is the lock of c, if that is a RecursiveMutex, else nil. The caller
// must not close it.
func (c *Cond) RecursiveMutex() *RecursiveMutex {
	m, _ := c.lock.(*RecursiveMutex)
	return m
}

// Info describes the condition: who waits. The result is a snapshot. It is nil after
// Close.
func (c *Cond) Info() *shm.CondInfo {
	if c.closed.Load() {
		return nil
	}
	return c.obj.CondInfo()
}

// String tells who waits and the state of the lock, for people.
func (c *Cond) String() string {
	if c.closed.Load() {
		return "Cond(closed)"
	}
	return fmt.Sprintf("Cond(%v; %v)", c.obj.CondInfo(), c.lock)
}

// Handle names the condition for other processes; see [shm.Handle].
func (c *Cond) Handle() (shm.Handle, error) {
	if c.closed.Load() {
		return shm.Handle{}, ErrClosed
	}
	if _, err := c.lock.Handle(); err != nil { // the lock must last as well
		return shm.Handle{}, err
	}
	return c.obj.Handle()
}

// MarshalBinary implements encoding.BinaryMarshaler with [Cond.Handle].
func (c *Cond) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(c) }

// MarshalText implements encoding.TextMarshaler with [Cond.Handle].
func (c *Cond) MarshalText() ([]byte, error) { return shm.EncodeText(c) }

// UnmarshalBinary opens, in whatever process, the condition whose bytes these are,
// and its lock. c must be new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (c *Cond) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, c.open) }

// UnmarshalText opens the condition whose text this is, as UnmarshalBinary.
func (c *Cond) UnmarshalText(text []byte) error { return shm.DecodeText(text, c.open) }

func (c *Cond) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, condSpec(0))
	if err != nil {
		return err
	}
	return c.openLock(o)
}
