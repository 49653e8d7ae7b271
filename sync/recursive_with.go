package sync

import (
	"context"
	"fmt"
	"sync"

	"shmkit/shm"
)

// With runs f with the lock held for h, and takes that back when f returns or panics.
// died and errors are as for [Mutex.With]; f may lock for h again, and died is false
// where h has the lock already.
func (m *RecursiveMutex) With(h Holder, f func(died bool) error) error {
	return m.WithContext(context.Background(), h, f)
}

// WithContext is With that gives up waiting when ctx ends.
func (m *RecursiveMutex) WithContext(ctx context.Context, h Holder, f func(died bool) error) error {
	return with(ctx, held{m, h}, f)
}

// Locker adapts m and h to sync.Locker of the standard library, as [Mutex.Locker] does.
func (m *RecursiveMutex) Locker(h Holder, onDied func()) sync.Locker {
	return locker{held{m, h}, onDied}
}

// held is a RecursiveMutex as its holder sees it.
type held struct {
	m *RecursiveMutex
	h Holder
}

func (b held) LockContext(ctx context.Context) error { return b.m.LockContext(ctx, b.h) }
func (b held) Unlock() error                         { return b.m.Unlock(b.h) }
func (b held) MarkConsistent() error                 { return b.m.MarkConsistent(b.h) }

// abandon gives the lock to nobody, unrepaired; see Mutex.abandon. A level above the
// first is only taken back.
func (b held) abandon() error {
	m := b.m
	switch {
	case !m.holds(m.tokenOf(b.h)):
		return m.missing()
	case m.shallower():
		return nil
	}
	m.disown()
	return m.mutex.abandon()
}

// Info describes the lock: which process holds it and since when a waiter has seen
// that. The result is a snapshot. It is nil after Close.
func (m *RecursiveMutex) Info() *shm.LockInfo { return m.mutex.Info() }

// String tells state, process, holder and depth, for people.
func (m *RecursiveMutex) String() string {
	if _, err := m.mutex.enter(); err != nil {
		return "RecursiveMutex(closed)"
	}
	defer m.mutex.leave()
	return fmt.Sprintf("RecursiveMutex(%s)", m.mutex.obj.(*shm.Object).Describe())
}

// Handle names the lock for other processes; see [shm.Handle].
func (m *RecursiveMutex) Handle() (shm.Handle, error) { return m.mutex.Handle() }

// MarshalBinary implements encoding.BinaryMarshaler with [RecursiveMutex.Handle].
func (m *RecursiveMutex) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(m) }

// MarshalText implements encoding.TextMarshaler with [RecursiveMutex.Handle].
func (m *RecursiveMutex) MarshalText() ([]byte, error) { return shm.EncodeText(m) }

// UnmarshalBinary opens, in whatever process, the lock whose bytes these are. m must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (m *RecursiveMutex) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, m.open) }

// UnmarshalText opens the lock whose text this is, as UnmarshalBinary.
func (m *RecursiveMutex) UnmarshalText(text []byte) error { return shm.DecodeText(text, m.open) }

func (m *RecursiveMutex) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, recursiveSpec)
	if err == nil {
		m.init(o)
	}
	return err
}
