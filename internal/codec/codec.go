package codec

import (
	"encoding/binary"
	"math"

	"github.com/fxamacker/cbor/v2"
)

// Name is what the codec is called where types are described.
const Name = "cbor"

// Lengths are bounded by the message that a value came in.
var (
	encoding = must(cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.UserBufferEncMode())
	decoding = must(cbor.DecOptions{
		MaxArrayElements: math.MaxInt32, MaxMapPairs: math.MaxInt32, MaxNestedLevels: 256,
	}.DecMode())
)

func must[M any](m M, err error) M {
	if err != nil {
		panic("codec: " + err.Error())
	}
	return m
}

// headRoom is how much longer bytes and text become.
const headRoom = 9

// Encode appends v to buf. If it fails buf has part of it.
func Encode(buf *Buffer, v any) error {
	switch v := v.(type) { // else a long one is copied each time buf grows
	case []byte:
		if v != nil { // and once more by the module
			buf.reserve(len(v) + headRoom)
			buf.Write(appendHead(buf.AvailableBuffer(), len(v)))
			buf.Write(v)
			return nil
		}
	case string:
		buf.reserve(len(v) + headRoom)
	}
	return encoding.MarshalToBuffer(v, &buf.Buffer)
}

// appendHead appends the head of a byte string of n bytes: RFC 8949, 3.
func appendHead(b []byte, n int) []byte {
	const bytes = 2 << 5 // the major type
	switch {
	case n < 24:
		return append(b, bytes|byte(n))
	case n <= math.MaxUint8:
		return append(b, bytes|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, bytes|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, bytes|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, bytes|27), uint64(n))
}

// Decode decodes all of b, which stays the caller's, into what v points to.
func Decode(b []byte, v any) error { return decoding.Unmarshal(b, v) }

// Text is what is encoded in b, in the diagnostic notation of RFC 8949, for people.
func Text(b []byte) (string, error) { return cbor.Diagnose(b) }
