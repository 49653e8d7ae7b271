//go:build !amd64 && !arm64

package park

// pause waits a little.
func pause(n uint32) {
	for range n {
	}
}
