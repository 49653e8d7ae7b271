//go:build !amd64 || race

package ring

import "sync/atomic"

// release stores v after everything that this thread has loaded and stored before.
func release(addr *uint64, v uint64) { atomic.StoreUint64(addr, v) }

// passes tells that a load after a release may be done before it.
const passes = false
