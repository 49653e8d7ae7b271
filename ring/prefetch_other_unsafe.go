//go:build !amd64 && !arm64

package ring

import "unsafe"

// fetchLines asks the processor for the lines of n bytes from p on, where that is possible.
func fetchLines(p unsafe.Pointer, n uintptr) {}
