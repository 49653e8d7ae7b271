package cell

import (
	"reflect"
	"unsafe"
)

// Sum is a + b for a T that is a number of kind k. Integers wrap around.
func Sum[T any](k reflect.Kind, a, b T) T {
	switch k {
	case reflect.Int8, reflect.Uint8:
		return plus[uint8](a, b)
	case reflect.Int16, reflect.Uint16:
		return plus[uint16](a, b)
	case reflect.Int32, reflect.Uint32:
		return plus[uint32](a, b)
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		return plus[uint64](a, b)
	case reflect.Float32:
		return plus[float32](a, b)
	case reflect.Float64:
		return plus[float64](a, b)
	case reflect.Complex64:
		return plus[complex64](a, b)
	case reflect.Complex128:
		return plus[complex128](a, b)
	}
	panic("cell: sum of what is no number")
}

// plus adds two values of T, which is N under another name. Signed integers add
// as unsigned ones.
func plus[N interface {
	uint8 | uint16 | uint32 | uint64 | float32 | float64 | complex64 | complex128
}, T any](a, b T) T {
	sum := *(*N)(unsafe.Pointer(&a)) + *(*N)(unsafe.Pointer(&b))
	return *(*T)(unsafe.Pointer(&sum))
}
