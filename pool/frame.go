package pool

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"

	"shmkit/array"
	"shmkit/internal/codec"
)

// What the queues carry are frames: a head, the name of the function in that of a task, and
// items, one after the other. Numbers are little-endian.
//
//	place:32 | kind:8 | flags:8 | name:16 | word:64 | timeout:64 | items:32 | 0:32 | name …
//	item of a task     length:32 | argument, encoded …
//	item of a result   length:32 | status:8 | result or error, encoded …
//
// Items that are too long for the queue are in an array of their own: then the flag is set
// and the frame has its handle in their place. See spares.
type frame struct {
	place   uint32
	kind    kind
	flags   uint8
	name    string
	word    word // of the place: queued in a task, done in a result
	timeout int64
	count   int // of items
	items   []byte
}

type kind uint8

const (
	kindTask kind = iota
	kindResult
	kindReady // a worker, in the word, takes tasks from now on
	kindDeath // the parent says that a worker has ended; all that it has put comes before
)

const (
	flagSpilled = 1
	flagLost    = 2 // there was no room for the items: a text tells why
)

// status is what an item of a result is.
type status uint8

const (
	statusOK       status = iota // the result
	statusFailed                 // the function's error: see process.EncodeError
	statusPanicked               // it panicked: a fright
	statusArgument               // the argument made no sense: a text
	statusResult                 // the result cannot be encoded: a text
)

const (
	headSize   = 32
	mostName   = blockSize / 4 // a message has room for it in any queue
	resultHead = 5
	taskHead   = 4
)

// writeHead begins a frame. count and flags may be set later, by patch.
func (f *frame) writeHead(buf *codec.Buffer) {
	var b [headSize]byte
	binary.LittleEndian.PutUint32(b[0:], f.place)
	b[4], b[5] = byte(f.kind), f.flags
	binary.LittleEndian.PutUint16(b[6:], uint16(len(f.name)))
	binary.LittleEndian.PutUint64(b[8:], uint64(f.word))
	binary.LittleEndian.PutUint64(b[16:], uint64(f.timeout))
	binary.LittleEndian.PutUint32(b[24:], uint32(f.count))
	buf.Write(b[:])
	buf.WriteString(f.name)
}

// address says in an encoded frame where its task is.
func address(b []byte, place uint32, w word) {
	binary.LittleEndian.PutUint32(b[0:], place)
	binary.LittleEndian.PutUint64(b[8:], uint64(w))
}

// readFrame is the frame in b, which it keeps.
func readFrame(b []byte) (f frame, err error) {
	if len(b) < headSize {
		return f, fmt.Errorf("%w: a frame of %d bytes", ErrCorrupt, len(b))
	}
	n := int(binary.LittleEndian.Uint16(b[6:]))
	if len(b) < headSize+n {
		return f, fmt.Errorf("%w: a frame of %d bytes, with a name of %d", ErrCorrupt, len(b), n)
	}
	return frame{
		place: binary.LittleEndian.Uint32(b[0:]), kind: kind(b[4]), flags: b[5],
		name: nameOf(b[headSize : headSize+n]), word: word(binary.LittleEndian.Uint64(b[8:])),
		timeout: int64(binary.LittleEndian.Uint64(b[16:])), count: int(binary.LittleEndian.Uint32(b[24:])),
		items: b[headSize+n:],
	}, nil
}

// lastName is that of the frame that was read last: mostly the next one has the same.
var lastName atomic.Pointer[string]

func nameOf(b []byte) string {
	if last := lastName.Load(); last != nil && string(b) == *last {
		return *last
	}
	name := string(b)
	lastName.Store(&name)
	return name
}

// beginItem makes room for the head of an item, which endItem fills.
func beginItem(buf *codec.Buffer, head int) (start int) {
	var b [resultHead]byte
	start = buf.Len()
	buf.Write(b[:head])
	return start
}

func endItem(buf *codec.Buffer, head, start int, s status) error {
	b := buf.Bytes()[start:]
	if err := setItem(b, len(b)-head); err != nil {
		return err
	}
	if head == resultHead {
		b[4] = byte(s)
	}
	return nil
}

// setItem says in the head of an item that n bytes follow.
func setItem(b []byte, n int) error {
	if uint64(n) > math.MaxUint32 {
		return fmt.Errorf("pool: %d bytes are too long for an argument or a result", n)
	}
	binary.LittleEndian.PutUint32(b, uint32(n))
	return nil
}

// nextItem cuts the first item off.
func nextItem(items []byte, head int) (s status, body, rest []byte, err error) {
	if len(items) < head {
		return 0, nil, nil, fmt.Errorf("%w: an item is missing", ErrCorrupt)
	}
	n := int(binary.LittleEndian.Uint32(items))
	if head == resultHead {
		s = status(items[4])
	}
	if items = items[head:]; n > len(items) {
		return 0, nil, nil, fmt.Errorf("%w: an item of %d bytes, of which there are %d", ErrCorrupt, n, len(items))
	}
	return s, items[:n], items[n:], nil
}

// lose is an encoded frame of results without them, because of err.
func lose(b []byte, err error) []byte {
	short := append(append([]byte(nil), b[:headSize]...), err.Error()...)
	short[5] |= flagLost
	return short[:min(len(short), blockSize/4)]
}

// unspill opens the items of f, if they are in an array, and gives what closes that.
func (f *frame) unspill() (func() error, error) {
	if f.flags&flagLost != 0 {
		return nil, fmt.Errorf("%w: %s", ErrResult, f.items)
	}
	if f.flags&flagSpilled == 0 {
		return func() error { return nil }, nil
	}
	arr := new(array.Array[byte])
	if err := arr.UnmarshalBinary(f.items); err != nil {
		return nil, err
	}
	f.items = arr.Slice()
	return arr.Close, nil
}
