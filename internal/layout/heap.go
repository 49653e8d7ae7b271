package layout

import "structs"

const (
	// ArenaMagic opens every arena.
	ArenaMagic uint64 = 0x0A414E455241_4B53 // "SKARENA\n"
	// Unit is the granularity of blocks, in bytes.
	Unit = 128
	// BlockHeaderSize is the size of Block; the payload follows it directly, or
	// at the next multiple of its alignment.
	BlockHeaderSize = 64
	// MinArena is the smallest arena, header included.
	MinArena = 4096
)

// Arena heads a run of blocks that tile it exactly, from ArenaHeaderSize to
// Size. One process owns an arena at a time: it alone splits and joins blocks
// and keeps the index of free ones in private memory. Anybody may free a block.
type Arena struct {
	_ structs.HostLayout

	// Line 0. Magic and Size written by whoever grew the segment, before End
	// passes the arena; the rest by the owner.
	Magic  uint64   // ArenaMagic
	Size   uint64   // bytes, this header included; a multiple of Unit
	Owner  uint32   // owner id, 0 = nobody; taken by compare-and-swap
	Seq    uint32   // odd while the owner rewrites the chain; for checkers
	Virgin uint64   // offset from which on no byte was ever written
	_      [96]byte // zero

	// Line 1. Written by processes that free blocks they do not own the arena of.
	Freed uint64    // number of such frees; tells the owner to look again
	_     [120]byte // zero
}

// ArenaHeaderSize is the size of Arena: the offset of its first block.
const ArenaHeaderSize = 256

// FirstArena is the offset of the first arena: the first page after the
// participant table.
const FirstArena = (ParticipantTable + MaxSlots*ParticipantSize + 4095) &^ 4095

// Block states: the two top bits of Block.Word.
//
//	state   index            meaning
//	Free    0                belongs to the arena's owner
//	Used    object index     payload of that object, if the object agrees
//	Used    BlockPage + k    directory page k, if Header.Pages agrees
//
// Law: a Used block that its object or page does not point back to, and whose
// object is not being created by a live process, is leaked and may be freed by
// the arena's owner.
const (
	BlockFree      uint64 = 1
	BlockUsed      uint64 = 2
	blockStateBits        = 62
	blockIndexBits        = 32

	// BlockPage is the first index that stands for a directory page.
	BlockPage uint32 = 1 << 29
)

// Block heads each block. Splitting writes the new header inside the block
// first and then shortens the block with one store; joining is one store. So at
// every instant the chain of Words tiles the arena.
type Block struct {
	_          structs.HostLayout
	Word       uint64   // units:32 | index:30 | state:2, one atomic word
	Generation uint32   // generation of the object it was made for
	_          [52]byte // zero
}

// BlockWord packs a Block.Word: length in units, owner index, state.
func BlockWord(units, index uint32, state uint64) uint64 {
	return uint64(units) | uint64(index)<<blockIndexBits | state<<blockStateBits
}

// BlockUnits is the length of a block in units, its header included.
func BlockUnits(w uint64) uint32 { return uint32(w) }

// BlockIndex is the object index, or BlockPage plus page number.
func BlockIndex(w uint64) uint32 { return uint32(w>>blockIndexBits) & (1<<30 - 1) }

// BlockState is BlockFree, BlockUsed, or a value that marks corruption.
func BlockState(w uint64) uint64 { return w >> blockStateBits }
