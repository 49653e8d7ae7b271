package heap

import (
	"fmt"
	"math"

	"shmkit/internal/layout"
)

const maxAlign = 4096

// request is the size and alignment of a payload.
type request struct{ size, align uint64 }

func newRequest(size, align uint64) (request, error) {
	if align == 0 || align&(align-1) != 0 || align > maxAlign {
		panic(fmt.Sprintf("heap: alignment %d is not a power of two up to %d", align, maxAlign))
	}
	if size > maxArena-layout.ArenaHeaderSize-2*maxAlign {
		return request{}, fmt.Errorf("%w: %d bytes are more than an arena can have", ErrNoSpace, size)
	}
	// A payload of 0 bytes gets 1, so that its offset lies inside its block.
	return request{max(size, 1), align}, nil
}

// data is where the payload of a block at b starts: after the header, or at the
// next multiple of the alignment if that is stricter than the header's.
func (r request) data(b uint64) uint64 {
	return (b + layout.BlockHeaderSize + r.align - 1) &^ (max(r.align, layout.BlockHeaderSize) - 1)
}

// units is the length of a block at b.
func (r request) units(b uint64) uint32 { return inUnits(r.data(b) - b + r.size) }

// least and most bound units over every b.
func (r request) least() uint32 { return r.units(layout.Unit * (2*maxAlign/layout.Unit - 1)) }

func (r request) most() uint32 { return r.units(0) }

// arena is the size of an arena that surely has room.
func (r request) arena() uint64 {
	return max(layout.MinArena, layout.ArenaHeaderSize+uint64(r.most())*layout.Unit)
}

func inUnits(n uint64) uint32 { return uint32(min((n+layout.Unit-1)/layout.Unit, math.MaxUint32)) }
