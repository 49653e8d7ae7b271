package manager

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"shmkit/internal/codec"
	"shmkit/internal/host"
)

// errUnsaved: a type cannot be saved.
var errUnsaved = errors.New("manager: it is no encoding.BinaryMarshaler and encoding.BinaryUnmarshaler, and not all of it can be encoded")

// saving is how the state of a type is saved.
type saving struct {
	own bool  // by its MarshalBinary
	err error // not at all
}

// savingOf chooses how a state of type t is saved. That it can be read again counts too: a
// server that begins again has nothing else.
func savingOf(t reflect.Type) saving {
	own := t
	if t.Kind() != reflect.Pointer {
		own = reflect.PointerTo(t)
	}
	out, in := own.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()), own.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
	switch {
	case out && in:
		return saving{own: true}
	case out != in:
		return saving{err: fmt.Errorf("%w: a %v has one of MarshalBinary and UnmarshalBinary, without the other", errUnsaved, t)}
	case t.Kind() == reflect.Interface:
		return saving{err: fmt.Errorf("%w: what is behind a %v is not known", errUnsaved, t)}
	case carries(t, map[reflect.Type]bool{}):
		return saving{err: fmt.Errorf("%w: there are handles in a %v, which a server cannot use", errUnsaved, t)}
	}
	if err := codec.Check(t, false); err != nil {
		return saving{err: fmt.Errorf("%w: %w", errUnsaved, err)}
	}
	return saving{}
}

// ownForm is what has the MarshalBinary and the UnmarshalBinary of the state.
func (i *instance[S]) ownForm() any {
	if reflect.TypeFor[S]().Kind() == reflect.Pointer {
		return i.state
	}
	return &i.state
}

// Save is the state for restore.
func (i *instance[S]) Save() (b []byte, err error) {
	defer caught(&err)
	switch {
	case i.of.saving.err != nil:
		return nil, i.of.saving.err
	case i.of.saving.own:
		return i.ownForm().(encoding.BinaryMarshaler).MarshalBinary()
	}
	return encodeSame(&i.state)
}

// restore makes an object of what Save gave.
func (t *exposed[S]) restore(state []byte) (_ host.Instance, err error) {
	defer caught(&err)
	i := &instance[S]{of: t}
	switch {
	case t.saving.err != nil:
		return nil, t.saving.err
	case !t.saving.own:
		return i, codec.DecodeTo(state, &i.state)
	}
	if p := reflect.TypeFor[S](); p.Kind() == reflect.Pointer {
		i.state = reflect.New(p.Elem()).Interface().(S)
	}
	return i, i.ownForm().(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
}

// caught makes an error of a panic of the program.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v\n%s", ErrPanic, r, debug.Stack())
	}
}

// carries tells whether there are handles of this package in a t.
func carries(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	h := reflect.TypeFor[handle]()
	if t.Implements(h) || t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(h) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return carries(t.Elem(), seen)
	case reflect.Map:
		return carries(t.Key(), seen) || carries(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if carries(f.Type, seen) {
				return true
			}
		}
	}
	return false
}
