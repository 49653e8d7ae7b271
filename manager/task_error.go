package manager

import (
	"errors"
	"fmt"
	"syscall"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
	"shmkit/pool"
	"shmkit/process"
)

func init() {
	for name, err := range map[string]error{
		"pool.workers": pool.ErrWorkers, "pool.running": pool.ErrRunning, "pool.option": pool.ErrOption,
		"pool.argument": pool.ErrArgument, "pool.result": pool.ErrResult, "pool.corrupt": pool.ErrCorrupt,
		"process.nomain": process.ErrNoMain, "manager.function": ErrFunction, "manager.argument": ErrArgument,
	} {
		process.RegisterError(name, err)
	}
}

// taskError is an error of a task as it travels from the server to who asked for it.
type taskError struct {
	Kind   string // the type that it becomes again
	Text   string
	Report []byte // of package process: what it is for errors.Is
	Name   string // of the worker
	PID    int
	Type   string
	Stack  string
	Signal int
	Code   int
	N      int // tries, deaths, an index
	Inside []taskError
}

// taskFault is err as a Fault.
func taskFault(err error) *wire.Fault {
	buf := codec.NewBuffer() // it is not given back
	if bad := codec.Encode(buf, taskErrorOf(err)); bad != nil {
		return &wire.Fault{Code: wire.CodeInternal, Text: err.Error()}
	}
	return &wire.Fault{Code: wire.CodeTask, Text: err.Error(), Data: buf.Bytes()}
}

func taskErrorOf(err error) taskError {
	t := taskError{Text: err.Error(), Report: process.EncodeError(err)}
	switch e := err.(type) {
	case *pool.MapError:
		t.Kind = "map"
		for _, item := range e.Items {
			inside := taskErrorOf(item.Err)
			inside.N = item.Index
			t.Inside = append(t.Inside, inside)
		}
	case *pool.PoisonError:
		t.Kind, t.N = "poison", e.Deaths
		t.Inside = []taskError{taskErrorOf(e.Last)}
	case *pool.InitError:
		t.Kind, t.N = "init", e.Tries
		t.Inside = []taskError{taskErrorOf(e.Err)}
	case *pool.WorkerDied:
		t.Kind, t.Name, t.PID, t.Text, t.Stack = "died", e.Name, e.PID, e.Text, e.Stack
		t.Signal, t.Code = int(e.Signal), e.Code
		if e.Err != nil {
			t.Inside = []taskError{taskErrorOf(e.Err)}
		}
	case *pool.TaskPanic:
		t.Kind, t.Name, t.PID, t.Text, t.Stack = "panic", e.Name, e.PID, e.Text, e.Stack
	case *process.RemoteError:
		t.Kind, t.Name, t.PID, t.Text, t.Type = "remote", e.Name, e.PID, e.Text, e.Type
	}
	return t
}

// readTaskError is the error that a Fault was made of.
func readTaskError(f *wire.Fault) error {
	var t taskError
	if err := codec.Decode(f.Data, &t); err != nil {
		return fmt.Errorf("%w: an error of a task that cannot be read", ErrProtocol)
	}
	return t.error()
}

func (t *taskError) error() error {
	switch t.Kind {
	case "map":
		e := &pool.MapError{}
		for _, inside := range t.Inside {
			e.Items = append(e.Items, &pool.ItemError{Index: inside.N, Err: inside.error()})
		}
		return e
	case "poison":
		e := &pool.PoisonError{Deaths: t.N}
		errors.As(t.inside(), &e.Last)
		return e
	case "init":
		return &pool.InitError{Tries: t.N, Err: t.inside()}
	case "died":
		return &pool.WorkerDied{Name: t.Name, PID: t.PID, Signal: syscall.Signal(t.Signal), Code: t.Code, Text: t.Text, Stack: t.Stack, Err: t.inside()}
	case "panic":
		return &pool.TaskPanic{Name: t.Name, PID: t.PID, Text: t.Text, Stack: t.Stack}
	}
	err := process.DecodeError(t.Report, t.Name, t.PID)
	var e *process.RemoteError
	if t.Kind == "remote" && errors.As(err, &e) {
		e.Text, e.Type = t.Text, t.Type
		return e
	}
	return &RemoteError{Text: t.Text, kind: err}
}

func (t *taskError) inside() error {
	if len(t.Inside) == 0 {
		return nil
	}
	return t.Inside[0].error()
}
