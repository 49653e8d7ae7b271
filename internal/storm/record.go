package storm

import (
	"encoding/binary"
	"io"
	"os"
)

// recordSize is small enough for the kernel to write a record to a pipe in one
// piece, whoever is killed.
const recordSize = 64

const (
	phaseBegin = 1
	phaseEnd   = 2
)

// record is one line of the ledger as it goes through the pipe: 8 words.
type record struct {
	phase, actor, kind uint8
	lane               uint16
	at                 int64
	args               [4]uint64
	recoveries, sweeps uint32 // of the process, until now
}

func (r *record) write(f *os.File) error {
	var b [recordSize]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(r.phase)|uint64(r.actor)<<8|uint64(r.kind)<<16|uint64(r.lane)<<32)
	binary.LittleEndian.PutUint64(b[8:], uint64(r.at))
	for i, a := range r.args {
		binary.LittleEndian.PutUint64(b[16+8*i:], a)
	}
	binary.LittleEndian.PutUint64(b[48:], uint64(r.recoveries)|uint64(r.sweeps)<<32)
	_, err := f.Write(b[:])
	return err
}

// read gives io.EOF when every process that could write has gone.
func (r *record) read(f io.Reader) error {
	var b [recordSize]byte
	if _, err := io.ReadFull(f, b[:]); err != nil {
		return err
	}
	w := binary.LittleEndian.Uint64(b[0:])
	r.phase, r.actor, r.kind, r.lane = uint8(w), uint8(w>>8), uint8(w>>16), uint16(w>>32)
	r.at = int64(binary.LittleEndian.Uint64(b[8:]))
	for i := range r.args {
		r.args[i] = binary.LittleEndian.Uint64(b[16+8*i:])
	}
	w = binary.LittleEndian.Uint64(b[48:])
	r.recoveries, r.sweeps = uint32(w), uint32(w>>32)
	return nil
}
