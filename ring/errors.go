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
	// ErrTaskDone: TaskDone was called more often than messages were taken through that
	// handle.
	ErrTaskDone = errors.New("ring: TaskDone without a message that was taken")
	// ErrTaken: the end is another's; see [*RoleError].
	ErrTaken = errors.New("ring: somebody has that end")
	// ErrPeerDied: the process at the other end died, and there is nothing to do without
	// it: for a consumer, nothing is left; for a producer, there is no room.
	ErrPeerDied = errors.New("ring: the process at the other end died")
	// ErrInHand: what was claimed, or is looked at, in place comes first.
	ErrInHand = errors.New("ring: an item is in hand")
	// ErrLapped: messages were overwritten before they were read; see [*LappedError].
	ErrLapped = errors.New("ring: the publisher has lapped this subscriber")
	// ErrBlockSize: blocks of a size that they cannot have; see [BlockSize].
	ErrBlockSize = errors.New("ring: impossible block size")
	// ErrSize: a record or message that is too long; see [*SizeError].
	ErrSize = errors.New("ring: too long")
	// ErrDetached: the handle was detached. Is shm.ErrClosed.
	ErrDetached = shm.ErrClosed
)
