package process

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"shmkit/internal/codec"
)

// Parent and child talk over a pair of sockets, in frames: kind:8 | length:64, little-endian,
// and so many bytes: of the order as in order.go, of argument and result as a function
// encodes them, of the others CBOR.
//
//	kind      from    when and what
//	order     parent  first: what to do
//	argument  parent  second, if it is a function
//	cancel    parent  at most once: the context of Start has ended, a text why
//	opened    parent  after kept: the result is decoded, its handles are open
//	taken     child   the argument is decoded, its handles are open; or it is about to exec
//	refused   child   it cannot do that: a text why; it ends
//	done      child   the function has returned a result
//	kept      child   the same of one that may have handles, of objects that go with the child: it waits
//	failed    child   it has returned an error: a report
//
// The end of either stream says no more than that: who has died is known from elsewhere.
type kind byte

const (
	orderFrame    kind = 'o'
	argumentFrame kind = 'a'
	cancelFrame   kind = 'c'
	openedFrame   kind = 'y'
	takenFrame    kind = 't'
	refusedFrame  kind = 'r'
	doneFrame     kind = 'd'
	keptFrame     kind = 'k'
	failedFrame   kind = 'f'
)

const (
	frameHead  = 9
	smallFrame = 1 << 16 // up to here a frame is written at once, and read into what its length says
)

// outcome is how a function ended.
type outcome struct {
	result []byte  // encoded
	err    *report // nil if it gave none

	// What became of the result if it was decoded when it came, as one that the child keeps.
	opened   bool
	value    any
	valueErr error
}

// send writes one frame.
func send(w io.Writer, k kind, body any) error {
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.Encode(buf, body); err != nil {
		return err
	}
	return sendRaw(w, k, buf.Bytes())
}

// sendRaw writes one frame of bytes.
func sendRaw(w io.Writer, k kind, body []byte) error {
	head := make([]byte, frameHead, frameHead+min(len(body), smallFrame))
	head[0] = byte(k)
	binary.LittleEndian.PutUint64(head[1:], uint64(len(body)))
	if len(body) <= smallFrame {
		_, err := w.Write(append(head, body...))
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// receive reads one frame. Its length is the sender's word: memory is taken as it comes in.
func receive(r io.Reader) (kind, []byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.LittleEndian.Uint64(head[1:])
	body := make([]byte, min(length, smallFrame))
	for n := 0; ; {
		if _, err := io.ReadFull(r, body[n:]); err != nil {
			return kind(head[0]), nil, err
		}
		if n = len(body); uint64(n) == length {
			return kind(head[0]), body, nil
		}
		body = slices.Grow(body, int(min(length-uint64(n), uint64(n))))
		body = body[:min(uint64(cap(body)), length)]
	}
}

// badFrame is what a frame gives that makes no sense.
func badFrame(k kind) error {
	return fmt.Errorf("process: frame %q is not one that is expected", byte(k))
}
