package layout

import "structs"

// Participant bounds and bit fields of an owner id.
const (
	// MaxSlots is the number of processes that may be attached at once.
	MaxSlots = 1024

	// ParticipantSize is the size of Participant.
	ParticipantSize = 256

	// ParticipantTable is the offset of slot 0; the table follows Header directly.
	ParticipantTable = 4608

	slotBits       = 10
	generationBits = 20

	// OwnerMask covers an owner id: slot in bits 20..29, generation in 0..19.
	OwnerMask      uint32 = 1<<(slotBits+generationBits) - 1
	GenerationMask uint32 = 1<<generationBits - 1
)

// Participant states (Participant.State). The state is advisory, for choosing a
// slot and for tools: who owns a slot is told by the lock on its byte alone.
const (
	SlotFree     uint32 = 0 // swept; may be moved into
	SlotAttached uint32 = 1 // in use, or its process died and nobody swept yet
)

// Bits of a death word (Participant.Death), as the kernel defines them for
// robust futexes. While the process lives the word is its keeper's thread id
// with DeathWaiters; when the keeper dies the kernel writes DeathDied, erases
// the thread id and wakes one sleeper.
//
// Who holds the byte of a dead process's slot, and so has the proof, adds
// DeathProved: others can not ask the kernel meanwhile. No thread id has that bit.
const (
	DeathWaiters uint32 = 1 << 31
	DeathDied    uint32 = 1 << 30
	DeathProved  uint32 = 1 << 29
)

// Languages of a participant (Participant.Language).
const (
	LanguageGo uint32 = 1
	LanguageC  uint32 = 2
)

// Participant is one slot: a process that is attached to the segment. Its
// writer is whoever holds the lock on byte LockSlots+slot: the process itself,
// or the one that sweeps up after it.
type Participant struct {
	_ structs.HostLayout

	// Line 0. Identity.
	State      uint32   // SlotFree or SlotAttached
	Generation uint32   // 1..GenerationMask, raised at each reuse of the slot; 0 = never used
	Death      uint32   // death word, a futex
	PID        uint32   // process id, as seen in its own PID namespace
	RobustNext uint64   // list node for the kernel: an address in the owner's memory, not an offset
	PIDNS      uint64   // inode of the owner's PID namespace
	AttachedNS int64    // wall clock at attach, ns since 1970
	Language   uint32   // LanguageGo or LanguageC
	_          [4]byte  // zero
	Name       [32]byte // command name, zero-padded
	_          [48]byte // zero

	// Line 1. Counters; written by the owner alone, read by tools.
	Sleeps     uint64   // times a call of this process slept on a word of the segment
	Wakes      uint64   // wake system calls made
	Recoveries uint64   // locks taken over from a dead holder
	Sweeps     uint64   // dead slots cleaned up
	_          [96]byte // zero
}

// ParticipantOff is the offset of the Participant in slot.
func ParticipantOff(slot uint32) uint64 {
	return ParticipantTable + uint64(slot)*ParticipantSize
}

// Owner packs slot and generation into an owner id. It is never 0 because a
// generation in use is never 0.
func Owner(slot, generation uint32) uint32 {
	return slot<<generationBits | generation&GenerationMask
}

// OwnerSlot is the slot of an owner id.
func OwnerSlot(owner uint32) uint32 { return owner & OwnerMask >> generationBits }

// OwnerGeneration is the generation of an owner id.
func OwnerGeneration(owner uint32) uint32 { return owner & GenerationMask }

// NextGeneration is the generation after g. It skips 0 and wraps after
// 1,048,575 reuses of one slot; a stale owner word would have to survive that
// many sweeps to be mistaken for a live one.
func NextGeneration(g uint32) uint32 {
	if g = (g + 1) & GenerationMask; g == 0 {
		return 1
	}
	return g
}
