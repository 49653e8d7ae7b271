package cheader

import (
	"reflect"
	"strings"
	"unicode"
)

// snake turns the Go name of a field into the C one: SegmentID → segment_id.
func snake(name string) string {
	var b strings.Builder
	r := []rune(name)
	for i, c := range r {
		if i > 0 && unicode.IsUpper(c) {
			afterLower := !unicode.IsUpper(r[i-1])
			beforeLower := i+1 < len(r) && unicode.IsLower(r[i+1])
			if afterLower || beforeLower {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// constant turns the Go name of a constant into the C one: MaxSlots →
// SHMKIT_MAX_SLOTS.
func constant(name string) string { return "SHMKIT_" + strings.ToUpper(snake(name)) }

// structName turns the Go name of a struct into the C one.
func structName(t reflect.Type) string { return "shmkit_" + snake(t.Name()) }

// scalar is the C type of an integer, or "" for anything else.
func scalar(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return t.Kind().String() + "_t"
	}
	return ""
}
