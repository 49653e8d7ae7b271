package pipe

import (
	"bytes"
	"math"
	"slices"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// modes of CBOR: lengths are bounded by the message, not by the codec.
var (
	encoding = must(cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.UserBufferEncMode())
	decoding = must(cbor.DecOptions{
		MaxArrayElements: math.MaxInt32, MaxMapPairs: math.MaxInt32, MaxNestedLevels: 256,
	}.DecMode())
)

func must[M any](m M, err error) M {
	if err != nil {
		panic("pipe: " + err.Error())
	}
	return m
}

func encode(buf *buffer, v any) error {
	if err := encoding.MarshalToBuffer(v, &buf.Buffer); err != nil {
		return &CodecError{"encode", err}
	}
	return nil
}

func decode(b []byte, v any) error {
	if err := decoding.Unmarshal(b, v); err != nil {
		return &CodecError{"decode", err}
	}
	return nil
}

// buffer is memory for an encoded value, for one call at a time.
type buffer struct{ bytes.Buffer }

// hoard is how much memory a buffer may keep between calls, in bytes.
const hoard = 64 << 10

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func (b *buffer) free() {
	if b.Cap() <= hoard {
		b.Reset()
		buffers.Put(b)
	}
}

// room is n bytes of b.
func (b *buffer) room(n int) []byte {
	return slices.Grow(b.AvailableBuffer(), n)[:n]
}
