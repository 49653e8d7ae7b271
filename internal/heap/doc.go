// Package heap hands out blocks of a segment.
//
// The model: a segment is tiled by arenas and an arena is tiled by blocks. One
// process owns an arena at a time: it alone turns free blocks into used ones,
// splits and joins them, and it keeps the index of free ones in private memory.
// Anybody may free a block. The word of a used block names the object that it
// belongs to, so a block is never in nobody's hands: a [Host] tells whether that
// object agrees. Any process may be killed at any store; what it leaves is a
// chain that still tiles the arena, and at worst a used block that no object
// confirms, which the next owner of the arena frees, or the same owner before it
// grows the segment.
//
// Guarantees: blocks do not overlap and are zeroed, also recycled ones. A free
// block is joined with its free neighbours. Shared words are input: each is read
// once and checked, and a damaged arena gives [ErrCorrupt] with the name of the
// field, never a panic, an endless loop or an access outside the arena. Free may
// be called at any time from any goroutine, cleanups of the runtime among them,
// and never deadlocks.
//
// What it does not do: it does not map or grow files, does not know what an object
// is, and never gives memory back to the file. A process that owns an arena keeps
// it until it closes its heap or dies.
//
//	h := heap.New(host)
//	block, data, err := h.Alloc(1<<20, 64, index, generation)
//	if err != nil {
//		return err
//	}
//	record.Data, record.Block = data, block // now the object confirms the block
//	…
//	err = h.Free(block, index, generation)
//
// Lock order: Heap.growMu, then Heap.mu and what Host.Confirm takes, or what
// Host.Grow takes.
package heap
