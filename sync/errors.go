package sync

import (
	"errors"

	"shmkit/shm"
)

// What a caller may meet and handle; test with errors.Is.
var (
	// ErrOwnerDied comes WITH the lock: the process that held it died inside, so
	// what the lock protects may be half-changed. Repair it, call MarkConsistent,
	// go on, Unlock.
	ErrOwnerDied = errors.New("sync: owner of the lock died; lock is held, data may be inconsistent")
	// ErrNotRecoverable: somebody got ErrOwnerDied and unlocked without
	// MarkConsistent. The lock can never be taken again.
	ErrNotRecoverable = errors.New("sync: lock is not recoverable")
	// ErrNotHeld: Unlock or MarkConsistent of a lock that this process does not
	// hold. The lock is unchanged.
	ErrNotHeld = errors.New("sync: lock is not held by this process")
	// ErrConsistent: MarkConsistent of a lock that came without ErrOwnerDied.
	ErrConsistent = errors.New("sync: lock is consistent already")
	// ErrTooMany: more than there is room for, such as a Release above the bound.
	// Nothing has changed.
	ErrTooMany = errors.New("sync: more than there is room for")
	// ErrCount: a number that makes no sense, such as a negative one. Nothing has
	// changed.
	ErrCount = errors.New("sync: bad count")
	// ErrClosed: the handle was closed. Is shm.ErrClosed.
	ErrClosed = shm.ErrClosed
)
