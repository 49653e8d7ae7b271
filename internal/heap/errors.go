package heap

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt: a word of an arena holds what no process ever writes.
	ErrCorrupt = errors.New("heap: corrupt")
	// ErrNoSpace: the segment has reached its maximum.
	ErrNoSpace = errors.New("heap: no space")
	// ErrNotUsed: the block is not, or no longer, that object's.
	ErrNotUsed = errors.New("heap: block is not in use by that object")
)

// CorruptError names the word. Is ErrCorrupt.
type CorruptError struct {
	Field string // for example "arena.Size"
	Off   uint64 // of the arena or block
	Value uint64
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%v: %s at %#x = %#x", ErrCorrupt, e.Field, e.Off, e.Value)
}

// Is makes errors.Is(err, ErrCorrupt) true.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }
