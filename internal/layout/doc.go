// Package layout is the one source of truth for every byte that processes
// share.
//
// The model: a segment is one file. It starts with [Header], then come
// [MaxSlots] [Participant] records, then arenas until Header.End. An [Arena] is
// a chain of blocks; a block carries a page of [Object] records (the directory)
// or the payload of one object. All positions are byte offsets from the start
// of the segment and 0 means "none", because nothing but the header can live
// at 0.
//
// Guarantees: every struct here starts with structs.HostLayout, holds only
// fixed-width integers and arrays of them, spells out its padding, and groups
// its fields by writer on lines of [Line] bytes. Offsets and widths are pinned
// at compile time (asserts.go), again in C (include/shmkit_layout.h is
// generated from these structs), and summed up in [Fingerprint], which every
// segment carries. Integers are little-endian and the format is 64-bit only.
//
// The package does not touch memory: it has no pointers, makes no system call
// and imports nothing of this module.
//
//	off := layout.ParticipantOff(3)        // where slot 3 lives
//	owner := layout.Owner(3, 17)           // slot 3, generation 17
//	word := layout.MutexWaiters | owner    // a mutex that 3 holds and others want
package layout
