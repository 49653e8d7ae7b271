package park_test

import "unsafe"

// wordIn is the first word of a page.
func wordIn(page []byte) *uint32 { return (*uint32)(unsafe.Pointer(unsafe.SliceData(page))) }
