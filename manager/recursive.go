package manager

import (
	"context"
	"sync"

	"shmkit/internal/wire"
	shsync "shmkit/sync"
)

// A RecursiveMutex is a handle of a lock at the server that its holder may lock again, and
// gives back by as many calls of Unlock. It belongs to a [shsync.Holder] of a client, not to
// the client as a whole.
//
// Use [NewRecursiveMutex], [OpenRecursiveMutex] or unmarshal one that another process sent;
// the zero value is not usable. It may be copied, and the copies share their reference. All
// methods may be called concurrently and by several processes, with different holders. If the
// client of the holder dies, is cut off or closes its last handle of the lock, the next Lock,
// of whatever client, returns [shsync.ErrOwnerDied] with the lock held, once.
type RecursiveMutex struct{ proxy }

// NewRecursiveMutex makes an unlocked RecursiveMutex at the server of c.
// Errors: [ErrExists] for a name that is in use; [ErrServerGone].
func NewRecursiveMutex(c *Client, options ...Option) (*RecursiveMutex, error) {
	p, err := create(c, wire.TypeRecursiveMutex, options, nil)
	if err != nil {
		return nil, err
	}
	return &RecursiveMutex{p}, nil
}

// OpenRecursiveMutex opens the RecursiveMutex of that name.
// Errors: [ErrNotFound]; [ErrType] if it is something else; [ErrServerGone].
func OpenRecursiveMutex(c *Client, name string) (*RecursiveMutex, error) {
	p, err := open(c, wire.TypeRecursiveMutex, name)
	if err != nil {
		return nil, err
	}
	return &RecursiveMutex{p}, nil
}

// holder is h in a body.
func holder(h shsync.Holder) []byte {
	if h.Number() == 0 {
		panic("manager: the zero Holder is nobody; use NewHolder of package sync")
	}
	return wire.AppendUint(nil, h.Number())
}

// Lock takes the lock for h, and waits for it as long as it takes; if h has it already it has
// it once more. It panics if h is the zero Holder.
// Errors: [shsync.ErrOwnerDied], and then the lock IS held, once; without the lock:
// [shsync.ErrNotRecoverable], [shsync.ErrTooMany] if h has it 4,294,967,295 times,
// [ErrClosed], [ErrServerGone].
//
// In the terminology of the Go memory model, the Unlock that gives the lock back, in any
// process, synchronizes before the Lock that takes it next returns.
func (m *RecursiveMutex) Lock(h shsync.Holder) error { return m.LockContext(inherit, h) }

// LockContext is Lock that gives up when ctx ends: it then returns the cause of ctx, or its
// Err if the cause is an ErrOwnerDied, without the lock. A lock that is free or held by h is
// taken even if ctx has ended.
func (m *RecursiveMutex) LockContext(ctx context.Context, h shsync.Holder) error {
	return m.lock(ctx, wire.RecursiveLock, wire.RecursiveUnlock, wire.RecursiveAbandon, holder(h), 0)
}

// TryLock takes the lock for h if it is free or held by h, without waiting for it. ok tells
// whether h has it now; with ok, err is nil or [shsync.ErrOwnerDied]. A lock that another
// holder has gives false, nil. It panics if h is the zero Holder.
// Errors: those of Lock.
func (m *RecursiveMutex) TryLock(h shsync.Holder) (ok bool, err error) {
	return tried(m.lock(inherit, wire.RecursiveLock, wire.RecursiveUnlock, wire.RecursiveAbandon, holder(h), never))
}

// Unlock takes back one Lock of h; the last one gives the lock back. After ErrOwnerDied
// without MarkConsistent that makes the lock unusable for ever. It panics if h is the zero
// Holder.
// Errors: [shsync.ErrNotHeld] if h does not have the lock, [ErrClosed], and the lock is
// unchanged then; [ErrServerGone].
func (m *RecursiveMutex) Unlock(h shsync.Holder) error {
	return m.exec(inherit, wire.RecursiveUnlock, holder(h), 0)
}

// MarkConsistent tells that h has repaired what the lock protects, after Lock returned
// [shsync.ErrOwnerDied]. Only then can the last Unlock pass the lock on. It panics if h is the
// zero Holder.
// Errors: [shsync.ErrNotHeld], [shsync.ErrConsistent], [ErrClosed], [ErrServerGone].
func (m *RecursiveMutex) MarkConsistent(h shsync.Holder) error {
	return m.exec(inherit, wire.RecursiveMark, holder(h), 0)
}

// Held tells how often h has locked and not unlocked: 0 if it does not have the lock, or the
// server cannot be asked; see Info.
func (m *RecursiveMutex) Held(h shsync.Holder) int {
	i, err := m.Info()
	if err != nil || !i.Mine || i.Holder != h.Number() {
		return 0
	}
	return i.Levels
}

// With runs f with the lock held for h, and takes that back when f returns or panics. died and
// errors are as for [Mutex.With]; f may lock for h again, and died is false where h has the
// lock already.
func (m *RecursiveMutex) With(h shsync.Holder, f func(died bool) error) error {
	return m.WithContext(inherit, h, f)
}

// WithContext is With that gives up waiting when ctx ends.
func (m *RecursiveMutex) WithContext(ctx context.Context, h shsync.Holder, f func(died bool) error) error {
	return with(ctx, held{m, h}, f)
}

// Locker adapts m and h to sync.Locker of the standard library, as [Mutex.Locker] does.
func (m *RecursiveMutex) Locker(h shsync.Holder, onDied func()) sync.Locker {
	return locker{held{m, h}, onDied}
}

// Info tells who holds the lock; what another process did since is not in it.
// Errors: [ErrClosed], [ErrServerGone].
func (m *RecursiveMutex) Info() (*LockInfo, error) { return m.lockInfo(wire.RecursiveInfo) }

// Ctx is the same RecursiveMutex, whose calls end with ctx.
func (m *RecursiveMutex) Ctx(ctx context.Context) *RecursiveMutex {
	other := *m
	other.ctx = ctx
	return &other
}

var _ handle = (*RecursiveMutex)(nil)

func (*RecursiveMutex) want() wire.Type { return wire.TypeRecursiveMutex }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes m, which is new, a handle of
// the lock whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (m *RecursiveMutex) UnmarshalBinary(b []byte) error { return m.decode(m.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (m *RecursiveMutex) UnmarshalText(text []byte) error { return m.decodeText(m.want(), text) }

// held is a RecursiveMutex as its holder sees it.
type held struct {
	m *RecursiveMutex
	h shsync.Holder
}

func (b held) LockContext(ctx context.Context) error { return b.m.LockContext(ctx, b.h) }
func (b held) Unlock() error                         { return b.m.Unlock(b.h) }
func (b held) MarkConsistent() error                 { return b.m.MarkConsistent(b.h) }
func (b held) abandon() error {
	return b.m.exec(inherit, wire.RecursiveAbandon, holder(b.h), 0)
}
