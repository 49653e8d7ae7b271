//go:build !race

package ring

// release stores v after everything that this thread has loaded and stored before. The
// processor keeps that order by itself, and the compiler does not move stores over
// others; atomic.StoreUint64 would be a locked exchange, which also orders what comes
// after. It must not be used where a load that follows decides whether to sleep or to
// wake, unless whoever sleeps has made a barrier in every process: see fence.
func release(addr *uint64, v uint64) { *addr = v }

// passes tells that a load after a release may be done before it.
const passes = true
