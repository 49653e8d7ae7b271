package codec

import (
	"bytes"
	"slices"
	"sync"
)

// Buffer is memory for an encoded value, for one call at a time.
type Buffer struct{ bytes.Buffer }

// Hoard is how much memory a Buffer may keep between calls, in bytes, and LongHoard how much
// one that is kept until the garbage was collected twice.
const (
	Hoard     = 64 << 10
	LongHoard = 16 << 20
)

var (
	buffers  = sync.Pool{New: func() any { return new(Buffer) }}
	longOnes sync.Pool
)

// NewBuffer is an empty Buffer, which goes back by Free.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// Free ends the use of b, and of its bytes.
func (b *Buffer) Free() {
	b.Reset()
	switch n := b.Cap(); {
	case n <= Hoard:
		buffers.Put(b)
	case n <= LongHoard:
		longOnes.Put(b)
	}
}

// reserve makes room for n bytes more, in the memory of a long one if that is at hand.
func (b *Buffer) reserve(n int) {
	if b.Available() < n && b.Len()+n > Hoard {
		if long, ok := longOnes.Get().(*Buffer); ok {
			long.Write(b.Bytes())
			*b, *long = *long, *b
			long.Free()
		}
	}
	b.Grow(n)
}

// Room is n bytes of b.
func (b *Buffer) Room(n int) []byte {
	return slices.Grow(b.AvailableBuffer(), n)[:n]
}
