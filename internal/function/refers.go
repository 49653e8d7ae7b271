package function

import (
	"encoding"
	"reflect"
	"slices"
)

var (
	binary = reflect.TypeFor[encoding.BinaryMarshaler]()
	text   = reflect.TypeFor[encoding.TextMarshaler]()
)

// refers tells whether values of a type may have something in them that encodes itself, as
// handles do; outer are the types that it is part of.
func refers(t reflect.Type, outer []reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
	default:
		return encodesItself(t)
	}
	if encodesItself(t) {
		return true
	}
	if slices.Contains(outer, t) {
		return false
	}
	outer = append(outer, t)
	if t.Kind() != reflect.Struct {
		return refers(t.Elem(), outer) || t.Kind() == reflect.Map && refers(t.Key(), outer)
	}
	for i := range t.NumField() {
		if refers(t.Field(i).Type, outer) {
			return true
		}
	}
	return false
}

func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(binary) || p.Implements(text)
}
