package wire

import (
	"encoding/binary"
	"math"
)

// A Tag is the first byte of an Item, and says what it is.
type Tag byte

// Tags. The server looks at numbers, to calculate with them, and at references, to keep what
// they refer to. It makes objects of literals. All else is the clients' affair.
const (
	TagNothing     Tag = 0
	TagInt         Tag = 1 // 8 bytes
	TagUint        Tag = 2 // 8 bytes
	TagFloat       Tag = 3 // 8 bytes, IEEE 754
	TagBool        Tag = 4 // 1 byte
	TagText        Tag = 5 // UTF-8
	TagBlob        Tag = 6 // bytes
	TagEncoded     Tag = 7 // CBOR
	TagRef         Tag = 8 // uint object, byte type
	TagDictLiteral Tag = 9 // uint n, n × (key, item): becomes a Ref of a new Dict
	TagListLiteral Tag = 10
)

// An Item is a value: a tag, and what follows it.
type Item []byte

// Tag is the tag of i, TagNothing if it has none.
func (i Item) Tag() Tag {
	if len(i) == 0 {
		return TagNothing
	}
	return Tag(i[0])
}

// Number is the 8 bytes of Int, Uint and Float.
func (i Item) Number() (bits uint64, ok bool) {
	if len(i) != 9 || i[0] < byte(TagInt) || i[0] > byte(TagFloat) {
		return 0, false
	}
	return binary.LittleEndian.Uint64(i[1:]), true
}

// Ref is what a reference refers to.
func (i Item) Ref() (object uint64, t Type, ok bool) {
	if len(i) != 10 || Tag(i[0]) != TagRef {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint64(i[1:]), Type(i[9]), true
}

// Payload is what follows the tag.
func (i Item) Payload() []byte {
	if len(i) == 0 {
		return nil
	}
	return i[1:]
}

// AppendInt64 appends an Item to b, without its length.
func AppendInt64(b []byte, v int64) []byte { return AppendInt(append(b, byte(TagInt)), v) }

// AppendUint64 is AppendInt64 for an unsigned number.
func AppendUint64(b []byte, v uint64) []byte { return AppendUint(append(b, byte(TagUint)), v) }

// AppendFloat64 is AppendInt64 for a floating-point number.
func AppendFloat64(b []byte, v float64) []byte {
	return AppendUint(append(b, byte(TagFloat)), math.Float64bits(v))
}

// AppendRef is AppendInt64 for a reference.
func AppendRef(b []byte, object uint64, t Type) []byte {
	return append(AppendUint(append(b, byte(TagRef)), object), byte(t))
}

// Item reads an Item that follows its length.
func (r *Reader) Item() Item { return Item(r.Bytes()) }
