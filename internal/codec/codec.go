package codec

import (
	"math"

	"github.com/fxamacker/cbor/v2"
)

// Name is what the codec is called where types are described.
const Name = "cbor"

// Lengths are bounded by the message that a value came in.
var (
	encMode = must(cbor.EncOptions{
		Time: cbor.TimeRFC3339Nano, TextMarshaler: cbor.TextMarshalerTextString,
	}.UserBufferEncMode())
	// sortMode gives the same bytes each time.
	sortMode = must(cbor.EncOptions{
		Sort: cbor.SortBytewiseLexical, Time: cbor.TimeRFC3339Nano, TextMarshaler: cbor.TextMarshalerTextString,
	}.UserBufferEncMode())
	decMode = must(cbor.DecOptions{
		TextUnmarshaler:  cbor.TextUnmarshalerTextString,
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
	switch v := v.(type) { // what the module does more slowly
	case int:
		buf.integer(v)
		return nil
	case []byte:
		if v != nil { // which it copies once more
			buf.reserve(len(v) + headRoom)
			buf.Write(appendHead(buf.AvailableBuffer(), majorBytes, uint64(len(v))))
			buf.Write(v)
			return nil
		}
	case string: // which it copies each time buf grows
		buf.reserve(len(v) + headRoom)
	}
	return encMode.MarshalToBuffer(v, &buf.Buffer)
}

// EncodeSorted is Encode that gives the same bytes for equal values: the keys of maps, which Encode
// takes as they come, are sorted.
func EncodeSorted(buf *Buffer, v any) error { return sortMode.MarshalToBuffer(v, &buf.Buffer) }

// Decode decodes all of b, which stays the caller's, into what v points to.
func Decode(b []byte, v any) error {
	if to, ok := v.(*int); ok && to != nil && decodeInt(b, to) {
		return nil
	}
	return decMode.Unmarshal(b, v)
}

// decodeInt is Decode if b is a number as it is encoded here.
func decodeInt(b []byte, to *int) bool {
	major, n, rest := cutHead(b)
	if len(rest) != 0 || major > majorNegative || n > math.MaxInt {
		return false
	}
	*to = int(n)
	if major == majorNegative {
		*to = ^int(n)
	}
	return true
}

// Text is what is encoded in b, in the diagnostic notation of RFC 8949, for people.
func Text(b []byte) (string, error) { return cbor.Diagnose(b) }
