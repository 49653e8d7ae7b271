package codec

import (
	"bytes"
	"slices"
	"sync"
)

// Buffer is memory for an encoded value, for one call at a time.
type Buffer struct{ bytes.Buffer }

// Hoard is how much memory a Buffer may keep between calls, in bytes.
const Hoard = 64 << 10

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// NewBuffer is an empty Buffer, which goes back by Free.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// Free ends the use of b, and of its bytes.
func (b *Buffer) Free() {
	if b.Cap() <= Hoard {
		b.Reset()
		buffers.Put(b)
	}
}

// Room is n bytes of b.
func (b *Buffer) Room(n int) []byte {
	return slices.Grow(b.AvailableBuffer(), n)[:n]
}
