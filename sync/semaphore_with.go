package sync

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// SemaphoreInfo is a snapshot of a Semaphore, and plain data: it knows nothing of what
// other processes do after it was made, nor of one that dies.
type SemaphoreInfo struct {
	Free    int  // permits
	Bound   int  // the most that there may be
	Waiters bool // somebody may be asleep
}

// With runs f with a permit, which it gives back when f returns or panics. It returns
// f's error, or that of Acquire if f did not run.
func (s *Semaphore) With(f func() error) error { return s.WithContext(context.Background(), f) }

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

// Value is the number of free permits at some instant of the call, 0 after Close.
func (s *Semaphore) Value() int {
	// sync: permit handed over
	w := atomic.LoadUint32(s.word.Load())
	runtime.KeepAlive(s)
	return int(w & layout.SemaphoreMost)
}

// Bound is the most permits that there may be: [MaxSemaphore] unless it is bounded.
func (s *Semaphore) Bound() int { return int(s.bound) }

// Info describes the semaphore. The result is a snapshot. It is nil after Close.
func (s *Semaphore) Info() *SemaphoreInfo {
	if s.enter() != nil {
		return nil
	}
	defer s.leave()
	w := atomic.LoadUint32(s.addr())
	return &SemaphoreInfo{int(w & layout.SemaphoreMost), int(s.bound), w&layout.SemaphoreWaiters != 0}
}

// String tells the count, and whether somebody waits, for people.
func (s *Semaphore) String() string { return s.describe("Semaphore") }

func (u *use) describe(name string) string {
	if u.enter() != nil {
		return name + "(closed)"
	}
	defer u.leave()
	return fmt.Sprintf("%s(%s)", name, u.obj.Describe())
}

// UnmarshalBinary opens, in whatever process, the semaphore whose bytes these are. s
// must be new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (s *Semaphore) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, s.open) }

// UnmarshalText opens the semaphore whose text this is, as UnmarshalBinary.
func (s *Semaphore) UnmarshalText(text []byte) error { return shm.DecodeText(text, s.open) }

func (s *Semaphore) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, semaphoreSpec)
	if err != nil {
		return err
	}
	return s.init(o)
}
