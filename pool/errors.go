package pool

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"shmkit/process"
)

// What a caller may meet and handle; test with errors.Is.
var (
	// ErrWorkers: a pool of less than one worker.
	ErrWorkers = errors.New("pool: a pool has at least one worker")
	// ErrClosed: the pool was closed, or terminated, and takes no tasks.
	ErrClosed = errors.New("pool: pool is closed")
	// ErrTerminated: the task was given up because the pool was terminated.
	ErrTerminated = errors.New("pool: pool was terminated")
	// ErrRunning: Join before Close, Terminate or Shutdown.
	ErrRunning = errors.New("pool: pool is still running")
	// ErrCanceled: the task was withdrawn before it ran. Is context.Canceled.
	ErrCanceled = fmt.Errorf("pool: task was canceled: %w", context.Canceled)
	// ErrNotReady: the task has not ended.
	ErrNotReady = errors.New("pool: task has not ended")
	// ErrTimeout: a task ran longer than its time, and its worker was killed. Is
	// context.DeadlineExceeded.
	ErrTimeout = fmt.Errorf("pool: task was over its time: %w", context.DeadlineExceeded)
	// ErrOption: an option with a value that it cannot have.
	ErrOption = errors.New("pool: impossible option")
	// ErrArgument: the worker cannot decode an argument; the function did not run. The text
	// tells why.
	ErrArgument = errors.New("pool: argument makes no sense in the worker")
	// ErrResult: the worker cannot encode a result, or this process cannot decode it; the
	// function has run. The text tells why.
	ErrResult = errors.New("pool: result cannot be sent")
	// ErrCorrupt: what a worker has sent makes no sense.
	ErrCorrupt = errors.New("pool: corrupt message")
)

func init() {
	for name, err := range map[string]error{
		"pool.closed": ErrClosed, "pool.terminated": ErrTerminated, "pool.canceled": ErrCanceled, "pool.timeout": ErrTimeout,
	} {
		process.RegisterError(name, err)
	}
}

// WorkerDied tells that the worker died that ran the task, or that its function ended the
// process. It is plain data of one process.
type WorkerDied struct {
	Name   string // of the worker
	PID    int
	Signal syscall.Signal // 0 if it was none
	Code   int            // exit code; -1 if it was a signal, or is not known
	Text   string         // what the Go runtime wrote first: "panic: …", "fatal error: …"
	Stack  string         // and then: the goroutines
	Err    error          // as Process.Wait gives it; nil if the exit code was 0
}

func (e *WorkerDied) Error() string {
	how := fmt.Sprintf("ended with exit code %d", e.Code)
	switch {
	case e.Text != "":
		how = "died: " + e.Text
	case e.Signal != 0:
		how = fmt.Sprintf("was ended by signal %d (%v)", int(e.Signal), e.Signal)
	case e.Code < 0:
		how = "ended"
	}
	return fmt.Sprintf("pool: worker %s (pid %d) %s in the task", e.Name, e.PID, how)
}

// Unwrap gives Err.
func (e *WorkerDied) Unwrap() error { return e.Err }

// TaskPanic tells that the function panicked. Its worker goes on. It is plain data of one
// process.
type TaskPanic struct {
	Name  string // of the worker
	PID   int
	Text  string // of what it panicked with
	Stack string
}

func (e *TaskPanic) Error() string {
	return fmt.Sprintf("pool: %s (pid %d): panic: %s", e.Name, e.PID, e.Text)
}

// PoisonError tells that a task has killed each worker that it was given to, the last one
// too that its [Retries] allow. It is plain data of one process.
type PoisonError struct {
	Deaths int
	Last   *WorkerDied
}

func (e *PoisonError) Error() string {
	return fmt.Sprintf("pool: task has cost %d workers, the last one: %v", e.Deaths, e.Last)
}

// Unwrap gives how the last worker died.
func (e *PoisonError) Unwrap() error { return e.Last }

// InitError tells that workers cannot begin, because their initializer fails or they die
// before it is through. The pool is broken: this is the error of all its tasks. It is plain
// data of one process.
type InitError struct {
	Tries int // one after the other
	Err   error
}

func (e *InitError) Error() string {
	return fmt.Sprintf("pool: %d workers did not begin, the last one: %v", e.Tries, e.Err)
}

// Unwrap gives why the last one did not.
func (e *InitError) Unwrap() error { return e.Err }

// ItemError is what went wrong with one item of several. It is plain data of one process.
type ItemError struct {
	Index int
	Err   error
}

func (e *ItemError) Error() string { return fmt.Sprintf("item %d: %v", e.Index, e.Err) }

// Unwrap gives what went wrong.
func (e *ItemError) Unwrap() error { return e.Err }

// MapError tells which items of a Map have no result, in their order, and why; all others
// have one. It is plain data of one process.
type MapError struct{ Items []*ItemError }

func (e *MapError) Error() string {
	text := "pool: " + e.Items[0].Error()
	if n := len(e.Items) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more items failed)", n)
	}
	return text
}

// Unwrap gives the errors of the items.
func (e *MapError) Unwrap() []error {
	list := make([]error, len(e.Items))
	for i, item := range e.Items {
		list[i] = item
	}
	return list
}
