package function

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"shmkit/internal/codec"
)

// Function is a function that has a name in every process of the program.
type Function struct {
	Name string
	// Types is what it takes and gives, for comparison.
	Types string
	// Run decodes the argument, calls taken, runs the function and appends the encoded
	// result to buf. What keep refers to stays until the receiver has decoded the result;
	// it is nil if nothing in that is a handle. An error of another type than
	// *ArgumentError and *ResultError is the function's.
	Run func(ctx context.Context, arg []byte, buf *codec.Buffer, taken func()) (keep any, err error)

	result reflect.Type
}

// Refers tells whether what the function gives may have handles in it, of objects that may
// go with the process.
func (f Function) Refers() bool { return Refers(f.result) }

// Of is f under a name.
func Of[A, R any](name string, f func(context.Context, A) (R, error)) Function {
	types := fmt.Sprintf("func(%s) %s", reflect.TypeFor[A](), reflect.TypeFor[R]())
	refers := Refers(reflect.TypeFor[R]())
	run := func(ctx context.Context, raw []byte, buf *codec.Buffer, taken func()) (keep any, err error) {
		var arg A
		if err := codec.DecodeTo(raw, &arg); err != nil {
			return nil, &ArgumentError{err}
		}
		taken()
		result, err := f(ctx, arg)
		if err != nil {
			return nil, err
		}
		if err := codec.EncodeFrom(buf, &result); err != nil {
			return nil, &ResultError{err}
		}
		if refers {
			keep = result
		}
		return keep, nil
	}
	return Function{name, types, run, reflect.TypeFor[R]()}
}

// Call is Run with memory of its own for the result.
func (f Function) Call(ctx context.Context, arg []byte, taken func()) (result []byte, err error) {
	buf := codec.NewBuffer() // it is not given back
	if _, err = f.Run(ctx, arg, buf, taken); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// ArgumentError tells that an argument could not be decoded: the function was not called.
type ArgumentError struct{ Err error }

func (e *ArgumentError) Error() string { return "function: argument: " + e.Err.Error() }

// Unwrap gives the reason.
func (e *ArgumentError) Unwrap() error { return e.Err }

// ResultError tells that a result could not be encoded: the function has run.
type ResultError struct{ Err error }

func (e *ResultError) Error() string { return "function: result: " + e.Err.Error() }

// Unwrap gives the reason.
func (e *ResultError) Unwrap() error { return e.Err }

var table = struct {
	sync.RWMutex
	all map[string]Function
}{all: map[string]Function{}}

// Register makes f known.
//
// Preconditions:
//   - no function has its name yet
//   - the name is not empty
func Register(f Function) {
	table.Lock()
	defer table.Unlock()
	if f.Name == "" {
		panic("process: a function is registered without a name")
	}
	if _, ok := table.all[f.Name]; ok {
		panic(fmt.Sprintf("process: a function called %q is registered already; names are per program", f.Name))
	}
	table.all[f.Name] = f
}

// Find is the function of that name.
func Find(name string) (f Function, ok bool) {
	table.RLock()
	defer table.RUnlock()
	f, ok = table.all[name]
	return f, ok
}
