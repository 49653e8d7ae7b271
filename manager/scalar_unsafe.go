package manager

import (
	"bytes"
	"math"
	"reflect"
	"unsafe"
)

// bits gives the bits of a number or a bool of that kind: of an integer as one of 8 bytes, of
// a float as a float64.
func bits[T any](f form, v *T) uint64 {
	p := unsafe.Pointer(v)
	switch reflect.Kind(f) {
	case reflect.Bool:
		return uint64(*(*uint8)(p))
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		return *(*uint64)(p)
	case reflect.Int8:
		return uint64(*(*int8)(p))
	case reflect.Int16:
		return uint64(*(*int16)(p))
	case reflect.Int32:
		return uint64(*(*int32)(p))
	case reflect.Uint8:
		return uint64(*(*uint8)(p))
	case reflect.Uint16:
		return uint64(*(*uint16)(p))
	case reflect.Uint32:
		return uint64(*(*uint32)(p))
	case reflect.Float32:
		return math.Float64bits(float64(*(*float32)(p)))
	}
	return *(*uint64)(p) // Float64
}

// setBits is the reverse of bits. It tells whether the number is one of that kind.
func setBits[T any](f form, v *T, bits uint64) bool {
	p := unsafe.Pointer(v)
	switch reflect.Kind(f) {
	case reflect.Bool:
		*(*bool)(p) = bits != 0
		return bits <= 1
	case reflect.Int8:
		*(*int8)(p) = int8(bits)
		return uint64(int8(bits)) == bits
	case reflect.Int16:
		*(*int16)(p) = int16(bits)
		return uint64(int16(bits)) == bits
	case reflect.Int32:
		*(*int32)(p) = int32(bits)
		return uint64(int32(bits)) == bits
	case reflect.Uint8:
		*(*uint8)(p) = uint8(bits)
		return uint64(uint8(bits)) == bits
	case reflect.Uint16:
		*(*uint16)(p) = uint16(bits)
		return uint64(uint16(bits)) == bits
	case reflect.Uint32:
		*(*uint32)(p) = uint32(bits)
		return uint64(uint32(bits)) == bits
	case reflect.Float32:
		x := float32(math.Float64frombits(bits))
		*(*float32)(p) = x
		return true
	}
	*(*uint64)(p) = bits
	return true
}

// text is v, which is text.
func text[T any](v *T) *string { return (*string)(unsafe.Pointer(v)) }

// blob is v, which is bytes.
func blob[T any](v *T) *[]byte { return (*[]byte)(unsafe.Pointer(v)) }

// plain is the bytes of all, in memory as little-endian machines have them.
func plain[T any](all []T) []byte {
	if len(all) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&all[0])), uintptr(len(all))*unsafe.Sizeof(all[0]))
}

// fill makes all of their bytes, and tells whether these are such: as many, and of bools 0 or 1.
func fill[T any](all []T, b []byte) bool {
	to := plain(all)
	if len(to) != len(b) {
		return false
	}
	if reflect.TypeFor[T]().Kind() == reflect.Bool && bytes.ContainsFunc(b, func(r rune) bool { return r > 1 }) {
		return false
	}
	copy(to, b)
	return true
}

// memory is the bytes of v, which is an array of bytes, or a number.
func memory[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}
