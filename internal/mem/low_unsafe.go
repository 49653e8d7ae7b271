package mem

import "unsafe"

// Low is the low half of a 64-bit word, as a futex. Segments are little-endian.
func Low(word *uint64) *uint32 { return (*uint32)(unsafe.Pointer(word)) }
