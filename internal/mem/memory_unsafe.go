package mem

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Errors of At and Slice; they wrap the offset in their text.
var (
	ErrBounds = errors.New("mem: offset outside the segment")
	ErrAlign  = errors.New("mem: misaligned offset")
)

// Memory is a run of shared bytes. Safe for concurrent use. Must not be copied.
type Memory struct {
	bytes []byte
	known atomic.Uint64
	ask   func() (uint64, error)
}

// New makes a Memory over b, of which only as many bytes may be touched as ask
// last returned. ask is called again when an offset lies beyond that.
func New(b []byte, ask func() (uint64, error)) *Memory {
	return &Memory{bytes: b, ask: ask}
}

// Fixed makes a Memory all of which may be touched. b must be aligned to 128
// bytes, as make([]byte, n) is for n of a page or more.
func Fixed(b []byte) *Memory {
	n := uint64(len(b))
	return New(b, func() (uint64, error) { return n, nil })
}

// Backed makes sure that the first n bytes may be touched.
func (m *Memory) Backed(n uint64) error {
	if n <= m.known.Load() {
		return nil
	}
	size, err := m.ask()
	if err != nil {
		return err
	}
	size = min(size, uint64(len(m.bytes)))
	m.known.Store(size)
	if n > size {
		return fmt.Errorf("%w: byte %d of %d", ErrBounds, n, size)
	}
	return nil
}

// Len is the number of bytes that are reserved.
func (m *Memory) Len() uint64 { return uint64(len(m.bytes)) }

// Bytes is all that is reserved, for unmapping. Its tail may not be touchable.
func (m *Memory) Bytes() []byte { return m.bytes }

// At is the T at off. It fails with ErrBounds or ErrAlign, and panics if T holds
// pointers, which is a mistake of the caller and not of a peer.
func At[T any](m *Memory, off uint64) (*T, error) {
	var zero T
	p, err := pointer(m, off, uint64(unsafe.Sizeof(zero)), uint64(unsafe.Alignof(zero)), reflect.TypeFor[T]())
	return (*T)(p), err
}

// Slice is the n items of T from off on, without a copy. Errors as At. With n of
// 0 it is empty and touches nothing.
func Slice[T any](m *Memory, off, n uint64) ([]T, error) {
	var zero T
	size := uint64(unsafe.Sizeof(zero))
	if n == 0 || size == 0 {
		return make([]T, n), nil
	}
	if n > m.Len()/size {
		return nil, fmt.Errorf("%w: %d items of %d bytes at %d", ErrBounds, n, size, off)
	}
	p, err := pointer(m, off, n*size, uint64(unsafe.Alignof(zero)), reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*T)(p), n), nil
}

func pointer(m *Memory, off, size, align uint64, t reflect.Type) (unsafe.Pointer, error) {
	if !PointerFree(t) {
		panic("mem: " + t.String() + " holds pointers")
	}
	if size > m.Len() || off > m.Len()-size {
		return nil, fmt.Errorf("%w: %d bytes at %d of %d", ErrBounds, size, off, m.Len())
	}
	if err := m.Backed(off + size); err != nil {
		return nil, err
	}
	p := unsafe.Pointer(unsafe.SliceData(m.bytes[off:]))
	if uintptr(p)%uintptr(align) != 0 {
		return nil, fmt.Errorf("%w: %s at %d", ErrAlign, t, off)
	}
	return p, nil
}

var pointerFree sync.Map // reflect.Type → bool

// PointerFree tells whether values of t consist of numbers, bools and arrays and
// structs of them only, so that they mean the same in every process.
func PointerFree(t reflect.Type) bool {
	if known, ok := pointerFree.Load(t); ok {
		return known.(bool)
	}
	free := isPointerFree(t)
	pointerFree.Store(t, free)
	return free
}

func isPointerFree(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return true
	case reflect.Array:
		return PointerFree(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !PointerFree(f.Type) {
				return false
			}
		}
		return true
	}
	return false
}
