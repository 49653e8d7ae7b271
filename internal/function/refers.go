package function

import (
	"encoding"
	"reflect"
)

var (
	asBinary = reflect.TypeFor[encoding.BinaryMarshaler]()
	asText   = reflect.TypeFor[encoding.TextMarshaler]()
)

// Refers tells whether a value of type t may have handles of shared objects in it, which
// encode themselves. It may be wrong about other types that do.
func Refers(t reflect.Type) bool { return refers(t, map[reflect.Type]bool{}) }

func refers(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if p := reflect.PointerTo(t); p.Implements(asBinary) || p.Implements(asText) {
		return true
	}
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return refers(t.Elem(), seen)
	case reflect.Map:
		return refers(t.Key(), seen) || refers(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.NumField() {
			if refers(t.Field(f).Type, seen) {
				return true
			}
		}
	}
	return false
}
