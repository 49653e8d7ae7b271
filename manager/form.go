package manager

import (
	"fmt"
	"reflect"
	"sync"

	"shmkit/internal/codec"
)

// A form is how values of a type travel, as items or as keys. It is chosen once.
type form uint8

// A form less than these is the reflect.Kind of a number, a bool or text, whose bits travel.
const (
	formBytes   form = iota + 64 // of a slice or an array of bytes
	formAny                      // as what it is
	formHandle                   // as a reference
	formEncoded                  // as CBOR
)

type forms struct {
	item, key       form
	itemErr, keyErr error
}

var formsKnown sync.Map // reflect.Type to forms

func formsOf(t reflect.Type) forms {
	f, ok := formsKnown.Load(t)
	if !ok {
		var fresh forms
		fresh.item, fresh.itemErr = itemForm(t)
		fresh.key, fresh.keyErr = keyForm(t)
		f, _ = formsKnown.LoadOrStore(t, fresh)
	}
	return f.(forms)
}

// scalar tells whether the bits of a kind travel.
func scalar(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Float64 && k != reflect.Uintptr || k == reflect.String
}

func itemForm(t reflect.Type) (form, error) {
	switch {
	case scalar(t.Kind()):
		return form(t.Kind()), nil
	case t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]():
		return formBytes, nil
	case t == reflect.TypeFor[any]():
		return formAny, nil
	case t.Implements(reflect.TypeFor[handle]()):
		if t.Kind() == reflect.Pointer {
			return formHandle, nil
		}
		return 0, fmt.Errorf("%w: values of type %v cannot be sent", ErrType, t)
	}
	if err := codec.Check(t, false); err != nil {
		return 0, fmt.Errorf("%w: values cannot be sent: %w", ErrType, err)
	}
	return formEncoded, nil
}

func keyForm(t reflect.Type) (form, error) {
	switch {
	case scalar(t.Kind()):
		return form(t.Kind()), nil
	case t == reflect.TypeFor[any]():
		return formAny, nil
	case t.Kind() == reflect.Array && t.Elem() == reflect.TypeFor[byte]():
		return formBytes, nil
	case !solid(t):
		return 0, fmt.Errorf("%w: a %v is no key: what a pointer or an interface in it holds may change, or is not compared", ErrType, t)
	}
	if err := codec.Check(t, false); err != nil {
		return 0, fmt.Errorf("%w: keys cannot be sent: %w", ErrType, err)
	}
	return formEncoded, nil
}

// solid tells whether values of a type are equal if and only if they are encoded alike.
func solid(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return solid(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !solid(f.Type) {
				return false
			}
		}
		return true
	}
	return scalar(t.Kind())
}
