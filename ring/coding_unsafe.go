package ring

import (
	"sync/atomic"
	"unsafe"
)

// bytes is the payload of block i.
func (c *core) bytes(i uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(c.base, uintptr(i)*c.stride+cellHead)), c.size)
}

// adoptBytes is adopt of the first n bytes of block i, or all.
func (c *core) adoptBytes(i uint32, n int) {
	end := min(cellHead+uintptr(n)+line-4, c.stride)
	for off := uintptr(2*line - 4); off < end; off += line {
		word := (*uint32)(unsafe.Add(c.base, uintptr(i)*c.stride+off))
		*word = atomic.LoadUint32(word) // atomic, or the compiler drops both
	}
}

// asByteSlice is v, which points to a slice of bytes of whatever name.
func asByteSlice[T any](v *T) *[]byte { return (*[]byte)(unsafe.Pointer(v)) }

// asByteString is v, which points to a string of whatever name.
func asByteString[T any](v *T) *string { return (*string)(unsafe.Pointer(v)) }

// bytesOfString is the bytes of *v, which is a string: nobody writes them.
func bytesOfString[T any](v *T) []byte {
	s := *asByteString(v)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// stringOf is b, which nobody writes any more.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// within tells whether a begins in b.
func within(a, b []byte) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(a)))-uintptr(unsafe.Pointer(unsafe.SliceData(b))) < uintptr(len(b))
}

// samePlace tells whether b begins where a does.
func samePlace(a, b []byte) bool { return unsafe.SliceData(a) == unsafe.SliceData(b) }
