package sync

import (
	"context"
	"errors"
	"fmt"

	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// With runs f with the lock held to write, as [Mutex.With] does. Several processes may
// call it.
func (rw *RWMutex) With(f func(died bool) error) error {
	return rw.WithContext(context.Background(), f)
}

// WithContext is With that gives up waiting when ctx ends.
func (rw *RWMutex) WithContext(ctx context.Context, f func(died bool) error) (err error) {
	err = rw.LockContext(ctx)
	died := errors.Is(err, ErrOwnerDied)
	if err != nil && !died {
		return err
	}
	repaired := false
	defer func() {
		e := rw.endWith(died, repaired)
		if err == nil {
			err = e
		}
	}()
	err = f(died)
	repaired = err == nil
	return err
}

func (rw *RWMutex) endWith(died, repaired bool) error {
	switch {
	case !died:
		return rw.Unlock()
	case !repaired:
		return rw.abandon()
	}
	if err := rw.MarkConsistent(); err != nil {
		return err
	}
	return rw.Unlock()
}

// abandon gives a lock that came with ErrOwnerDied to nobody, unrepaired; see
// Mutex.abandon.
func (rw *RWMutex) abandon() error {
	if race.Enabled {
		raceRelease(&rw.writer)
	}
	p, err := rw.enter()
	if err != nil {
		return err
	}
	defer rw.writer.leave()
	rw.writer.tookOver(-1)
	return rw.giveBack(p, word.MutexAbandon)
}

// RWith runs f with the lock held to read, and gives it back when f returns or panics.
// It returns f's error, or that of RLock if f did not run.
func (rw *RWMutex) RWith(f func() error) error { return rw.RWithContext(context.Background(), f) }

// RWithContext is RWith that gives up waiting when ctx ends.
func (rw *RWMutex) RWithContext(ctx context.Context, f func() error) (err error) {
	if err := rw.RLockContext(ctx); err != nil {
		return err
	}
	defer func() {
		if e := rw.RUnlock(); err == nil {
			err = e
		}
	}()
	return f()
}

// Info describes the writer: who holds the lock, or waits for the readers to leave, and
// since when another has seen that. The result is a snapshot. It is nil after Close.
func (rw *RWMutex) Info() *shm.LockInfo { return rw.writer.Info() }

// Readers tells which processes read, or wait to read. It is a snapshot.
func (rw *RWMutex) Readers() []shm.ReaderInfo {
	if rw.place.Load() == nowhere {
		return nil
	}
	return rw.obj.Readers()
}

// String tells the state, and the pids of those who hold the lock, for people.
func (rw *RWMutex) String() string {
	info := rw.Info()
	if info == nil {
		return "RWMutex(closed)"
	}
	if s := shm.ReadersText(rw.Readers()); s != "" {
		return fmt.Sprintf("RWMutex(%v, %s)", info, s)
	}
	return fmt.Sprintf("RWMutex(%v)", info)
}

// Handle names the lock for other processes; see [shm.Handle].
func (rw *RWMutex) Handle() (shm.Handle, error) { return rw.writer.Handle() }

// MarshalBinary implements encoding.BinaryMarshaler with [RWMutex.Handle].
func (rw *RWMutex) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(rw) }

// MarshalText implements encoding.TextMarshaler with [RWMutex.Handle].
func (rw *RWMutex) MarshalText() ([]byte, error) { return shm.EncodeText(rw) }

// UnmarshalBinary opens, in whatever process, the lock whose bytes these are. rw must
// be new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (rw *RWMutex) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, rw.open) }

// UnmarshalText opens the lock whose text this is, as UnmarshalBinary.
func (rw *RWMutex) UnmarshalText(text []byte) error { return shm.DecodeText(text, rw.open) }

func (rw *RWMutex) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, shm.RWMutexSpec())
	if err == nil {
		rw.init(o)
	}
	return err
}
