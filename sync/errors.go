package sync

import (
	"context"
	"errors"
	"fmt"

	"shmkit/shm"
)

// What a caller may meet and handle; test with errors.Is.
var (
	// ErrOwnerDied comes WITH the lock: the process that held it died inside, so
	// what the lock protects may be half-changed. Repair it, call MarkConsistent,
	// go on, Unlock. It never comes without: if a context ended because of it, the error
	// is that of the context.
	ErrOwnerDied = errors.New("sync: owner of the lock died; lock is held, data may be inconsistent")
	// ErrNotRecoverable: somebody got ErrOwnerDied and unlocked without
	// MarkConsistent. The lock can never be taken again.
	ErrNotRecoverable = errors.New("sync: lock is not recoverable")
	// ErrInconsistent: RLock of an RWMutex whose writer died inside. The caller does
	// not read: first somebody must Lock, repair, MarkConsistent and Unlock.
	ErrInconsistent = errors.New("sync: a writer died; lock to write and repair before anybody reads")
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
	// ErrNoWork: Done, Begin or a negative Add of more units than a WaitGroup has. Nothing
	// has changed.
	ErrNoWork = errors.New("sync: more work done or begun than there is")
	// ErrBroken: not all parties came to the barrier, and this generation never passes:
	// one has died, given up, failed in its action, or called Abort or Reset.
	ErrBroken = errors.New("sync: barrier is broken")
	// ErrClosed: the handle was closed. Is shm.ErrClosed.
	ErrClosed = shm.ErrClosed
	// ErrSegment: a condition must be in the segment of its lock.
	ErrSegment = errors.New("sync: condition and lock are in different segments")
)

// LostError is what Wait of a [WaitGroup] returns when processes died in the middle of
// work. errors.Is says that it is [ErrOwnerDied].
type LostError struct {
	Units int // that they had begun and not done; 65,535 times n: at least so many
}

func (e *LostError) Error() string {
	return fmt.Sprintf("sync: %d units of work are lost: who had begun them died", e.Units)
}

// Is makes a LostError an ErrOwnerDied.
func (e *LostError) Is(target error) bool { return target == ErrOwnerDied }

// notOurs is what a call returns that ctx has ended: cause, which is that of ctx, unless
// it is one of tells, errors by which this call tells what the caller has. Contexts end
// with the errors of other calls, when one of several goroutines fails.
func notOurs(ctx context.Context, cause error, tells ...error) error {
	for _, e := range tells {
		if errors.Is(cause, e) {
			return fmt.Errorf("%w: %s", ctx.Err(), cause.Error())
		}
	}
	return cause
}
