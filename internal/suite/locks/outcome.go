package locks

import (
	"context"
	"errors"

	"shmkit/internal/suite"
	shsync "shmkit/sync"
)

// What the bodies of scopes and actions end with.
var (
	errFailed    = errors.New("locks: failed")
	errToldTwice = errors.New("locks: told on the second level")
)

// outcomes are the errors in answers; an answer of an actor in C has the same names.
var outcomes = suite.Outcomes{
	"died": shsync.ErrOwnerDied, "unrecoverable": shsync.ErrNotRecoverable, "notheld": shsync.ErrNotHeld,
	"timeout": context.DeadlineExceeded, "closed": shsync.ErrClosed,
	"toomany": shsync.ErrTooMany, "count": shsync.ErrCount, "broken": shsync.ErrBroken, "failed": errFailed,
}

// The words of scripts: see package suite.
const (
	sleeps = suite.Sleeps
	ends   = suite.Ends
	dies   = suite.Dies
)

func at(who int, call, want string) suite.Step { return suite.At(who, call, want) }
