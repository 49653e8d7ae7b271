package manager

import (
	"context"

	"shmkit/internal/wire"
)

// A BoundedSemaphore is a Semaphore that never has more permits than it began with: a Release
// too many, which is a mistake of the program, gives [shsync.ErrTooMany] and changes nothing.
//
// Use [NewBoundedSemaphore], [OpenBoundedSemaphore] or unmarshal one; the zero value is not
// usable. All else, what several processes may do and what happens when one dies, is as for
// [Semaphore].
type BoundedSemaphore struct{ Semaphore }

// NewBoundedSemaphore makes a BoundedSemaphore with n permits, all free, at the server of c.
// Errors: as NewSemaphore.
func NewBoundedSemaphore(c *Client, n int, options ...Option) (*BoundedSemaphore, error) {
	p, err := create(c, wire.TypeBoundedSemaphore, options, wire.AppendInt(nil, int64(n)))
	if err != nil {
		return nil, err
	}
	return &BoundedSemaphore{Semaphore{p}}, nil
}

// OpenBoundedSemaphore opens the BoundedSemaphore of that name.
// Errors: [ErrNotFound]; [ErrType] if it is something else; [ErrServerGone].
func OpenBoundedSemaphore(c *Client, name string) (*BoundedSemaphore, error) {
	p, err := open(c, wire.TypeBoundedSemaphore, name)
	if err != nil {
		return nil, err
	}
	return &BoundedSemaphore{Semaphore{p}}, nil
}

// Ctx is the same BoundedSemaphore, whose calls end with ctx.
func (s *BoundedSemaphore) Ctx(ctx context.Context) *BoundedSemaphore {
	other := *s
	other.ctx = ctx
	return &other
}

var _ handle = (*BoundedSemaphore)(nil)

func (*BoundedSemaphore) want() wire.Type { return wire.TypeBoundedSemaphore }

// UnmarshalBinary implements encoding.BinaryUnmarshaler as [Semaphore.UnmarshalBinary] does.
func (s *BoundedSemaphore) UnmarshalBinary(b []byte) error { return s.decode(s.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (s *BoundedSemaphore) UnmarshalText(text []byte) error { return s.decodeText(s.want(), text) }
