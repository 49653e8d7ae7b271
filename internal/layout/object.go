package layout

import "structs"

// Bounds of the object table.
const (
	// ObjectSize is the size of one Object record.
	ObjectSize = 512
	// FirstPageObjects is the number of records of directory page 0; page k > 0
	// holds FirstPageObjects << (k-1), so that k pages hold
	// FirstPageObjects << (k-1) in all.
	FirstPageObjects = 64
	// MaxObjects is the number of records of a full table.
	MaxObjects = FirstPageObjects << (MaxPages - 1)
	// MaxName is the longest name of an object, in bytes.
	MaxName = 128
	// MaxSignature is the longest type signature that is kept in full.
	MaxSignature = 128
)

// Object states: bits 0..2 of Object.State.
//
//	state      slot     named   meaning
//	Free       0        0       nobody's; any participant may claim it
//	Creating   creator  0       being built; freed by the sweep if the creator dies
//	Ready      0        0/1     usable; if named it stays, else it goes with its last holder
//	Removing   remover  0       its name is being unlinked; the sweep finishes that
//	Dying      freer    0       the freer looks for holders once more; who has set its bit, or
//	                            the sweep, may make it Ready again
//	Freeing    freer    0       nobody can use it any more; the sweep finishes that
//
// Law: at every instant the word alone says who must act next.
const (
	ObjectFree     uint64 = 0
	ObjectCreating uint64 = 1
	ObjectReady    uint64 = 2
	ObjectRemoving uint64 = 3
	ObjectDying    uint64 = 4
	ObjectFreeing  uint64 = 5

	ObjectStateMask uint64 = 7
	ObjectNamed     uint64 = 1 << 3 // reachable by name
	objectSlotShift        = 4      // bits 4..13: slot of the process that must act next
	objectGenShift         = 32     // bits 32..63: generation, raised at each claim
)

// Object kinds (Object.Kind).
const (
	ObjectMutex uint16 = 1
	ObjectValue uint16 = 2
	ObjectArray uint16 = 3
	ObjectBytes uint16 = 4

	ObjectRWMutex        uint16 = 5
	ObjectRecursiveMutex uint16 = 6
	ObjectSemaphore      uint16 = 7
	ObjectPermits        uint16 = 8
	ObjectCond           uint16 = 9
	ObjectEvent          uint16 = 10
	ObjectBarrier        uint16 = 11
	ObjectOnce           uint16 = 12
	ObjectWaitGroup      uint16 = 13

	ObjectQueue     uint16 = 14
	ObjectSPSC      uint16 = 15
	ObjectRecords   uint16 = 16
	ObjectBroadcast uint16 = 17
	ObjectPair      uint16 = 18
	ObjectJoinable  uint16 = 19
)

// TypeMessage is the type code (Object.TypeCode) of messages that are not plain memory:
// ItemSize is the size of a block.
const TypeMessage uint8 = 'M'

// Owner cell formats (Object.OwnerFormat): what a sweep must look for inside
// the payload when a participant died.
const (
	OwnerNone    uint32 = 0
	OwnerMutex32 uint32 = 1 // OwnerCount mutex words, OwnerStride bytes apart, from Data+OwnerOff

	// The others are those of one kind each. OwnerCount and OwnerStride are number and
	// size of the items.
	OwnerReaders uint32 = 2 // RWMutex: a mutex word, and what each slot reads
	OwnerPermits uint32 = 3 // Permits: an owner id for each permit
	OwnerWaiters uint32 = 4 // Cond: who waits
	OwnerParties uint32 = 5 // Barrier: which slots take part
	OwnerWork    uint32 = 6 // WaitGroup: what each slot has begun
	OwnerBlocks  uint32 = 7 // Queue, Joinable: who has which block
	OwnerRoles   uint32 = 8 // SPSC, Records, Broadcast, Pair: who has which end
)

// Object is one record of the object table: the directory entry of a named
// object, and the anchor of an anonymous one. Records never move and are never
// anything else, so a stale handle can look at one safely.
type Object struct {
	_ structs.HostLayout

	// Line 0. Written by the creator while Creating; State by compare-and-swap.
	State       uint64   // state, named, slot, generation
	NameHash    uint64   // FNV-1a of the name, 0 if anonymous
	Next        uint32   // next object of the name chain, 0 = end; written under LockAdmin
	Kind        uint16   // ObjectMutex, ObjectValue, …
	NameLen     uint16   // bytes of Name in use
	TypeHash    uint64   // FNV-1a of the full type signature
	Block       uint64   // offset of the block header, 0 = none
	Data        uint64   // offset of the payload
	Size        uint64   // bytes of payload
	Count       uint64   // number of items
	ItemSize    uint32   // bytes of an item
	Align       uint32   // alignment of an item
	TypeCode    uint8    // 'b' 'B' 'h' 'H' 'i' 'I' 'q' 'Q' 'f' 'd' '?' 'c', 'T' for a struct, 'M' for messages
	_           [1]byte  // zero
	SigLen      uint16   // bytes of Signature in use
	OwnerFormat uint32   // what a sweep looks for
	OwnerOff    uint32   // payload offset of the first owner cell
	OwnerCount  uint32   // number of owner cells
	OwnerStride uint32   // bytes between them
	CreatorPID  uint32   // for tools
	CreatedNS   int64    // wall clock at creation, ns since 1970
	ItemsOff    uint64   // payload offset of the first item
	_           [16]byte // zero

	// Line 1 and 2. Written by the creator while Creating.
	Name      [MaxName]byte      // not terminated, zero-padded
	Signature [MaxSignature]byte // type signature, see docs/format.md

	// Line 3. Bit s of word s/64 is set while the process in slot s uses the
	// object. Each process sets and clears its own bit, the sweep the bits of
	// the dead.
	Holders [MaxSlots / 64]uint64
}

// ObjectState packs an Object.State word.
func ObjectState(state uint64, slot, generation uint32) uint64 {
	return state | uint64(slot)<<objectSlotShift | uint64(generation)<<objectGenShift
}

// ObjectSlot is the slot in an Object.State word.
func ObjectSlot(w uint64) uint32 { return uint32(w>>objectSlotShift) & (MaxSlots - 1) }

// ObjectGeneration is the generation in an Object.State word.
func ObjectGeneration(w uint64) uint32 { return uint32(w >> objectGenShift) }

// PageObjects is the number of records of directory page k.
func PageObjects(k int) uint32 {
	if k == 0 {
		return FirstPageObjects
	}
	return FirstPageObjects << (k - 1)
}

// PageOf tells the page and the position in it of object index i.
func PageOf(i uint32) (page int, pos uint32) {
	first := uint32(0)
	for k := range MaxPages {
		n := PageObjects(k)
		if i < first+n {
			return k, i - first
		}
		first += n
	}
	return MaxPages, 0
}
