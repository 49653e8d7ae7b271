package ring

import (
	"context"
	"encoding/binary"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
)

// Reader is the consumer end of a [Records], which this process has until it detaches or
// dies. It is used by one goroutine at a time and must not be copied. If the process dies
// inside a method, or between Peek and Release, the next reader gets what this one was
// about to take. A Reader that is forgotten counts as one whose process died.
type Reader struct {
	tenure
	stream stream
	bytes  []byte
	head   uint64 // next to take
	limit  uint64 // tail, as far as we know
	next   uint64 // head behind the record that is in hand
	batch  bool   // head is not published yet
}

// Get takes the oldest record, and waits for one as long as it takes. It appends the
// record to buf, which may be nil, and returns the result. Errors: as Consumer.Get.
func (r *Reader) Get(buf []byte) ([]byte, error) { return r.GetContext(context.Background(), buf) }

// GetContext is Get that gives up when ctx ends: it then returns buf and the cause of ctx,
// and has taken nothing. If there is a record ctx is not looked at.
func (r *Reader) GetContext(ctx context.Context, buf []byte) ([]byte, error) {
	b, err := r.PeekContext(ctx)
	if err != nil {
		return buf, err
	}
	buf = append(buf, b...)
	return buf, r.Release()
}

// TryGet is Get that does not wait: [ErrEmpty] if there is none.
func (r *Reader) TryGet(buf []byte) ([]byte, error) {
	b, err := r.TryPeek()
	if err != nil {
		return buf, err
	}
	buf = append(buf, b...)
	return buf, r.Release()
}

// GetN takes as many records as there are, up to len(to), and waits for one as long as it
// takes. It puts each where to has a slice, which it reuses, and returns how many it took.
// Errors: as Get.
func (r *Reader) GetN(to [][]byte) (n int, err error) {
	return r.GetNContext(context.Background(), to)
}

// GetNContext is GetN that gives up when ctx ends.
func (r *Reader) GetNContext(ctx context.Context, to [][]byte) (n int, err error) {
	if n, err = r.TryGetN(to); err != ErrEmpty {
		return n, err
	}
	if err := r.await(ctx); err != nil {
		return 0, err
	}
	return r.TryGetN(to)
}

// TryGetN is GetN that does not wait: [ErrEmpty] if there is none.
func (r *Reader) TryGetN(to [][]byte) (n int, err error) {
	if len(to) == 0 {
		return 0, r.open()
	}
	from := r.head
	r.batch = true
	for n < len(to) {
		var b []byte
		if b, err = r.TryPeek(); err != nil {
			break
		}
		to[n] = append(to[n][:0], b...)
		r.inHand, r.head = false, r.next
		n++
	}
	r.batch = false
	if r.head != from {
		r.advance()
	}
	if n > 0 && stop(err) {
		err = nil
	}
	return n, err
}

// stop tells errors that come again at the next call.
func stop(err error) bool {
	return err == ErrEmpty || err == ErrFull || err == ErrClosed || err == ErrPeerDied
}

// Peek is the oldest record, in shared memory, and waits for one as long as it takes. It is
// the caller's until Release. Errors: as Get, [ErrInHand] if the last one was not
// released.
func (r *Reader) Peek() ([]byte, error) { return r.PeekContext(context.Background()) }

// PeekContext is Peek that gives up when ctx ends.
func (r *Reader) PeekContext(ctx context.Context) ([]byte, error) {
	if r.inHand || r.head == r.limit {
		if err := r.items(); err == ErrEmpty {
			err = r.await(ctx)
			if err != nil {
				return nil, err
			}
		} else if err != nil {
			return nil, err
		}
	}
	return r.peek()
}

// TryPeek is Peek that does not wait: [ErrEmpty] if there is none.
func (r *Reader) TryPeek() ([]byte, error) {
	if r.inHand || r.head == r.limit {
		if err := r.items(); err == ErrEmpty {
			err = r.lone()
			if err != nil {
				return nil, err
			}
		} else if err != nil {
			return nil, err
		}
	}
	return r.peek()
}

// peek gives the record at head, of which there is one. Each word is read once and
// checked: it may be anything.
func (r *Reader) peek() ([]byte, error) {
	size := uint64(len(r.bytes))
	at, pos := r.head, r.head&(size-1)
	word := binary.LittleEndian.Uint64(r.bytes[pos:])
	if word == layout.RecordSkip && pos > 0 && size-pos < r.limit-at {
		at, pos = at+size-pos, 0
		word = binary.LittleEndian.Uint64(r.bytes)
	}
	if word > layout.RecordLength {
		return nil, r.stream.damaged("record", word)
	}
	if span := layout.RecordBytes(word); span > r.limit-at || span > size-pos {
		return nil, r.stream.damaged("record", word)
	}
	r.inHand, r.next = true, at+layout.RecordBytes(word)
	from := pos + layout.RecordHead
	return r.bytes[from : from+word : from+word], nil
}

// Release says that the record in hand is dealt with: its bytes are the writer's again.
// Errors: [ErrNotHeld] if none is.
func (r *Reader) Release() error {
	if !r.inHand {
		return ErrNotHeld
	}
	r.inHand, r.head = false, r.next
	r.advance()
	return nil
}

// advance gives what was read back to the writer.
func (r *Reader) advance() {
	r.publish(&r.stream.head.Head, r.head)
	runtime.KeepAlive(r)
}

// Detach gives the end back; see [Consumer.Detach].
func (r *Reader) Detach() error {
	r.limit = r.head
	return r.leave()
}

// items looks for records.
func (r *Reader) items() error {
	switch {
	case r.detached:
		return ErrDetached
	case r.inHand:
		return ErrInHand
	}
	closing := atomic.LoadUint32(r.closing)        // sync: stream closing. Before the tail: what came before it counts.
	tail := atomic.LoadUint64(&r.stream.head.Tail) // sync: stream index
	if tail-r.head > r.stream.limit || tail%8 != 0 {
		return r.stream.damaged("Tail", tail)
	}
	if race.Enabled {
		r.acquired()
	}
	r.limit = tail
	switch {
	case tail != r.head:
		return nil
	case closing != 0:
		return ErrClosed
	case r.batch:
		return ErrEmpty
	}
	return r.stream.own("Head", &r.stream.head.Head, r.head, ErrEmpty)
}
