// Package heap divides the arenas of a segment into blocks.
//
// The model: arenas lie end to end; each is tiled by blocks, and the first word
// of a block says how long it is and which object it belongs to. One process owns
// an arena at a time. It alone splits and joins blocks, and it keeps an index of
// the free ones in private memory: a tree by length, for best fit. Anybody may
// free a block. Who dies leaves arenas to be adopted.
//
// Guarantees: every change of the chain of blocks is one store, so a process may
// be killed between any two instructions and the chain is whole. Memory is handed
// out zeroed. A block that was allocated for an object that never came to be is
// found and reclaimed. Damage gives [ErrCorrupt] with the field; it never leads
// outside the arena.
//
// What it does not do: it does not know what objects are; [Host] tells it whether
// one confirms a block. It does not shrink a segment.
//
// The words of a block, and who may change them (U = used, F = free):
//
//	F → U   the arena's owner, one store, after the remainder has its header
//	U → F   anybody, compare-and-swap, so that of two freers one wins
//	F + F   the owner, one store to the first word
//
// As only the owner takes blocks out of F, its index of free blocks can lack some
// (freed by others) but never lists one that is used.
//
//	h := heap.New(host)
//	block, data, err := h.Alloc(1000, 64, index, generation)
//	err = h.Free(block, index, generation)
package heap
