package layout

import "structs"

// The semaphore word, a futex of 32 bits: waiters:1 | many:1 | count:30.
//
//	W M count           meaning
//	0 0 n               n permits are free, nobody is known to sleep
//	1 0 0               none is free, and somebody may sleep for one
//	1 0 n > 0           n are free, and somebody may still sleep: who was woken has
//	                    taken one, and wakes the next
//	1 1 n               as before, and some sleeper wants more than one
//	0 1 n               nobody writes that
//
// Law: count is at most Semaphore.Bound. W and M are set by those who sleep, and
// cleared together by whoever wakes them: one for each permit, or all of them if M
// was set, because the one who is woken may not find enough for it.
const (
	SemaphoreWaiters uint32 = 1 << 31
	SemaphoreMany    uint32 = 1 << 30
	SemaphoreMost    uint32 = 1<<30 - 1 // the largest count
)

// Semaphore is the payload of a semaphore object.
type Semaphore struct {
	_ structs.HostLayout

	Word  uint32   // see the table above; by compare-and-swap
	Bound uint32   // the largest count that there may be; written by the creator
	_     [56]byte // zero
}
