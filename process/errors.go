package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// What a caller may meet and handle; test with errors.Is.
var (
	// ErrNoMain: Main was not called in this process, so its children would not find it.
	ErrNoMain = errors.New("process: call process.Main at the top of main, or of TestMain, first")
	// ErrRunning: the process has not ended.
	ErrRunning = errors.New("process: process is running")
	// ErrClosed: the Process was closed.
	ErrClosed = fmt.Errorf("process: process is closed: %w", os.ErrClosed)
	// ErrParentDied is the cause with which the context of a function ends when the process
	// that started it has died.
	ErrParentDied = errors.New("process: the parent died")
	// ErrCanceled is the cause with which the context of a function ends when that of Start
	// has ended. Its text may tell more.
	ErrCanceled = errors.New("process: canceled by the parent")
	// ErrNoResult: the function ended its process, with exit code 0, in place of returning.
	ErrNoResult = errors.New("process: the function exited and has no result")
	// ErrOutput: the process ended well, but what it wrote is not all there, or what it was
	// to read could not be read; the error tells more.
	ErrOutput = errors.New("process: input or output was not copied whole")
	// ErrReaped: other code of this program has waited for the process, and has its exit
	// code. What a function returned is known all the same.
	ErrReaped = errors.New("process: somebody else waited for it")
	// ErrGoexit: a function ended its goroutine in place of returning.
	ErrGoexit = errors.New("process: the function called runtime.Goexit")
)

var errNoDescriptor = fmt.Errorf("process: the kernel has no descriptor of the process: %w", errors.ErrUnsupported)

// StartError tells that a process never came to what it was to do: it could not be started,
// or it died before. It is plain data of one process, which dies with it.
type StartError struct {
	Name   string // of the process
	PID    int    // 0 if there was none
	Reason string
	Err    error // nil if there is nothing more to tell
}

func (e *StartError) Error() string {
	text := fmt.Sprintf("process: %s did not start: %s", e.Name, e.Reason)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the reason.
func (e *StartError) Unwrap() error { return e.Err }

// ExitError tells that a process ended by itself with a code that is not 0, or by a signal.
// It is plain data of one process, which dies with it.
type ExitError struct {
	Name   string // of the process
	PID    int
	Code   int            // -1 if it was a signal, or is not known
	Signal syscall.Signal // 0 if it was none
	// Cause is why this process ended it: the cause of the context of Start. It is nil if
	// somebody else did; [ErrReaped] if it is not known how it ended.
	Cause error
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("ended with exit code %d", e.Code)
	switch {
	case e.Signal != 0:
		how = fmt.Sprintf("was ended by signal %d (%v)", int(e.Signal), e.Signal)
	case e.Code < 0:
		how = "ended"
	}
	text := fmt.Sprintf("process: %s (pid %d) %s", e.Name, e.PID, how)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *ExitError) Unwrap() error { return e.Cause }

// PanicError tells that a process panicked, or was ended by the Go runtime, with what that
// wrote. It is plain data of one process, which dies with it.
type PanicError struct {
	Name  string // of the process
	PID   int
	Text  string // the first line or lines: "panic: …", "fatal error: …"
	Stack string // the goroutines
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("process: %s (pid %d): %s", e.Name, e.PID, e.Text)
}

// TypeError tells that a function cannot be called in another process, because values of its
// types cannot be encoded, or would lose fields without a word. It wraps a *ring.FieldError,
// which names the field.
type TypeError struct {
	Function string
	What     string // "argument" or "result"
	Err      error
}

func (e *TypeError) Error() string {
	return "process: " + e.What + " of function " + strconv.Quote(e.Function) + ": " + e.Err.Error()
}

// Unwrap gives the reason.
func (e *TypeError) Unwrap() error { return e.Err }
