package process

import (
	"context"
	"reflect"
	"sync"

	"shmkit/internal/codec"
	"shmkit/internal/function"
)

// Func is a function that can be started in a process of its own. Make it with [Register]
// or [RegisterFunc]. It may be used by several goroutines; if a process that runs it dies
// that is the error of its [Job].
type Func[A, R any] struct {
	name  string
	types string
	call  func(context.Context, A) (R, error)
	unfit func() error
}

// None is the result of functions that only give an error.
type None struct{}

// Register makes f known under a name, which is its name in all processes of the program:
// call it from init or in the declaration of a variable. The context of f ends when that of
// Start does, if there is a [Grace], and when the parent dies.
//
// Preconditions:
//   - no function has that name yet
func Register[A any](name string, f func(context.Context, A) error) *Func[A, None] {
	return RegisterFunc(name, func(ctx context.Context, arg A) (None, error) { return None{}, f(ctx, arg) })
}

// RegisterFunc is Register for functions with a result.
//
// Preconditions:
//   - no function has that name yet
func RegisterFunc[A, R any](name string, f func(context.Context, A) (R, error)) *Func[A, R] {
	entry := function.Of(name, f)
	function.Register(entry)
	return &Func[A, R]{name, entry.Types, f, sync.OnceValue(func() error { return unfit[A, R](name) })}
}

// unfit tells why arguments or results of the function cannot be sent.
func unfit[A, R any](name string) error {
	if err := codec.Check(reflect.TypeFor[A](), false); err != nil {
		return &TypeError{name, "argument", err}
	}
	if err := codec.Check(reflect.TypeFor[R](), false); err != nil {
		return &TypeError{name, "result", err}
	}
	return nil
}

// Name is the name it was registered under.
func (f *Func[A, R]) Name() string { return f.name }

// Sendable tells whether arguments and results of these types can be sent to other processes,
// and whole. Errors: [*TypeError].
func (f *Func[A, R]) Sendable() error { return f.unfit() }

// Call runs the function here, in this process.
func (f *Func[A, R]) Call(ctx context.Context, arg A) (R, error) { return f.call(ctx, arg) }

// Start starts a process that runs the function. When ctx ends the process is killed, or
// told to end if there is a [Grace]. What arg refers to stays until the process has taken
// it. Errors: [ErrNoMain]; [*TypeError]; [*StartError]; if arg cannot be encoded, why.
//
// It waits until the process exists, and not until the function runs: see Process.Wait. If
// this process ends before the other one has its argument, the function does not run.
func (f *Func[A, R]) Start(ctx context.Context, arg A, options ...Option) (*Job[R], error) {
	if !called.Load() {
		return nil, ErrNoMain
	}
	if err := f.unfit(); err != nil {
		return nil, err
	}
	buf := codec.NewBuffer()
	if err := codec.Encode(buf, arg); err != nil {
		return nil, err
	}
	what := task{order: order{Function: f.name, Types: f.types}, encoded: buf.Bytes(), arg: arg, open: f.open}
	p, err := start(ctx, what, settingsOf(options)) // buf is not given back
	if err != nil {
		return nil, err
	}
	return &Job[R]{p}, nil
}

// open reads a result.
func (f *Func[A, R]) open(b []byte) (any, error) {
	var result R
	err := codec.Decode(b, &result)
	return result, err
}

// Job is a process that runs one function, which has a result. Several goroutines may use
// it; if the process dies, Result gives an error.
type Job[R any] struct{ *Process }

// Result waits until the process has ended, and gives what the function returned. Objects
// whose handles are in it were opened when it came, also such as the process had made itself
// and nobody else has; they are the caller's. Errors: as Wait, in which case there is no
// result.
func (j *Job[R]) Result() (R, error) { return j.ResultContext(context.Background()) }

// ResultContext is Result that gives up when ctx ends: it then returns the cause of ctx.
func (j *Job[R]) ResultContext(ctx context.Context) (result R, err error) {
	if err := j.Join(ctx); err != nil {
		return result, err
	}
	switch o := j.outcome; {
	case o == nil:
		return result, ErrNoResult
	case o.opened:
		result, _ = o.value.(R) // a nil interface is none
		return result, o.valueErr
	default:
		err = codec.Decode(o.result, &result)
		return result, err
	}
}
