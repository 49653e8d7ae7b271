package shm

import (
	"errors"
	"fmt"
	"io/fs"

	"shmkit/internal/heap"
	"shmkit/internal/mem"
)

// Conditions that a caller may meet and handle. They come wrapped in an [*Error]
// that names the operation and the segment or object; test with errors.Is.
var (
	// ErrNotFound: no segment or object has that name. Is fs.ErrNotExist.
	ErrNotFound = fmt.Errorf("shm: not found: %w", fs.ErrNotExist)
	// ErrExists: the name is taken. Is fs.ErrExist.
	ErrExists = fmt.Errorf("shm: exists: %w", fs.ErrExist)
	// ErrGone: the object of a handle was freed; nobody uses it any more.
	ErrGone = fmt.Errorf("shm: object is gone: %w", fs.ErrNotExist)
	// ErrClosed: this process closed the segment or object. Is fs.ErrClosed.
	ErrClosed = fmt.Errorf("shm: closed: %w", fs.ErrClosed)
	// ErrHandle: text or bytes that are no handle.
	ErrHandle = errors.New("shm: bad handle")
	// ErrSlots: 1024 processes are attached.
	ErrSlots = errors.New("shm: every participant slot is taken")
	// ErrName: a name is empty, too long, or holds a byte that it may not.
	ErrName = errors.New("shm: bad name")
	// ErrType: an object exists with another kind, type or size; see [*TypeError].
	ErrType = errors.New("shm: wrong type")
	// ErrTooLarge: a size is beyond what a segment can ever hold, or a segment
	// reserves more address space than this process has left.
	ErrTooLarge = errors.New("shm: too large")
)

// Reasons why a file is refused as a segment, in the order of the checks.
var (
	// ErrSize: the file is too short to be a segment, or shorter than it says.
	ErrSize = errors.New("shm: file is too short for a segment")
	// ErrMagic: the file is no segment.
	ErrMagic = errors.New("shm: not a segment")
	// ErrVersion: a segment of another format version.
	ErrVersion = errors.New("shm: unknown format version")
	// ErrFingerprint: written by a build whose structs are laid out differently.
	ErrFingerprint = errors.New("shm: layout fingerprint differs")
	// ErrFeatures: uses a feature that this build does not know.
	ErrFeatures = errors.New("shm: unknown feature bits")
	// ErrCorrupt: a field holds what no participant ever writes; see [*CorruptError].
	ErrCorrupt = errors.New("shm: corrupt segment")
)

// Error tells which operation failed on which segment or object, and why.
type Error struct {
	Op   string // "create", "open", "remove", …
	Name string // segment path, or "path#object"
	Err  error
}

func (e *Error) Error() string { return "shm: " + e.Op + " " + e.Name + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// CorruptError names the field that holds an impossible value. Is ErrCorrupt.
type CorruptError struct {
	Field string // for example "object[3].Data"
	Value uint64
	Err   error // more, or nil
}

func (e *CorruptError) Error() string {
	text := fmt.Sprintf("%v: %s = %#x", ErrCorrupt, e.Field, e.Value)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is makes errors.Is(err, ErrCorrupt) true.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap gives what was found wrong with the value, or nil.
func (e *CorruptError) Unwrap() error { return e.Err }

// TypeError tells what an object is and what it was opened as. Is ErrType.
type TypeError struct {
	Have, Want string
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("%v: is %s, want %s", ErrType, e.Have, e.Want)
}

// Is makes errors.Is(err, ErrType) true.
func (e *TypeError) Is(target error) bool { return target == ErrType }

func fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{op, name, damaged("heap", 0, err)}
}

// damaged translates what the floors below report of wild offsets.
func damaged(field string, value uint64, err error) error {
	var c *CorruptError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &c):
		return err
	case errors.Is(err, mem.ErrBounds), errors.Is(err, mem.ErrAlign), errors.Is(err, heap.ErrCorrupt):
		return &CorruptError{field, value, err}
	}
	return err
}
