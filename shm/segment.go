package shm

import (
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
)

// Segment is a handle of a segment: one file of shared memory with objects in
// it.
//
// Use [Create], [Open], [OpenOrCreate] or [Default]; the zero value is not usable
// and it must not be copied. All methods may be called concurrently and from
// several processes. A process that dies with a segment open loses its slot; what
// it held is cleaned up by the others.
type Segment struct {
	core   *core
	closed atomic.Bool
}

// Create makes a new segment and opens it. name is a file name in [Dir], or a
// path if it has a slash. Nobody can see the segment before it is whole.
//
// Errors: ErrName, ErrExists, ErrTooLarge, syscall.ENOSPC if the disk or
// /dev/shm is full, fs.ErrPermission.
func Create(name string, opts ...Option) (*Segment, error) {
	path, err := locate(name)
	if err != nil {
		return nil, fail("create", name, err)
	}
	s, err := create(path, collect(opts), true)
	return s, fail("create", path, err)
}

// Open opens the segment name. Opening it again in the same process shares one
// attachment.
//
// Errors: ErrNotFound; fs.ErrPermission; if the file is no sound segment one of
// ErrSize, ErrMagic, ErrVersion, ErrFingerprint, ErrFeatures, ErrCorrupt;
// ErrSlots.
func Open(name string) (*Segment, error) {
	path, err := locate(name)
	if err != nil {
		return nil, fail("open", name, err)
	}
	c, err := openCore(path)
	if err != nil {
		return nil, fail("open", path, err)
	}
	return &Segment{core: c}, nil
}

// OpenOrCreate opens the segment name, or creates it. Of several processes that
// call it at once, one creates and all get the same segment. Options count only
// for the one that creates.
func OpenOrCreate(name string, opts ...Option) (*Segment, error) {
	for {
		s, err := Open(name)
		if !errors.Is(err, ErrNotFound) {
			return s, err
		}
		s, err = Create(name, opts...)
		if !errors.Is(err, ErrExists) {
			return s, err
		}
	}
}

// Remove takes the name of a segment away. Processes that have it open go on
// using it; nobody can open it any more. Errors: ErrNotFound, and ErrMagic if the
// file is no segment, which is then left alone.
func Remove(name string) error {
	path, err := locate(name)
	if err == nil {
		err = remove(path)
	}
	return fail("remove", name, err)
}

// Path is where the file is, or was before it was removed.
func (s *Segment) Path() string { return s.core.path }

// ID is the identity of the segment.
func (s *Segment) ID() ID { return s.core.id }

// Close ends this handle's use of the segment. The process stays attached while
// objects of the segment are open. A second Close gives ErrClosed.
func (s *Segment) Close() error {
	if s.closed.Swap(true) {
		return fail("close", s.core.path, ErrClosed)
	}
	return fail("close", s.core.path, s.core.leave())
}

// RemoveObject takes the name of an object away. Processes that have it open go
// on using it; the last one's Close frees it. Errors: ErrNotFound.
func (s *Segment) RemoveObject(name string) error {
	c, err := s.use()
	if err != nil {
		return fail("remove", s.name(name), err)
	}
	defer c.leave()
	if err = checkName(name); err == nil {
		err = c.removeName(name)
	}
	return fail("remove", s.name(name), err)
}

// use begins an operation; the caller ends it with leave.
func (s *Segment) use() (*core, error) {
	if s.closed.Load() {
		return nil, ErrClosed
	}
	return s.core, s.core.enter()
}

func (s *Segment) name(object string) string {
	if object == "" {
		return s.core.path
	}
	return s.core.path + "#" + object
}

// notFound turns what the file system says about a missing file into ErrNotFound.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w (%w)", ErrNotFound, err)
	}
	return err
}
