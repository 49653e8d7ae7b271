package manager

import (
	"context"
	"sync"

	"shmkit/internal/wire"
)

// A Mutex is a handle of a lock at the server, which a client holds: its goroutines share
// that, and any of them may unlock.
//
// Use [NewMutex], [OpenMutex] or unmarshal one that another process sent; the zero value is
// not usable. It may be copied, and the copies share their reference. All methods may be
// called concurrently and by several processes; who waits gets the lock in the order in which
// they came. If the client that holds it dies, is cut off or closes its last handle of the
// lock, the next Lock, of whatever client, returns [shsync.ErrOwnerDied] with the lock held.
type Mutex struct{ proxy }

// NewMutex makes an unlocked Mutex at the server of c.
// Errors: [ErrExists] for a name that is in use; [ErrServerGone].
func NewMutex(c *Client, options ...Option) (*Mutex, error) {
	p, err := create(c, wire.TypeMutex, options, nil)
	if err != nil {
		return nil, err
	}
	return &Mutex{p}, nil
}

// OpenMutex opens the Mutex of that name.
// Errors: [ErrNotFound]; [ErrType] if it is something else; [ErrServerGone].
func OpenMutex(c *Client, name string) (*Mutex, error) {
	p, err := open(c, wire.TypeMutex, name)
	if err != nil {
		return nil, err
	}
	return &Mutex{p}, nil
}

// Lock takes the lock, and waits for it as long as it takes.
// Errors: [shsync.ErrOwnerDied], and then the lock IS held; without the lock:
// [shsync.ErrNotRecoverable], [ErrClosed], [ErrServerGone].
//
// In the terminology of the Go memory model, an Unlock in any process synchronizes before the
// Lock that follows it returns.
func (m *Mutex) Lock() error { return m.LockContext(inherit) }

// LockContext is Lock that gives up when ctx ends: it then returns the cause of ctx, or its
// Err if the cause is an ErrOwnerDied, without the lock. A free lock is taken even if ctx has
// ended.
func (m *Mutex) LockContext(ctx context.Context) error {
	return m.lock(ctx, wire.MutexLock, wire.MutexUnlock, wire.MutexAbandon, nil, 0)
}

// TryLock takes the lock if it is free, without waiting for it. ok tells whether it is held
// now; with ok, err is nil or [shsync.ErrOwnerDied]. A lock that somebody holds gives false,
// nil.
// Errors: those of Lock.
func (m *Mutex) TryLock() (ok bool, err error) {
	return tried(m.lock(inherit, wire.MutexLock, wire.MutexUnlock, wire.MutexAbandon, nil, never))
}

// Unlock gives the lock back. Any goroutine of the client that holds it may call it. After
// ErrOwnerDied without MarkConsistent it makes the lock unusable for ever.
// Errors: [shsync.ErrNotHeld], [ErrClosed], and the lock is unchanged then; [ErrServerGone].
func (m *Mutex) Unlock() error { return m.exec(inherit, wire.MutexUnlock, nil, 0) }

// MarkConsistent tells that the holder has repaired what the lock protects, after Lock
// returned [shsync.ErrOwnerDied]. Only then can Unlock pass the lock on.
// Errors: [shsync.ErrNotHeld], [shsync.ErrConsistent], [ErrClosed], [ErrServerGone].
func (m *Mutex) MarkConsistent() error { return m.exec(inherit, wire.MutexMark, nil, 0) }

func (m *Mutex) abandon() error { return m.exec(inherit, wire.MutexAbandon, nil, 0) }

// With runs f with the lock held, and unlocks when f returns or panics. died tells that the
// previous holder died inside: f repairs what the lock protects; if it then returns nil the
// lock is consistent again, else the next holder is told the same. With returns f's error, or
// that of Lock if f did not run.
func (m *Mutex) With(f func(died bool) error) error { return m.WithContext(inherit, f) }

// WithContext is With that gives up waiting when ctx ends.
func (m *Mutex) WithContext(ctx context.Context, f func(died bool) error) error {
	return with(ctx, m, f)
}

// Locker adapts m to sync.Locker of the standard library. Its Lock panics where [Mutex.Lock]
// returns an error, and Unlock does so too: use it only for data that needs no repair, with
// onDied to say so: if onDied is not nil it is called with the lock held in place of the panic
// about a death, and the lock counts as repaired.
func (m *Mutex) Locker(onDied func()) sync.Locker { return locker{m, onDied} }

// Info tells who holds the lock; what another process did since is not in it.
// Errors: [ErrClosed], [ErrServerGone].
func (m *Mutex) Info() (*LockInfo, error) { return m.lockInfo(wire.MutexInfo) }

// Ctx is the same Mutex, whose calls end with ctx.
func (m *Mutex) Ctx(ctx context.Context) *Mutex {
	other := *m
	other.ctx = ctx
	return &other
}

var _ handle = (*Mutex)(nil)

func (*Mutex) want() wire.Type { return wire.TypeMutex }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes m, which is new, a handle of
// the Mutex whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (m *Mutex) UnmarshalBinary(b []byte) error { return m.decode(m.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (m *Mutex) UnmarshalText(text []byte) error { return m.decodeText(m.want(), text) }
