package layout

import "structs"

// The mutex word, a futex of 32 bits: waiters:1 | died:1 | owner:30.
//
//	W D owner           meaning
//	0 0 0               free
//	1 0 0               free, and somebody may sleep: left for one who is hungry, or by a waker that died
//	0 0 o               held by o, nobody sleeps
//	1 0 o               held by o, somebody may sleep: unlock must wake
//	x 1 o               held by o, who was told ErrOwnerDied and has not yet
//	                    called MarkConsistent
//	x 1 MutexOrphan     nobody holds it; the next Lock gets ErrOwnerDied
//	x 1 MutexUnusable   unlocked without MarkConsistent: ErrNotRecoverable for ever
//
// Law: only the owner named in the word, or a process that has proved that
// owner dead, may change the owner bits of a held word. MutexOrphan and
// MutexUnusable have generation 0, which no participant ever has.
const (
	MutexWaiters  uint32 = 1 << 31
	MutexDied     uint32 = 1 << 30
	MutexOrphan   uint32 = MutexDied | 1<<generationBits
	MutexUnusable uint32 = MutexDied | 2<<generationBits
)

// Mutex is the payload of a mutex object, and the first 64 bytes of a Value or
// Array that has a lock.
type Mutex struct {
	_ structs.HostLayout

	Word uint32 // see the table above

	// The rest is written by waiters, never on the fast path.
	SeenOwner uint32   // holder that a waiter last saw, W and D masked off
	SeenNS    int64    // CLOCK_MONOTONIC when a waiter first saw SeenOwner, ns
	Takeovers uint64   // times the lock was taken over from a dead holder
	Hungry    uint32   // number of a call of Lock that has waited long, 0 = none; a hint
	_         [36]byte // zero
}
