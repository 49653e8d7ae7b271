package cell

import (
	"bytes"
	"reflect"
)

// same compares the bytes of two values of type T.
func same[T any](x, y []byte) bool {
	return spans(reflect.TypeFor[T](), 0, func(from, to uintptr) bool {
		return bytes.Equal(x[from:to], y[from:to])
	})
}

// spans calls visit for each run of bytes of a t at offset at that is not padding
// or a blank field, until visit returns false. It tells whether none did.
func spans(t reflect.Type, at uintptr, visit func(from, to uintptr) bool) bool {
	if solid(t) {
		return visit(at, at+t.Size())
	}
	if t.Kind() == reflect.Array {
		for i := range t.Len() {
			if !spans(t.Elem(), at+uintptr(i)*t.Elem().Size(), visit) {
				return false
			}
		}
		return true
	}
	for f := range t.Fields() {
		if f.Name != "_" && !spans(f.Type, at+f.Offset, visit) {
			return false
		}
	}
	return true
}

// solid tells whether every byte of a t counts.
func solid(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() == 0 || solid(t.Elem())
	case reflect.Struct:
		end := uintptr(0)
		for f := range t.Fields() {
			if f.Name == "_" || f.Offset != end || !solid(f.Type) {
				return false
			}
			end += f.Type.Size()
		}
		return end == t.Size()
	}
	return true
}
