package array

import (
	"errors"
	"fmt"

	"shmkit/shm"
)

var (
	// ErrClosed: the handle was closed. Is shm.ErrClosed.
	ErrClosed = shm.ErrClosed
	// ErrOpen: Unmarshal was called on an Array that is open already.
	ErrOpen = errors.New("array: decoding into an Array that is open")
	// ErrLength: a length is negative, or two lengths that must be equal are not, or
	// text is longer than its array.
	ErrLength = errors.New("array: wrong length")
	// ErrBounds: an index lies outside the array; see [*BoundsError].
	ErrBounds = errors.New("array: index out of range")

	// errUse is what methods without an error result panic with.
	errUse = fmt.Errorf("array: use of a closed Array: %w", ErrClosed)
)

// BoundsError tells which index or range of which length was asked for. Is
// ErrBounds, and a runtime.Error, as the panic of a slice is.
type BoundsError struct {
	From, To int // To is From for a single index; else the range [From, To)
	Len      int
	Range    bool
}

func (e *BoundsError) Error() string {
	if e.Range {
		return fmt.Sprintf("%v [%d:%d] with length %d", ErrBounds, e.From, e.To, e.Len)
	}
	return fmt.Sprintf("%v [%d] with length %d", ErrBounds, e.From, e.Len)
}

// Is makes errors.Is(err, ErrBounds) true.
func (e *BoundsError) Is(target error) bool { return target == ErrBounds }

// RuntimeError implements runtime.Error.
func (e *BoundsError) RuntimeError() {}
