package heap

import (
	"errors"
	"fmt"
)

// Conditions that a caller handles.
var (
	// ErrCorrupt: shared memory holds what no writer of this format leaves. It
	// comes as a *CorruptError.
	ErrCorrupt = errors.New("heap: corrupt")
	// ErrNoSpace: the segment cannot hold the block.
	ErrNoSpace = errors.New("heap: no space")
	// ErrNotUsed: the block is not a used block of that object. It was freed
	// before, or never was its own.
	ErrNotUsed = errors.New("heap: block is not in use by the object")
	// ErrClosed: the heap was closed.
	ErrClosed = errors.New("heap: closed")
	// ErrBusy: an arena changed during every look at it. The caller may try again.
	ErrBusy = errors.New("heap: arena changes too fast to be read")
)

// CorruptError names the damaged field. errors.Is(err, ErrCorrupt) holds.
type CorruptError struct {
	Field string // as in docs/format.md, "Arena.Size"
	Off   uint64 // offset of the struct in the segment
	Value uint64 // what was found
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("heap: corrupt: %s of %#x is %#x", e.Field, e.Off, e.Value)
}

// Is makes a CorruptError an ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

func corrupt(field string, off, value uint64) error { return &CorruptError{field, off, value} }
