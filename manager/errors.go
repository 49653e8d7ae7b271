package manager

import (
	"context"
	"errors"
	"fmt"
	"os"

	"shmkit/internal/wire"
	"shmkit/pool"
	"shmkit/ring"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// What a caller may meet and handle; test with errors.Is.
var (
	// ErrServerGone: the server is not there any more, or the connection to it. What calls that
	// were not answered did is not known.
	ErrServerGone = errors.New("manager: server is gone")
	// ErrUnknown: a call was given up, because its context ended, and the server has not said
	// in time what became of it: it may have been done, or be done yet. What it takes (a lock,
	// a message, …) is given back then. The cause of the context is in the error too.
	ErrUnknown = errors.New("manager: outcome is not known")
	// ErrClosed: the client, the handle or the server was closed here. Is shm.ErrClosed.
	ErrClosed error = closed{}
	// ErrNoObject: the object went, with its last reference or with its server.
	ErrNoObject = errors.New("manager: no such object")
	// ErrNotFound: nothing has that name, or that key.
	ErrNotFound = errors.New("manager: not found")
	// ErrExists: something has that name.
	ErrExists = errors.New("manager: name is in use")
	// ErrType: the object, or the item, is of another type.
	ErrType = errors.New("manager: wrong type")
	// ErrSession: the server has given up the session of this client.
	ErrSession = errors.New("manager: session has expired")
	// ErrTooOld: the result of a call that was sent again is not kept any more.
	ErrTooOld = errors.New("manager: result is not kept any more")
	// ErrLimit: more than the server allows a client.
	ErrLimit = errors.New("manager: limit exceeded")
	// ErrNoMethod: the object has no such method, or does not expose it.
	ErrNoMethod = errors.New("manager: no such method")
	// ErrRange: an index outside.
	ErrRange = errors.New("manager: index out of range")
	// ErrArgument: an argument that has no meaning.
	ErrArgument = errors.New("manager: bad argument")
	// ErrChanged: a transaction was not done, because something is not as it requires.
	ErrChanged = errors.New("manager: condition does not hold")
	// ErrWouldWait: a call that may not wait would have to.
	ErrWouldWait = errors.New("manager: call would wait")
	// ErrLog: the server could not write its log, and ends. What was asked nobody has seen; only if
	// a server begins with the log that this one could write in part it may yet be done.
	ErrLog = errors.New("manager: log cannot be written")
	// ErrLogInUse: another server has the log.
	ErrLogInUse = errors.New("manager: log is in use")
	// ErrLogCorrupt: the log is damaged, or no log.
	ErrLogCorrupt = errors.New("manager: log is damaged")
	// ErrLogVersion: the log was written by another version.
	ErrLogVersion = errors.New("manager: log is of another version")
	// ErrProtocol: the other end does not speak the protocol.
	ErrProtocol = errors.New("manager: protocol error")
	// ErrDenied: the server does not let clients do that.
	ErrDenied = errors.New("manager: denied")
	// ErrPanic: a method of a registered type panicked.
	ErrPanic = errors.New("manager: method panicked")
	// ErrRestarted: the server was restarted while the call ran.
	ErrRestarted = errors.New("manager: server was restarted")
	// ErrInternal: the server has a bug.
	ErrInternal = errors.New("manager: internal error of the server")
)

// closed is what shm.ErrClosed says, of what is at a server.
type closed struct{}

func (closed) Error() string { return "manager: closed" }

func (closed) Unwrap() error { return shm.ErrClosed }

// kinds are the errors of codes.
var kinds = map[wire.Code]error{
	wire.CodeInternal: ErrInternal, wire.CodeBadFrame: ErrProtocol, wire.CodeBadBody: ErrProtocol, wire.CodeNoMethod: ErrNoMethod,
	wire.CodeNoObject: ErrNoObject, wire.CodeWrongType: ErrType, wire.CodeNoSession: ErrSession, wire.CodeTooOld: ErrTooOld,
	wire.CodeTooMuch: ErrLimit, wire.CodeExists: ErrExists, wire.CodeNotFound: ErrNotFound, wire.CodeRange: ErrRange,
	wire.CodeCancelled: context.Canceled, wire.CodeTimedOut: os.ErrDeadlineExceeded, wire.CodeWouldWait: ErrWouldWait,
	wire.CodeShutdown: ErrServerGone, wire.CodeArgument: ErrArgument, wire.CodeChanged: ErrChanged, wire.CodeFull: ring.ErrFull,
	wire.CodeEmpty: ring.ErrEmpty, wire.CodeClosed: ring.ErrClosed, wire.CodeOwnerDied: shsync.ErrOwnerDied,
	wire.CodeInconsistent: shsync.ErrInconsistent, wire.CodeNotRecoverable: shsync.ErrNotRecoverable,
	wire.CodeNotHeld: shsync.ErrNotHeld, wire.CodeConsistent: shsync.ErrConsistent, wire.CodeTooMany: shsync.ErrTooMany,
	wire.CodeCount: shsync.ErrCount, wire.CodeBroken: shsync.ErrBroken, wire.CodeTaskDone: ring.ErrTaskDone,
	wire.CodeNoItem: ring.ErrNotHeld, wire.CodePanic: ErrPanic, wire.CodeNoType: ErrType, wire.CodeRestarted: ErrRestarted,
	wire.CodeLog: ErrLog, wire.CodeDenied: ErrDenied, wire.CodeReleased: ErrClosed,
	wire.CodeNotRunning: pool.ErrClosed,
}

// A RemoteError is an error that the server gave. Is and As find what kind it is of.
type RemoteError struct {
	Text  string
	Stack string // of the server, if it panicked
	kind  error
}

func (e *RemoteError) Error() string { return e.Text }

// Unwrap gives the error whose kind it is.
func (e *RemoteError) Unwrap() error { return e.kind }

func remote(body []byte) error {
	f, err := wire.ReadFault(body)
	if err != nil {
		return fmt.Errorf("%w: an error that cannot be read", ErrProtocol)
	}
	if f.Code == wire.CodeTask {
		return readTaskError(f)
	}
	kind := kinds[f.Code]
	if f.Code == wire.CodeUser && len(f.Data) > 0 {
		kind = userError(f)
	}
	if kind == nil {
		kind = ErrInternal
	}
	return &RemoteError{Text: f.Text, Stack: f.Stack, kind: kind}
}
