package value

import (
	"errors"
	"fmt"

	"shmkit/shm"
)

var (
	// ErrClosed: the handle was closed. Is shm.ErrClosed.
	ErrClosed = shm.ErrClosed
	// ErrOpen: Unmarshal was called on a Value that is open already.
	ErrOpen = errors.New("value: decoding into a Value that is open")

	// errUse is what methods without an error result panic with.
	errUse = fmt.Errorf("value: use of a closed Value: %w", ErrClosed)
	// errOwed makes Mutex.With leave the news of a death to the next holder.
	errOwed = errors.New("value: a death is still to be told")
)
