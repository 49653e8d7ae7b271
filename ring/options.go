package ring

import (
	"fmt"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// Option says how a [Queue], or a [Joinable], is made, or opened. It is plain data of one process, which dies
// with it.
type Option func(*options)

type options struct {
	codec Codec
	block int
	given bool // block
	lossy bool // whoever made the queue has decided that fields may be lost
}

// WithCodec makes c the codec of the queue, also if its messages are plain memory, bytes or
// text. Whoever opens the queue names the same codec. WithCodec([CBOR]) says that fields that
// are not exported may be lost.
func WithCodec(c Codec) Option { return func(o *options) { o.codec = c } }

// BlockSize is how many bytes a block of the queue has, of which it has as many as its
// capacity, and some for messages in flight. A message that is longer takes several blocks,
// and no more than the capacity. Without it a block has 480 bytes, or more if it takes that
// for the longest message to have 16 KiB. Opening does not need it. It is an error for plain
// memory, whose blocks are of its size.
func BlockSize(n int) Option { return func(o *options) { o.block, o.given = n, true } }

const (
	usualBlock   = 480
	usualLongest = 16 << 10
	largestBlock = 1 << 30
)

// specOf is what a Queue of T of that capacity is, or a Joinable, and how its messages
// travel. With a capacity of 0 it matches any of T.
func specOf[T any](kind uint16, capacity int, list []Option) (shm.Spec, *coding, error) {
	var o options
	for _, set := range list {
		set(&o)
	}
	spec := shm.Spec{Kind: kind}
	if capacity > 0 {
		spec.Count = uint64(capacity + inFlight)
	}
	how, err := codingOf[T](o.codec, o.lossy)
	switch {
	case err != nil:
	case how == nil && o.given:
		err = fmt.Errorf("%w: those of plain memory have its size", ErrBlockSize)
	case how == nil:
		spec.Type, err = shm.TypeOf[T]()
	case o.given && (o.block < 1 || o.block > largestBlock):
		err = fmt.Errorf("%w: %d, it may be 1 to %d", ErrBlockSize, o.block, largestBlock)
	case capacity == 0:
		spec.Type = how.typeOf(0)
	default:
		if !o.given {
			o.block = max(usualBlock, (usualLongest+capacity-1)/capacity)
		}
		spec.Type = how.typeOf(uint32(o.block))
	}
	return spec, how, err
}

// checkCapacity gives ErrCapacity.
func checkCapacity(capacity int) error {
	if most := layout.MaxBlocks - inFlight; capacity < 1 || capacity > most {
		return fmt.Errorf("%w: %d, it must be 1 to %d", ErrCapacity, capacity, most)
	}
	return nil
}
