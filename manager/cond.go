package manager

import (
	"context"
	"errors"
	"fmt"

	"shmkit/internal/wire"
	shsync "shmkit/sync"
)

// A Cond is a handle of a condition at the server: clients that hold its lock wait on it until
// others, who hold the lock too, have changed something and notify them.
//
// Use [NewCond], [OpenCond] or unmarshal one that another process sent; the zero value is not
// usable, and it must not be copied. All methods may be called concurrently and by several
// processes. A client that dies while it waits disturbs nobody, and what it was notified of but
// did not live to see goes to the next one. One that dies while it notifies holds the lock, so
// whoever has the lock next gets [shsync.ErrOwnerDied], and notifies again when it has repaired.
//
// Notifying never waits for a waiter. A wait may end without a notification that anybody meant
// for it, if clients died: it belongs into a loop, as [Cond.WaitFor] has it.
type Cond struct {
	proxy
	mutex     *Mutex
	recursive *RecursiveMutex
}

// A CondLock is a lock that a [Cond] can have: a *[Mutex], or a *[RecursiveMutex], of which
// whatever holder of the client has it gives all levels back and gets them again.
type CondLock interface {
	handle
	Info() (*LockInfo, error)
}

// A CondInfo is a snapshot of a Cond, and plain data: it stays as it is when a process dies.
type CondInfo struct {
	Waiting  int // calls of Wait that are not notified
	Notified int // that are, and do not have the lock yet
}

// NewCond makes a Cond for lock at the server of lock, which stays as long as the Cond.
// Errors: [ErrClosed] if lock is; [ErrExists] for a name that is in use; [ErrServerGone].
func NewCond(lock CondLock, options ...Option) (*Cond, error) {
	of := lock.base()
	if of.ref == nil || of.ref.closed.Load() {
		return nil, ErrClosed
	}
	p, err := create(of.ref.c, wire.TypeCond, options, wire.AppendUint(nil, of.ref.id))
	if err != nil {
		return nil, err
	}
	return newCond(p)
}

// OpenCond opens the Cond of that name, and its lock.
// Errors: [ErrNotFound]; [ErrType] if it is something else; [ErrServerGone].
func OpenCond(c *Client, name string) (*Cond, error) {
	p, err := open(c, wire.TypeCond, name)
	if err != nil {
		return nil, err
	}
	return newCond(p)
}

func newCond(p proxy) (*Cond, error) {
	c := &Cond{proxy: p}
	if err := c.openLock(); err != nil {
		p.Close()
		return nil, err
	}
	return c, nil
}

// openLock gives c a handle of its lock.
func (c *Cond) openLock() error {
	id, kind, _, err := c.info()
	if err != nil {
		return err
	}
	p, err := attach(context.Background(), c.ref.c, id, kind)
	if err != nil {
		return err
	}
	switch kind {
	case wire.TypeMutex:
		c.mutex = &Mutex{p}
	case wire.TypeRecursiveMutex:
		c.recursive = &RecursiveMutex{p}
	default:
		p.Close()
		return fmt.Errorf("%w: the lock of a Cond is a %v", ErrProtocol, kind)
	}
	return nil
}

func (c *Cond) info() (lock uint64, kind wire.Type, i *CondInfo, err error) {
	k, r, err := c.call(inherit, wire.CondInfo, nil, 0)
	if err != nil {
		return 0, 0, nil, err
	}
	defer k.free()
	lock, kind = r.Uint(), wire.Type(r.Byte())
	i = &CondInfo{Waiting: int(r.Uint()), Notified: int(r.Uint())}
	return lock, kind, i, r.End()
}

// Mutex is the lock of c, if that is a Mutex, else nil. It is closed with c.
func (c *Cond) Mutex() *Mutex { return c.mutex }

// RecursiveMutex is the lock of c, if that is a RecursiveMutex, else nil. It is closed with c.
func (c *Cond) RecursiveMutex() *RecursiveMutex { return c.recursive }

// Info tells who waits; what another process did since is not in it.
// Errors: [ErrClosed], [ErrServerGone].
func (c *Cond) Info() (*CondInfo, error) {
	_, _, i, err := c.info()
	return i, err
}

// Wait gives the lock back, waits until this call is notified, and takes the lock again, which
// may take longer. The client must hold the lock. A notification that comes after the lock was
// given back is not missed.
// Errors: [shsync.ErrOwnerDied]: somebody died with the lock meanwhile, as for [Mutex.Lock];
// whether there was a notification is unknown. [ErrClosed]: c was closed. [shsync.ErrNotHeld]
// if the client does not hold the lock, or could not take it again, for the reason that the
// error wraps too, and after [ErrServerGone]: the lock is not held then. After all other errors
// it is. A lock that came with ErrOwnerDied and is not repaired goes on with that warning.
func (c *Cond) Wait() error { return c.WaitContext(inherit) }

// WaitContext is Wait that gives up when ctx ends: it then takes the lock again, however long
// that takes, and returns the cause of ctx. If a notification came first it returns nil. If the
// lock came with ErrOwnerDied the error is both.
func (c *Cond) WaitContext(ctx context.Context) error {
	ctx = c.within(ctx)
	k, r, err := c.wait(ctx)
	if errors.Is(err, shsync.ErrNotRecoverable) {
		return fmt.Errorf("%w: %w", shsync.ErrNotHeld, err)
	}
	if err != nil {
		return err
	}
	defer k.free()
	why, died := wire.Woken(r.Byte()), r.Bool()
	err = r.End()
	switch why {
	case wire.WokenNotified:
	case wire.WokenReleased:
		err = ErrClosed
	default:
		err = notOurs(ctx, cause(ctx, why == wire.WokenTimedOut), shsync.ErrOwnerDied, shsync.ErrNotHeld)
	}
	if died {
		return errors.Join(err, shsync.ErrOwnerDied)
	}
	return err
}

// wait calls the Wait of the server. What it answers is waited for in any case, or nobody would
// know whether the lock is held: when ctx ends the call is cancelled, and is answered as soon as
// the client has the lock again.
func (c *Cond) wait(ctx context.Context) (*call, wire.Reader, error) {
	if ctx.Err() != nil {
		return c.await(ctx, wire.CondWait, nil, 0, nil)
	}
	if c.ref == nil || c.ref.closed.Load() {
		return nil, wire.Reader{}, ErrClosed
	}
	return c.ref.c.insist(ctx, wire.Frame{Method: wire.CondWait, Session: c.ref.epoch, Object: c.ref.id})
}

// WaitFor waits until ready returns true, which it calls with the lock held: at once, and
// after each notification. When ctx ends it looks once more, and returns the cause of ctx if it
// still is not true. Other errors are those of Wait; ready is not called after them.
func (c *Cond) WaitFor(ctx context.Context, ready func() bool) error {
	ctx = c.within(ctx)
	for !ready() {
		err := c.WaitContext(ctx)
		switch {
		case err == nil:
		case ctx.Err() == nil, errors.Is(err, shsync.ErrOwnerDied), errors.Is(err, shsync.ErrNotHeld), errors.Is(err, ErrServerGone):
			return err
		case ready():
			return nil
		default:
			return err
		}
	}
	return nil
}

// Notify ends n waits, or all if there are fewer: those that began first, of clients that
// live. It waits for none of them. The client must hold the lock. If its process dies inside,
// whoever has the lock next is told. Notify(0) does nothing.
// Errors: [shsync.ErrCount] for a negative n, [shsync.ErrNotHeld], [ErrClosed], and nobody was
// notified then; [ErrServerGone].
func (c *Cond) Notify(n int) error {
	return c.exec(inherit, wire.CondNotify, wire.AppendInt(nil, int64(n)), 0)
}

// NotifyAll ends all waits; see [Cond.Notify].
func (c *Cond) NotifyAll() error { return c.Notify(1<<31 - 1) }

// Close gives back the references to the condition and to its lock: see [Mutex.Close].
func (c *Cond) Close() error {
	err := c.proxy.Close()
	if c.mutex != nil {
		return errors.Join(err, c.mutex.Close())
	}
	if c.recursive != nil {
		return errors.Join(err, c.recursive.Close())
	}
	return err
}

// Ctx is the same Cond, whose calls end with ctx.
func (c *Cond) Ctx(ctx context.Context) *Cond {
	other := *c
	other.ctx = ctx
	return &other
}

var _ handle = (*Cond)(nil)

func (*Cond) want() wire.Type { return wire.TypeCond }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes c, which is new, a handle of
// the Cond whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (c *Cond) UnmarshalBinary(b []byte) error { return c.opened(c.decode(c.want(), b)) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (c *Cond) UnmarshalText(text []byte) error { return c.opened(c.decodeText(c.want(), text)) }

// adopted completes a handle that was made of an item.
func (c *Cond) adopted() error { return c.opened(nil) }

// opened opens the lock after c itself, if that went well.
func (c *Cond) opened(err error) error {
	if err != nil {
		return err
	}
	if err := c.openLock(); err != nil {
		c.proxy.Close()
		return err
	}
	return nil
}
