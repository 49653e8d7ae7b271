package codec

import (
	"encoding/binary"
	"math"
)

// Every item begins with a head, its major type and a number: RFC 8949, 3.
const (
	majorUint = iota << majorShift
	majorNegative
	majorBytes

	majorShift = 5
	majorNone  = math.MaxUint8 // no head that is made here
)

// appendHead appends a head.
func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

// cutHead is the head of b and what follows. major is majorNone if there is none with a
// number.
func cutHead(b []byte) (major byte, n uint64, rest []byte) {
	if len(b) == 0 {
		return majorNone, 0, nil
	}
	major, info, b := b[0]&^(1<<majorShift-1), b[0]&(1<<majorShift-1), b[1:]
	switch {
	case info < 24:
		return major, uint64(info), b
	case info == 24 && len(b) >= 1:
		return major, uint64(b[0]), b[1:]
	case info == 25 && len(b) >= 2:
		return major, uint64(binary.BigEndian.Uint16(b)), b[2:]
	case info == 26 && len(b) >= 4:
		return major, uint64(binary.BigEndian.Uint32(b)), b[4:]
	case info == 27 && len(b) >= 8:
		return major, binary.BigEndian.Uint64(b), b[8:]
	}
	return majorNone, 0, nil
}
