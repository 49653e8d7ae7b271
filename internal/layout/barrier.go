package layout

import "structs"

// The barrier word, 64 bits: generation:32 | waiters:1 | state:2 | epoch:13 | arrived:16.
// The generation is its upper half, and what those who wait sleep on.
//
//	generation W state     epoch arrived   meaning
//	g          x Filling   e     a < n     a of n parties have come
//	g          x Acting    e     n         all have come; the last one runs the action
//	g+1        0 Broken    e     0         generation g was broken; all who come are told so
//
// Laws: a generation ends, passed or broken, by one change of the word, which raises
// it; those who wait are told by that. The epoch is raised when a broken barrier is
// made usable again, and Barrier.Ends then has the last generation of the old epoch.
const (
	BarrierWaiters uint64 = 1 << 31 // somebody may sleep: who ends the generation must wake all

	BarrierFilling   uint64 = 0
	BarrierActing    uint64 = 1 << barrierStateShift
	BarrierBroken    uint64 = 2 << barrierStateShift
	BarrierStateMask uint64 = 3 << barrierStateShift

	// MaxParties is how many parties a barrier can have.
	MaxParties = 1<<barrierArrivedBits - 1
	// BarrierFutex is where in the payload the generation is, which is a futex: the
	// upper half of a little-endian word.
	BarrierFutex = 4
	// BarrierEnds is how many epochs a barrier remembers.
	BarrierEnds = 32

	barrierArrivedBits     = 16
	barrierEpochBits       = 13
	barrierStateShift      = barrierArrivedBits + barrierEpochBits
	barrierGenerationShift = 32
)

// Barrier is the head of a barrier object. The items are one owner id for each slot:
// that of the process in it if it takes part, 0 if not. Each process writes its own,
// the sweep takes that of the dead away, which breaks the barrier.
type Barrier struct {
	_ structs.HostLayout

	Word      uint64    // see the table above
	Parties   uint32    // how many must come, 1 … MaxParties; written by the creator
	Joins     uint32    // futex: raised by whoever takes part now, so that sleepers look who lives
	TimeoutNS int64     // how long a call waits at most, 0 = for ever; written by the creator
	_         [104]byte // zero

	// Entry e mod BarrierEnds: epoch e in the upper half, in the lower the generation
	// after the one that was broken. Written by whoever ends the epoch, by
	// compare-and-swap, before it does.
	Ends [BarrierEnds]uint64
}

// BarrierWord packs a barrier word without BarrierWaiters.
func BarrierWord(generation uint32, state uint64, epoch, arrived uint32) uint64 {
	return uint64(generation)<<barrierGenerationShift | state | uint64(epoch%(1<<barrierEpochBits))<<barrierArrivedBits |
		uint64(arrived)
}

// BarrierGeneration is the generation in a barrier word.
func BarrierGeneration(w uint64) uint32 { return uint32(w >> barrierGenerationShift) }

// BarrierEpoch is the epoch in a barrier word.
func BarrierEpoch(w uint64) uint32 { return uint32(w>>barrierArrivedBits) % (1 << barrierEpochBits) }

// BarrierArrived is how many parties have come, in a barrier word.
func BarrierArrived(w uint64) uint32 { return uint32(w) % (1 << barrierArrivedBits) }

// BarrierEnd packs an entry of Barrier.Ends.
func BarrierEnd(epoch, generation uint32) uint64 { return uint64(epoch)<<32 | uint64(generation) }
