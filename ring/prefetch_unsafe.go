//go:build amd64 || arm64

package ring

import "unsafe"

// fetchLines asks the processor for the lines of n bytes from p on, to write them. It does
// not wait for them. n is not 0.
//
//go:noescape
func fetchLines(p unsafe.Pointer, n uintptr)
