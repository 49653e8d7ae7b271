package heap

import (
	"sync/atomic"

	"shmkit/internal/layout"
)

// Who may change a block, and how. Every change of the chain is one
// compare-and-swap on one Word, so the chain tiles the arena at every instant.
//
//	change                          by                  how
//	Free(n)         → Used(n, i)    owner               CAS, the payload zeroed before
//	Free(n)         → Used(k) Free  owner               the header of the rest is written inside
//	                                                    the free block, then one CAS as above
//	Free(n) Free(m) → Free(n+m)     owner               CAS on the first
//	Used(n, i)      → Free(n)       whoever frees i,    CAS
//	                                the owner if i
//	                                denies the block
//
// No other change exists. Pairs that may meet:
//
//	alloc, split | free elsewhere   one starts from Free, the other from Used: never on one word
//	join         | free elsewhere   the owner joins what it has read as Free, and from Free only it
//	                                leads on; what is freed a moment later is found by the next scan
//	reclaim      | free elsewhere   both CAS Used→Free: one succeeds, the outcome is the same
//	free         | free             one succeeds, the other gets ErrNotUsed; the generation tells the
//	                                block from a later one of the same index. Between the check of the
//	                                generation and the CAS the block cannot come back to (i, generation),
//	                                because the record of i stays with the one who frees it
//	owner        | next owner       never together: Owner changes by CAS, from a living owner only when
//	                                it is done (Close), else after the proof of its death
//	any of these | Walk             Walk reads a boundary that a join removes: Seq is odd or has moved
//
// The order inside one allocation, and what a kill before each step leaves:
//
//	1 Virgin raised         nothing: bytes below Virgin count as written
//	2 payload zeroed        a free block with zeros in it
//	3 rest's header         a free block with a header in it
//	4 Generation            the same; a free block's generation means nothing
//	5 Word by CAS           the same
//	6 Alloc returns         a used block that its object does not confirm: leaked, reclaimed
//
// A free from elsewhere is a CAS and then Freed+1: a kill between them loses the
// notice, not the block; the scan before growth finds it.

// ownArena is an arena that this process owns, with copies of what only the owner
// writes. Guarded by Heap.mu.
type ownArena struct {
	*arena
	virgin uint64 // Arena.Virgin
	freed  uint64 // Arena.Freed when the arena was last scanned
}

// own makes the private side of an arena that the caller has just become the
// owner of.
func own(a *arena) (*ownArena, error) {
	virgin := atomic.LoadUint64(&a.head.Virgin)
	if virgin < a.first()+layout.BlockHeaderSize || virgin > a.end {
		return nil, corrupt("Arena.Virgin", a.off, virgin)
	}
	return &ownArena{arena: a, virgin: virgin}, nil
}

// raise moves Virgin up to to. It comes before the first write below to.
func (a *ownArena) raise(to uint64) {
	if to > a.virgin {
		hit("heap.virgin")
		atomic.StoreUint64(&a.head.Virgin, to)
		a.virgin = to
	}
}

// rewrite runs change, which replaces one word, with Seq odd meanwhile. A Seq that
// is odd already was left by an owner that died inside.
func (a *ownArena) rewrite(change func() error) error {
	seq := atomic.LoadUint32(&a.head.Seq) | 1
	hit("heap.seq.odd")
	atomic.StoreUint32(&a.head.Seq, seq)
	err := change()
	hit("heap.seq.even")
	atomic.StoreUint32(&a.head.Seq, seq+1)
	return err
}

// take makes the first units of the free extent x the block of an object.
func (a *ownArena) take(x extent, units, index, generation uint32) error {
	free := freeWord(x.units)
	block := a.at(x.off)
	if word := atomic.LoadUint64(&block.Word); word != free {
		return corrupt("Block.Word", x.off, word)
	}
	end, fresh := x.off+uint64(units)*layout.Unit, a.virgin
	return a.rewrite(func() error {
		a.raise(end)
		hit("heap.take.zero")
		a.zeroPayload(x.off, min(end, fresh))
		if rest := x.units - units; rest > 0 {
			a.raise(end + layout.BlockHeaderSize)
			a.writeRest(end, rest)
		}
		hit("heap.take.generation")
		atomic.StoreUint32(&block.Generation, generation)
		hit("heap.take.used")
		// This passes the block to the object. sync: block used
		return a.swap(x.off, free, layout.BlockWord(units, index, layout.BlockUsed))
	})
}

// zeroPayload clears what follows the header at b, up to to, which need not be
// the end of a unit: the bytes after it were never written.
func (a *ownArena) zeroPayload(b, to uint64) {
	from := (b - a.off) / layout.Unit
	a.units[from].rest = [layout.Unit - layout.BlockHeaderSize]byte{}
	if next := from + 1; to > a.off+next*layout.Unit {
		clear(a.units[next : (to-a.off+layout.Unit-1)/layout.Unit])
	}
}

// writeRest writes the header of a free block at b, which lies inside another
// free block.
func (a *ownArena) writeRest(b uint64, units uint32) {
	hit("heap.rest.clear")
	i := (b - a.off) / layout.Unit
	clear(a.units[i : i+1])
	hit("heap.rest.word")
	atomic.StoreUint64(&a.at(b).Word, freeWord(units))
}

// join makes the units from b on, all of which are free blocks that only we may
// change, one free block. first is the length of the block at b.
func (a *ownArena) join(b uint64, first, units uint32) error {
	return a.rewrite(func() error {
		hit("heap.join")
		return a.swap(b, freeWord(first), freeWord(units))
	})
}

// swap changes a word that nobody else may change meanwhile.
func (a *ownArena) swap(b, old, word uint64) error {
	if atomic.CompareAndSwapUint64(&a.at(b).Word, old, word) {
		return nil
	}
	return corrupt("Block.Word", b, atomic.LoadUint64(&a.at(b).Word))
}
