package ring

import (
	"unsafe"

	"shmkit/shm"
)

// wordsOf is the memory of the items of o, which is in whole words.
func wordsOf(o *shm.Object) []uint64 {
	b := shm.Raw(o)
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

// scratch is a T in whole words. The words are private memory.
type scratch[T any] struct{ words []uint64 }

// as is the words as a T, of which there are enough.
func (s *scratch[T]) as() *T { return (*T)(unsafe.Pointer(unsafe.SliceData(s.words))) }
