package pipe

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"sync/atomic"

	"shmkit/internal/codec"
	"shmkit/ring"
	"shmkit/shm"
)

// A message is one record, or several if it is long. Each begins with a word: first:1 |
// left:63. first: the message begins here; left: how many bytes of it come from here on, in
// this record and the next ones. So the one who receives can tell half a message: what was
// to follow was never sent, because the sender gave up or died, or what came before it went
// with a receiver that died.
const (
	wordSize  = 8
	firstWord = uint64(1) << 63
)

// inbox receives messages. It is guarded by the turn of the receiving half; ring by
// rings.mu where it is changed.
type inbox struct {
	ring  atomic.Pointer[ring.Reader] // nil: the role is not ours
	ready bool                        // there is a message, in whole or else in long
	whole []byte                      // in the ring, in hand
	long  []byte                      // put together, so far
	begun bool                        // long lacks something
	left  uint64                      // how much
	most  int                         // length of the longest message
	fault error                       // a longer one came: nothing can be received any more
}

// firstRoom is how much memory a sender can make a receiver take by announcing a long
// message, in bytes; else it takes what has come, and as much again.
const firstRoom = 1 << 20

// next waits for a message.
func (in *inbox) next(ctx context.Context, r *ring.Reader) (int, error) {
	for !in.ready {
		if in.fault != nil {
			return 0, in.fault
		}
		rec, err := r.TryPeek()
		if err == ring.ErrEmpty {
			if ctx.Err() != nil {
				return 0, context.Cause(ctx)
			}
			rec, err = r.PeekContext(ctx)
		}
		if err != nil {
			return 0, err
		}
		if err := in.admit(r, rec); err != nil {
			return 0, err
		}
	}
	if in.whole != nil {
		return len(in.whole), nil
	}
	return len(in.long), nil
}

// admit deals with the record in hand of r, which stays there if it is whole.
func (in *inbox) admit(r *ring.Reader, rec []byte) error {
	err := in.accept(rec)
	if err != nil {
		in.forget()
	}
	if in.whole == nil {
		r.Release()
	}
	return err
}

// accept deals with one record. It is the caller's again unless it is whole then. The word
// was written by another process and may be anything.
func (in *inbox) accept(rec []byte) error {
	if len(rec) < wordSize {
		return &shm.CorruptError{Field: "pipe.record", Value: uint64(len(rec))}
	}
	word := binary.LittleEndian.Uint64(rec)
	first, left := word&firstWord != 0, word&^firstWord
	b := rec[wordSize:]
	size := uint64(len(b))
	switch {
	case left < size || left > math.MaxInt:
		return &shm.CorruptError{Field: "pipe.word", Value: word}
	case first && left > uint64(in.most):
		in.fault = tooLong(left, in.most)
		return in.fault
	case first && left == size:
		in.begun, in.ready, in.whole = false, true, b
		return nil
	case first: // what was begun before is never finished
		in.begun, in.left = true, left
		in.long = slices.Grow(in.long[:0], int(min(left, firstRoom)))
	case !in.begun:
		return nil // its beginning went with another receiver
	case left != in.left:
		return &shm.CorruptError{Field: "pipe.word", Value: word}
	}
	in.long = append(in.long, b...)
	in.left -= size
	if in.left == 0 {
		in.begun, in.ready = false, true
	}
	return nil
}

// take moves the message that is ready to buf.
func (in *inbox) take(r *ring.Reader, buf []byte) error {
	in.ready = false
	if in.whole == nil {
		copy(buf, in.long)
		if cap(in.long) > codec.Hoard {
			in.long = nil
		}
		return nil
	}
	copy(buf, in.whole)
	in.whole = nil
	return r.Release()
}

// give is a message that is ready and not in the ring, or nil. It is the caller's then.
func (in *inbox) give() []byte {
	if !in.ready || in.whole != nil {
		return nil
	}
	b := in.long
	in.forget()
	return b
}

// partial tells whether some of a message is in no ring any more.
func (in *inbox) partial() bool { return in.begun || in.ready && in.whole == nil }

// forget drops what was received. A message that is whole in the ring stays there.
func (in *inbox) forget() {
	in.ready, in.whole, in.long, in.begun, in.left = false, nil, nil, false, 0
}
