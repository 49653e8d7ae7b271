package sync

import "sync/atomic"

// Holder is who holds a [RecursiveMutex] in this process: a request, a goroutine, a
// call that calls others. Goroutines have no name, so each call says for whom it
// speaks.
//
// Use [NewHolder]; the zero value is nobody. A Holder may be copied and kept, for any
// number of locks, and handed from one goroutine to another; two must not lock or
// unlock with the same one at the same time. It means nothing in another process, and
// dies with its own.
type Holder struct{ n uint64 }

var holders atomic.Uint64

// NewHolder is a Holder that no other in this process equals, until 17,179,869,183
// more were made.
func NewHolder() Holder { return Holder{holders.Add(1)} }

// Number is what tells h from the other holders of this process, where a Holder cannot go,
// such as the server of a manager. It is 0 if h is nobody, and means nothing in another
// process.
func (h Holder) Number() uint64 { return h.n }
