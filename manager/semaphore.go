package manager

import (
	"context"
	"fmt"
	"time"

	"shmkit/internal/wire"
)

// A Semaphore is a handle of permits at the server, which are leased to the clients that
// acquire them.
//
// Use [NewSemaphore], [OpenSemaphore] or unmarshal one that another process sent; the zero
// value is not usable. It may be copied, and the copies share their reference. All methods may
// be called concurrently and by several processes. If a client dies, is cut off or is closed,
// the permits that it has are free again. Any client may release: one that has permits gives
// back its own; one that has none ends the lease of the client that has had some for the
// longest time, and makes new permits when nobody has any. So who signals by releasing what
// others acquire and never release must know that such a signal comes again if the client that
// has it dies.
//
// Who waits is served in the order in which they came, but one who wants more permits than are
// free lets others pass.
type Semaphore struct{ proxy }

// A SemaphoreInfo is a snapshot of a Semaphore, and plain data: it stays as it is when a
// process dies.
type SemaphoreInfo struct {
	Free    int // permits
	Bound   int // the most that there may be
	Held    int // by the client of this handle
	Waiting int // calls
}

// NewSemaphore makes a Semaphore with n free permits at the server of c.
// Errors: [shsync.ErrCount] for a negative n, [shsync.ErrTooMany] above
// [shsync.MaxSemaphore]; [ErrExists] for a name that is in use; [ErrServerGone].
func NewSemaphore(c *Client, n int, options ...Option) (*Semaphore, error) {
	p, err := create(c, wire.TypeSemaphore, options, wire.AppendInt(nil, int64(n)))
	if err != nil {
		return nil, err
	}
	return &Semaphore{p}, nil
}

// OpenSemaphore opens the Semaphore of that name, which is not bounded.
// Errors: [ErrNotFound]; [ErrType] if it is something else; [ErrServerGone].
func OpenSemaphore(c *Client, name string) (*Semaphore, error) {
	p, err := open(c, wire.TypeSemaphore, name)
	if err != nil {
		return nil, err
	}
	return &Semaphore{p}, nil
}

// method is that of the type of s.
func (s *Semaphore) method(m wire.Method) wire.Method {
	if s.ref != nil && s.ref.kind == wire.TypeBoundedSemaphore {
		return m - wire.SemaphoreAcquire + wire.BoundedAcquire
	}
	return m
}

// Acquire takes a permit, and waits for one as long as it takes.
// Errors: [ErrClosed], [ErrServerGone].
//
// In the terminology of the Go memory model, the Release in any process that makes a permit
// free synchronizes before the Acquire that takes it returns.
func (s *Semaphore) Acquire() error { return s.AcquireNContext(inherit, 1) }

// AcquireContext is Acquire that gives up when ctx ends: it then returns the cause of ctx,
// without a permit. A free permit is taken even if ctx has ended.
func (s *Semaphore) AcquireContext(ctx context.Context) error { return s.AcquireNContext(ctx, 1) }

// AcquireN takes n permits, all at one instant, and waits until so many are free. Until then
// it has none.
// Errors: [shsync.ErrCount] if n < 1, [shsync.ErrTooMany] if n is above the bound,
// [ErrClosed], [ErrServerGone].
func (s *Semaphore) AcquireN(n int) error { return s.AcquireNContext(inherit, n) }

// AcquireNContext is AcquireN that gives up when ctx ends: it then returns the cause of ctx,
// without any permit.
func (s *Semaphore) AcquireNContext(ctx context.Context, n int) error {
	return s.acquire(ctx, n, 0)
}

func (s *Semaphore) acquire(ctx context.Context, n int, patience time.Duration) error {
	args := wire.AppendInt(nil, int64(n))
	k, _, err := s.await(ctx, s.method(wire.SemaphoreAcquire), args, patience, func(wire.Reader) (wire.Frame, bool) {
		return wire.Frame{Method: s.method(wire.SemaphoreRelease), Object: s.ref.id, Body: args}, true
	})
	if err == nil {
		k.free()
	}
	return err
}

// TryAcquire takes a permit if one is free, and tells whether it did. It does not wait for
// one.
// Errors: [ErrClosed], [ErrServerGone].
func (s *Semaphore) TryAcquire() (bool, error) { return s.TryAcquireN(1) }

// TryAcquireN takes n permits if so many are free, else none, and tells whether it did. It
// does not wait for them.
// Errors: as AcquireN.
func (s *Semaphore) TryAcquireN(n int) (bool, error) { return tried(s.acquire(inherit, n, never)) }

// Release gives a permit back, or a new one; see Semaphore. Any process may call it.
// Errors: [shsync.ErrTooMany] above the bound, which is [shsync.MaxSemaphore] if none was
// given; [ErrClosed], [ErrServerGone].
func (s *Semaphore) Release() error { return s.ReleaseN(1) }

// ReleaseN gives n permits at one instant, else none.
// Errors: [shsync.ErrCount] if n < 1, else as Release.
func (s *Semaphore) ReleaseN(n int) error {
	return s.exec(inherit, s.method(wire.SemaphoreRelease), wire.AppendInt(nil, int64(n)), 0)
}

// Value is the number of free permits at some instant of the call, 0 if the server cannot be
// asked; see Info.
func (s *Semaphore) Value() int {
	i, err := s.Info()
	if err != nil {
		return 0
	}
	return i.Free
}

// With runs f with a permit, which it gives back when f returns or panics. It returns f's
// error, or that of Acquire if f did not run.
func (s *Semaphore) With(f func() error) error { return s.WithContext(inherit, f) }

// WithContext is With that gives up waiting when ctx ends.
func (s *Semaphore) WithContext(ctx context.Context, f func() error) (err error) {
	if err := s.AcquireContext(ctx); err != nil {
		return err
	}
	defer func() {
		if e := s.Release(); err == nil {
			err = e
		}
	}()
	return f()
}

// Info tells how many permits are free; what another process did since is not in it.
// Errors: [ErrClosed], [ErrServerGone].
func (s *Semaphore) Info() (*SemaphoreInfo, error) {
	k, r, err := s.call(inherit, s.method(wire.SemaphoreInfo), nil, 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	i := &SemaphoreInfo{Free: int(r.Uint()), Bound: int(r.Uint()), Held: int(r.Uint()), Waiting: int(r.Uint())}
	return i, r.End()
}

// String is one line for people.
func (i *SemaphoreInfo) String() string {
	return fmt.Sprintf("%d free of %d at most, %d held here, %d wait", i.Free, i.Bound, i.Held, i.Waiting)
}

// Ctx is the same Semaphore, whose calls end with ctx.
func (s *Semaphore) Ctx(ctx context.Context) *Semaphore {
	other := *s
	other.ctx = ctx
	return &other
}

var _ handle = (*Semaphore)(nil)

func (*Semaphore) want() wire.Type { return wire.TypeSemaphore }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes s, which is new, a handle of
// the Semaphore whose bytes these are, and dials its server if this process has no Client of
// that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (s *Semaphore) UnmarshalBinary(b []byte) error { return s.decode(s.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (s *Semaphore) UnmarshalText(text []byte) error { return s.decodeText(s.want(), text) }
