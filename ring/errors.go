package ring

import (
	"errors"

	"shmkit/shm"
)

// What a caller may meet and handle; test with errors.Is.
var (
	// ErrFull: TryPut and TryLoan found no room.
	ErrFull = errors.New("ring: queue is full")
	// ErrEmpty: TryGet and TryLease found no message.
	ErrEmpty = errors.New("ring: queue is empty")
	// ErrClosed: nothing can be put any more; for a consumer: and nothing is left.
	ErrClosed = errors.New("ring: queue is closed")
	// ErrCapacity: a capacity below 1, or above what a queue can have.
	ErrCapacity = errors.New("ring: impossible capacity")
	// ErrNotHeld: the message was acknowledged, given back, published or abandoned
	// before.
	ErrNotHeld = errors.New("ring: message is not held by this process")
	// ErrDetached: the handle was detached. Is shm.ErrClosed.
	ErrDetached = shm.ErrClosed
)
