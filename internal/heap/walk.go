package heap

import (
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// walkTries is how often Walk looks at an arena that its owner changes meanwhile.
const walkTries = 64

// Extent is one block, as Walk saw it. A plain value.
type Extent struct {
	Arena      uint64 // offset of its arena
	Owner      uint32 // owner id of the arena, 0 = nobody
	Off        uint64 // offset of the block header
	Bytes      uint64 // length, header included
	Free       bool
	Index      uint32 // object index, or BlockPage plus page number; 0 if free
	Generation uint32 // of the object; 0 if free
}

// Walk calls fn for every block, in order of offset, until fn returns an error,
// which it passes on. It changes nothing, and any process may call it at any time,
// attached or not. An arena that is in use is read as it was at some moment or
// another; fn runs after all of the arena was read. Errors: ErrCorrupt, ErrBusy.
func Walk(m *mem.Memory, end uint64, fn func(Extent) error) error {
	for a, err := range arenas(m, end) {
		if err != nil {
			return err
		}
		blocks, err := a.survey()
		if err != nil {
			return err
		}
		for _, x := range blocks {
			if err := fn(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// survey reads the chain. A living owner may join two blocks, and their object may
// write over the boundary, just when the reader arrives at it; then Seq is odd or
// has moved and the reader starts again. A dead or stopped owner may have left Seq
// odd for ever, but then the chain is good.
func (a *arena) survey() ([]Extent, error) {
	began := atomic.LoadUint32(&a.head.Seq)
	var seq uint32
	var err error
	for range walkTries {
		seq = atomic.LoadUint32(&a.head.Seq)
		var blocks []Extent
		if blocks, err = a.look(); err == nil {
			return blocks, nil
		}
		if seq%2 == 0 && atomic.LoadUint32(&a.head.Seq) == seq {
			return nil, err
		}
		runtime.Gosched()
	}
	if seq != began {
		return nil, ErrBusy
	}
	return nil, err
}

// look reads the chain once.
func (a *arena) look() (blocks []Extent, err error) {
	owner, written := atomic.LoadUint32(&a.head.Owner), a.first()
	for b := a.first(); b < a.end; {
		word, units, err := a.load(b)
		if err != nil {
			return nil, err
		}
		x := Extent{Arena: a.off, Owner: owner, Off: b, Bytes: uint64(units) * layout.Unit}
		written = b + layout.BlockHeaderSize
		if x.Free = layout.BlockState(word) == layout.BlockFree; !x.Free {
			x.Index, x.Generation = layout.BlockIndex(word), atomic.LoadUint32(&a.at(b).Generation)
			written = b + x.Bytes
		}
		blocks = append(blocks, x)
		b += x.Bytes
	}
	// Read last: the owner raises it before it writes.
	if virgin := atomic.LoadUint64(&a.head.Virgin); virgin < written || virgin > a.end {
		return nil, corrupt("Arena.Virgin", a.off, virgin)
	}
	return blocks, nil
}
