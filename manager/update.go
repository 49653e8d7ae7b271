package manager

import (
	"errors"
	"fmt"
	"reflect"

	"shmkit/internal/host"
	"shmkit/internal/wire"
	"shmkit/process"
)

// RegisterUpdate registers a function of the server by name, for the Update methods of Value,
// List and Dict. f makes a new V of the old one, which is zero if nothing exists there, and an
// argument. The program that serves calls RegisterUpdate, before it does; clients need only
// the name. Registering a name twice panics, and so does a V or an A that cannot be an item, or
// in which there are handles.
//
// Preconditions:
//   - f is a pure function: what it gives depends on nothing but its arguments, and it changes
//     nothing else. A server with a log calls it again when it starts.
//   - f is short: nothing else happens at the server while it runs.
//
// If f gives an error, or panics, nothing changes, and the caller gets that error or ErrPanic.
func RegisterUpdate[V, A any](name string, f func(old V, exists bool, arg A) (V, error)) {
	old, arg := mustForm[V](name), mustForm[A](name)
	ok := host.RegisterUpdate(name, func(item wire.Item, exists bool, with wire.Item) (wire.Item, error) {
		var v V
		var a A
		if exists {
			if err := readItem(nil, old, item, &v, false); err != nil {
				return nil, refusal(err)
			}
		}
		if err := readItem(nil, arg, with, &a, false); err != nil {
			return nil, refusal(err)
		}
		v, err := f(v, exists, a)
		if err != nil {
			return nil, &wire.Fault{Code: wire.CodeUser, Text: err.Error(), Data: process.EncodeError(err)}
		}
		b, err := appendSame(old, &v)
		if err != nil {
			return nil, refusal(err)
		}
		return b, nil
	})
	if !ok {
		panic(fmt.Sprintf("manager: an update called %q is registered already", name))
	}
}

// appendSame is appendItem, alike for equal values: the server keeps it.
func appendSame[V any](f form, v *V) ([]byte, error) {
	if f != formEncoded {
		return appendItem(nil, nil, f, v)
	}
	b, err := encodeSame(v)
	return append([]byte{byte(wire.TagEncoded)}, b...), err
}

// RegisterOrder registers an order of items by name, for List.Sort; otherwise as
// RegisterUpdate. compare gives less than 0 if a is before b, more if after, and 0 if they may
// stay as they are.
func RegisterOrder[T any](name string, compare func(a, b T) int) {
	f := mustForm[T](name)
	ok := host.RegisterOrder(name, func(a, b wire.Item) int {
		var x, y T
		if err := errors.Join(readItem(nil, f, a, &x, false), readItem(nil, f, b, &y, false)); err != nil {
			panic(err)
		}
		return compare(x, y)
	})
	if !ok {
		panic(fmt.Sprintf("manager: an order called %q is registered already", name))
	}
}

// mustForm is the form of a T that is no handle, which a function of the server could not use.
func mustForm[T any](name string) form {
	f := formsOf(reflect.TypeFor[T]())
	if f.itemErr == nil && carries(reflect.TypeFor[T](), map[reflect.Type]bool{}) {
		f.itemErr = fmt.Errorf("%w: a function of the server has no handles", ErrType)
	}
	if f.itemErr != nil {
		panic(fmt.Sprintf("manager: %q cannot be registered: %v", name, f.itemErr))
	}
	return f.item
}

// refusal is an error of an item as it travels.
func refusal(err error) *wire.Fault { return wire.NewFault(wire.CodeWrongType, "%v", err) }

// appendUpdate appends text function, rest of body an Item for it.
func appendUpdate(c *Client, b []byte, function string, arg any) ([]byte, error) {
	b = wire.AppendText(b, function)
	if arg != nil {
		switch f := formsOf(reflect.TypeOf(arg)); {
		case f.itemErr != nil:
			return b, f.itemErr
		case f.item == formEncoded:
			return appendEncoded(b, arg)
		}
	}
	return appendAny(c, b, arg, 0)
}

// userError is the error of a function of the server, whose number clients do not know.
func userError(f *wire.Fault) error { return process.DecodeError(f.Data, "manager", 0) }
