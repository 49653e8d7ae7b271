package pipe

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A frame is a message on a byte stream, as the Connection of CPython writes it:
//
//	int32 n, big endian; n bytes            n is 0 to 1<<31-1
//	int32 -1; uint64 n, big endian; n bytes
const (
	shortHead = 4
	longHead  = shortHead + 8
	longMark  = -1
)

// appendHead appends the head of the frame of a message of n bytes.
func appendHead(b []byte, n uint64) []byte {
	if n <= math.MaxInt32 {
		return binary.BigEndian.AppendUint32(b, uint32(n))
	}
	mark := int32(longMark)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, uint32(mark)), n)
}

// parseHead reads the head that b begins with: how long it is and the message is. If b
// is shorter than the head, only head is told, as far as it is known by then.
func parseHead(b []byte, limit int) (head, size int, err error) {
	if len(b) < shortHead {
		return shortHead, 0, nil
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n >= 0 {
		return shortHead, int(n), tooLong(uint64(n), limit)
	}
	if n != longMark {
		return shortHead, 0, fmt.Errorf("%w: a length of %d", ErrFrame, n)
	}
	if len(b) < longHead {
		return longHead, 0, nil
	}
	long := binary.BigEndian.Uint64(b[shortHead:])
	if err := tooLong(long, limit); err != nil {
		return longHead, 0, err
	}
	return longHead, int(long), nil
}

func tooLong(size uint64, limit int) error {
	if size > uint64(limit) {
		return &TooLongError{size, uint64(limit)}
	}
	return nil
}
