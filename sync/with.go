package sync

import (
	"context"
	"errors"
	"sync"

	"shmkit/shm"
)

// With runs f with the lock held, and unlocks when f returns or panics. died tells
// that the previous holder died inside: f repairs what the lock protects; if it
// then returns nil the lock is consistent again, else the next holder is told the
// same. With returns f's error, or that of Lock if f did not run.
func (m *Mutex) With(f func(died bool) error) error {
	return m.WithContext(context.Background(), f)
}

// WithContext is With that gives up waiting when ctx ends.
func (m *Mutex) WithContext(ctx context.Context, f func(died bool) error) error {
	return with(ctx, m, f)
}

// robust is a lock that tells of the death of its holder.
type robust interface {
	LockContext(ctx context.Context) error
	Unlock() error
	MarkConsistent() error
	abandon() error // Unlock that lets the next one repair
}

func with(ctx context.Context, l robust, f func(died bool) error) (err error) {
	err = l.LockContext(ctx)
	died := errors.Is(err, ErrOwnerDied)
	if err != nil && !died {
		return err
	}
	repaired := false
	defer func() {
		var e error
		switch {
		case !died:
			e = l.Unlock()
		case !repaired:
			e = l.abandon()
		default:
			if e = l.MarkConsistent(); e == nil {
				e = l.Unlock()
			}
		}
		if err == nil {
			err = e
		}
	}()
	err = f(died)
	repaired = err == nil
	return err
}

// Locker adapts m to sync.Locker of the standard library. Its Lock panics where
// Mutex.Lock returns an error, ErrOwnerDied included: use it only for data that
// needs no repair, with onDied to say so: if onDied is not nil it is called with
// the lock held in place of the panic, and the lock counts as repaired.
func (m *Mutex) Locker(onDied func()) sync.Locker { return locker{m, onDied} }

type locker struct {
	robust
	onDied func()
}

func (l locker) Lock() {
	err := l.LockContext(context.Background())
	if err != nil && errors.Is(err, ErrOwnerDied) && l.onDied != nil {
		l.onDied()
		err = l.MarkConsistent()
	}
	if err != nil {
		panic(err)
	}
}

func (l locker) Unlock() {
	if err := l.robust.Unlock(); err != nil {
		panic(err)
	}
}

// Info describes the lock: who holds it and since when a waiter has seen that.
// The result is a snapshot. It is nil after Close.
func (m *Mutex) Info() *shm.LockInfo {
	if m.word.Load() == &closedWord {
		return nil
	}
	return m.obj.LockInfo()
}

// Handle names the lock for other processes; see [shm.Handle].
func (m *Mutex) Handle() (shm.Handle, error) {
	if m.word.Load() == &closedWord {
		return shm.Handle{}, ErrClosed
	}
	return m.obj.Handle()
}

// MarshalBinary implements encoding.BinaryMarshaler with [Mutex.Handle].
func (m *Mutex) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(m) }

// MarshalText implements encoding.TextMarshaler with [Mutex.Handle].
func (m *Mutex) MarshalText() ([]byte, error) { return shm.EncodeText(m) }

// UnmarshalBinary opens, in whatever process, the lock whose bytes these are. m
// must be new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (m *Mutex) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, m.open) }

// UnmarshalText opens the lock whose text this is, as UnmarshalBinary.
func (m *Mutex) UnmarshalText(text []byte) error { return shm.DecodeText(text, m.open) }

func (m *Mutex) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, mutexSpec)
	if err == nil {
		m.init(o)
	}
	return err
}
