package layout

import "structs"

// RecursiveMutex follows the Mutex of a recursive mutex object, at RecursiveOff.
// Only who holds the Mutex writes it, and the sweep of the one whom Token names:
//
//	Mutex names   Token    Depth   meaning
//	nobody        0        any     free, or unusable
//	o             0        any     o has just taken it, or is about to give it back
//	o             o, h     1…      held by h of o, so many times
//	o             p, h     any     o has just taken it over from p, who is dead
//	orphan        0        any     the sweep takes the token away first
//
// Law: a token that names a living process is that of the holder.
type RecursiveMutex struct {
	_ structs.HostLayout

	Token uint64   // owner id of the process in bits 34..63, its holder below; 0 = none
	Depth uint32   // how often the holder has locked
	_     [52]byte // zero
}

// RecursiveOff is the payload offset of the RecursiveMutex.
const RecursiveOff = 64

const holderBits = 34

// RecursiveToken packs an owner id and the number of a holder in that process.
func RecursiveToken(owner uint32, holder uint64) uint64 {
	return uint64(owner&OwnerMask)<<holderBits | holder&(1<<holderBits-1)
}

// TokenOwner is the owner id in a token.
func TokenOwner(token uint64) uint32 { return uint32(token >> holderBits) }

// TokenHolder is the number of the holder in a token.
func TokenHolder(token uint64) uint64 { return token & (1<<holderBits - 1) }
