package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
)

// MaxLength is the length of the longest record, in bytes.
const MaxLength = 256 << 20

const (
	magic   = "SHMKLOG\n"
	version = 1

	headerSize = 64
	recordHead = 16                    // what stands before the bytes of a record
	minRecord  = recordHead + alignTo8 // the shortest one
	alignTo8   = 8

	// joined in the word of the length: the record came with the one before, in one write that
	// was then synced. A loss of power in it may leave this one and not that one.
	joined = 1 << 31
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the beginning of a file. Offsets in bytes, all little-endian:
//
//	 0  8  magic      "SHMKLOG\n"
//	 8  4  version    1
//	12  4             0
//	16  8  compacted  how often the log was compacted; 0: it has no snapshot
//	24  8  index      of the last record that the snapshot has the effects of; 0: of none
//	32  8  length     of the snapshot
//	40  8  salt       random, for the life of the log
//	48  4  snapshot   CRC-32C of the snapshot and the zeros after it
//	52  8             0
//	60  4  header     CRC-32C of the 60 bytes before
//
// The snapshot follows, with zeros up to a multiple of 8, and then the records.
type header struct {
	compacted, index, length, salt uint64
	snapshot                       uint32
}

// newHeader is the header of an empty log.
func newHeader(salt [8]byte) header { return header{salt: binary.LittleEndian.Uint64(salt[:])} }

func (h *header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], version)
	binary.LittleEndian.PutUint64(b[16:], h.compacted)
	binary.LittleEndian.PutUint64(b[24:], h.index)
	binary.LittleEndian.PutUint64(b[32:], h.length)
	binary.LittleEndian.PutUint64(b[40:], h.salt)
	binary.LittleEndian.PutUint32(b[48:], h.snapshot)
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

// decode checks in this order: magic, version, checksum, and that the snapshot is within a file
// of size bytes. The error has no path and no offset: those are the caller's.
func (h *header) decode(b []byte, size int64) error {
	switch {
	case string(b[:8]) != magic:
		return ErrMagic
	case binary.LittleEndian.Uint32(b[8:]) != version:
		return ErrVersion
	case binary.LittleEndian.Uint32(b[60:]) != crc32.Checksum(b[:60], castagnoli):
		return &CorruptError{What: "the checksum of the header is wrong"}
	}
	h.compacted = binary.LittleEndian.Uint64(b[16:])
	h.index = binary.LittleEndian.Uint64(b[24:])
	h.length = binary.LittleEndian.Uint64(b[32:])
	h.salt = binary.LittleEndian.Uint64(b[40:])
	h.snapshot = binary.LittleEndian.Uint32(b[48:])
	if h.index > math.MaxInt64 {
		return &CorruptError{What: "the index of the snapshot is impossible"}
	}
	if room := uint64(size - headerSize); h.length > room || aligned(h.length) > room {
		return &CorruptError{What: "the snapshot is longer than the file"}
	}
	return nil
}

// start is where the records begin.
func (h *header) start() int64 { return headerSize + int64(aligned(h.length)) }

// begun tells whether b, shorter than a header, is what is left of a log whose maker was killed
// before anything was in it.
func begun(b []byte) bool {
	blank := (&header{}).encode()[:40] // up to what is random
	n := min(len(b), len(blank))
	return bytes.Equal(b[:n], blank[:n])
}

// appendRecord adds a record to b. Offsets in bytes:
//
//	 0  4  length    of the bytes, 1 to MaxLength; bit 31 is joined
//	 4  4  checksum  CRC-32C of the length word, the mark and the bytes
//	 8  8  mark      the index, exclusive-or the salt of the file
//	16  …  bytes, and zeros up to a multiple of 8
//
// The salt keeps what clients put into records from being taken for records.
func appendRecord(b []byte, salt, index uint64, flags uint32, p []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p))|flags)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, index^salt)
	b = append(b, p...)
	binary.LittleEndian.PutUint32(b[at+4:], recordSum(b[at:]))
	var zeros [alignTo8]byte
	return append(b, zeros[:aligned(uint64(len(p)))-uint64(len(p))]...)
}

// recordSum is the checksum of a record without the zeros at its end.
func recordSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:4], castagnoli), castagnoli, b[8:])
}

func aligned(n uint64) uint64 { return (n + alignTo8 - 1) &^ (alignTo8 - 1) }
