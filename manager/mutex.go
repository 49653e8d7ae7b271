package manager

import (
	"context"

	"shmkit/internal/wire"
	shsync "shmkit/sync"
)

// A Mutex is a handle of a lock at the server, which a client holds.
type Mutex struct{ proxy }

// NewMutex makes a Mutex.
func NewMutex(c *Client, options ...Option) (*Mutex, error) {
	p, err := create(c, wire.TypeMutex, options, nil)
	return &Mutex{p}, err
}

// OpenMutex opens the Mutex of that name.
func OpenMutex(c *Client, name string) (*Mutex, error) {
	p, err := open(c, wire.TypeMutex, name)
	return &Mutex{p}, err
}

// Lock takes the lock.
func (m *Mutex) Lock() error { return m.LockContext(inherit) }

// LockContext takes the lock, or gives up when ctx ends.
func (m *Mutex) LockContext(ctx context.Context) error {
	k, r, err := m.call(ctx, wire.MutexLock, nil, 0)
	if err != nil {
		return err
	}
	defer k.free()
	if r.Bool() {
		return shsync.ErrOwnerDied
	}
	return r.Err()
}

// Unlock gives the lock back.
func (m *Mutex) Unlock() error { return m.exec(inherit, wire.MutexUnlock, nil, 0) }

func (*Mutex) want() wire.Type { return wire.TypeMutex }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes m, which is new, a handle of
// the Mutex whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (m *Mutex) UnmarshalBinary(b []byte) error { return m.decode(m.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (m *Mutex) UnmarshalText(text []byte) error { return m.decodeText(m.want(), text) }
