//go:build amd64 || arm64

package park

// pause tells the core n times that it runs a waiting loop: PAUSE or YIELD.
//
//go:noescape
func pause(n uint32)
