package codec

import (
	"encoding"
	"reflect"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

var decoders = []reflect.Type{
	reflect.TypeFor[cbor.Unmarshaler](),
	reflect.TypeFor[encoding.BinaryUnmarshaler](),
	reflect.TypeFor[encoding.TextUnmarshaler](),
}

var tamed sync.Map // reflect.Type to bool

// Tame tells whether Decode of a value of type t calls no method of anything in it.
func Tame(t reflect.Type) bool {
	if t.Kind() <= reflect.Complex128 && t.PkgPath() == "" {
		return true
	}
	if is, ok := tamed.Load(t); ok {
		return is.(bool)
	}
	is := tame(t, map[reflect.Type]bool{})
	tamed.Store(t, is)
	return is
}

func tame(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return true
	}
	seen[t] = true
	p := reflect.PointerTo(t)
	for _, d := range decoders {
		if t.Implements(d) || p.Implements(d) {
			return false
		}
	}
	switch t.Kind() {
	case reflect.Interface:
		return false
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return tame(t.Elem(), seen)
	case reflect.Map:
		return tame(t.Key(), seen) && tame(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if !tame(f.Type, seen) {
				return false
			}
		}
	}
	return true
}
