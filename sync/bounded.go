package sync

import (
	"shmkit/internal/layout"
	"shmkit/shm"
)

// BoundedSemaphore is a Semaphore that never has more permits than it began with:
// a Release too many, which is a mistake of the program, gives [ErrTooMany] and
// changes nothing.
//
// Use [NewBoundedSemaphore], [NewBoundedSemaphoreIn], [OpenBoundedSemaphore] or
// unmarshal one; the zero value is not usable, and it must not be copied. All else,
// what several processes may do and what is lost when one dies, is as for Semaphore.
type BoundedSemaphore struct{ Semaphore }

// NewBoundedSemaphore makes a BoundedSemaphore with n permits, all free, without a
// name, on the process's default heap. Errors as [NewSemaphore]; n is below
// [MaxSemaphore].
func NewBoundedSemaphore(n int) (*BoundedSemaphore, error) {
	return madeDefault(func(seg *shm.Segment) (*BoundedSemaphore, error) { return NewBoundedSemaphoreIn(seg, "", n) })
}

// NewBoundedSemaphoreIn makes a BoundedSemaphore called name in seg, with n permits,
// all free. It stays until Segment.RemoveObject. Errors as NewBoundedSemaphore.
func NewBoundedSemaphoreIn(seg *shm.Segment, name string, n int) (*BoundedSemaphore, error) {
	bound := uint32(max(0, min(n, MaxSemaphore-1)))
	return made(new(BoundedSemaphore), func(s *BoundedSemaphore) error { return s.create(seg, name, n, bound) })
}

// OpenBoundedSemaphore opens the BoundedSemaphore called name in seg. Errors:
// shm.ErrNotFound, shm.ErrType if name is something else, or has no bound.
func OpenBoundedSemaphore(seg *shm.Segment, name string) (*BoundedSemaphore, error) {
	o, err := seg.OpenObject(name, semaphoreSpec)
	if err != nil {
		return nil, err
	}
	return made(new(BoundedSemaphore), func(s *BoundedSemaphore) error { return s.init(o) })
}

func (s *BoundedSemaphore) init(o *shm.Object) error {
	if err := s.Semaphore.init(o); err != nil {
		return err
	}
	if s.bound == layout.SemaphoreMost {
		s.Close()
		return &shm.TypeError{Have: "Semaphore", Want: "BoundedSemaphore"}
	}
	return nil
}

// String tells the count, and whether somebody waits, for people.
func (s *BoundedSemaphore) String() string { return s.describe("BoundedSemaphore") }

// UnmarshalBinary opens, in whatever process, the semaphore whose bytes these are. s
// must be new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (s *BoundedSemaphore) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, s.open) }

// UnmarshalText opens the semaphore whose text this is, as UnmarshalBinary.
func (s *BoundedSemaphore) UnmarshalText(text []byte) error { return shm.DecodeText(text, s.open) }

func (s *BoundedSemaphore) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, semaphoreSpec)
	if err != nil {
		return err
	}
	return s.init(o)
}
