package wire

import (
	"encoding/binary"
	"math"
)

// A Key is the name of an item in a dictionary or a member of a set. Keys are compared as
// bytes, and their encoding keeps the order of what they are: numbers by size, text and
// bytes byte by byte; different kinds in the order of their first bytes.
type Key []byte

// The first bytes of keys.
const (
	KeyFalse byte = 1
	KeyTrue  byte = 2
	KeyInt   byte = 3 // 8 bytes, big-endian, the sign bit inverted
	KeyUint  byte = 4 // 8 bytes, big-endian
	KeyFloat byte = 5 // 8 bytes, big-endian; inverted if negative, else with the sign bit set
	KeyText  byte = 6
	KeyBytes byte = 7
	KeyOther byte = 8 // CBOR, deterministic; has an order, but not that of what it is
)

const signBit = 1 << 63

// AppendKeyBool appends a Key.
func AppendKeyBool(b []byte, v bool) []byte {
	if v {
		return append(b, KeyTrue)
	}
	return append(b, KeyFalse)
}

// AppendKeyInt appends a Key.
func AppendKeyInt(b []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, KeyInt), uint64(v)^signBit)
}

// AppendKeyUint appends a Key.
func AppendKeyUint(b []byte, v uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, KeyUint), v)
}

// AppendKeyFloat appends a Key. The zeros are one key.
func AppendKeyFloat(b []byte, v float64) []byte {
	if v == 0 {
		v = 0
	}
	bits := math.Float64bits(v)
	if bits&signBit != 0 {
		bits = ^bits
	} else {
		bits |= signBit
	}
	return binary.BigEndian.AppendUint64(append(b, KeyFloat), bits)
}

// AppendKeyText appends a Key.
func AppendKeyText(b []byte, v string) []byte { return append(append(b, KeyText), v...) }

// AppendKeyBytes appends a Key.
func AppendKeyBytes(b, v []byte) []byte { return append(append(b, KeyBytes), v...) }

// Number is the number of a Key of 9 bytes: an int64, uint64 or float64.
func (k Key) Number() (v any, ok bool) {
	if len(k) != 9 {
		return nil, false
	}
	bits := binary.BigEndian.Uint64(k[1:])
	switch k[0] {
	case KeyInt:
		return int64(bits ^ signBit), true
	case KeyUint:
		return bits, true
	case KeyFloat:
		if bits&signBit != 0 {
			return math.Float64frombits(bits &^ signBit), true
		}
		return math.Float64frombits(^bits), true
	}
	return nil, false
}

// Key reads a Key that follows its length.
func (r *Reader) Key() Key { return Key(r.Bytes()) }
