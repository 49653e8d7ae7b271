package heap

import "shmkit/internal/mem"

// Host is what a heap needs from its segment. Its methods must not call the heap;
// all but Grow are called with the heap's lock held, and must wait for nobody. It is
// used by one process; all methods may be called concurrently.
type Host interface {
	// Memory is the segment.
	Memory() *mem.Memory
	// End is Header.End: the offset after the last arena. It only grows.
	End() uint64
	// Self is the owner id of this process.
	Self() uint32
	// Dead is the proof that no thread of owner can store into the segment any
	// more. A false proof destroys data.
	Dead(owner uint32) bool
	// Confirm tells whether a used block belongs to the object, or directory page,
	// that it names, or may still come to belong to it because that is being made
	// by a process that was not swept yet. Blocks that it denies are freed.
	Confirm(block uint64, index, generation uint32) bool
	// Grow adds an arena of at least min bytes, header included, to the segment,
	// with FormatArena and Self as its owner, and publishes the new End. If the
	// process dies before that, nothing has happened.
	Grow(min uint64) (arena uint64, err error)
}
