package ring

import (
	"context"
	"encoding/binary"
	"runtime"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
)

// Writer is the producer end of a [Records], which this process has until it detaches or
// dies. It is used by one goroutine at a time and must not be copied. If the process dies
// inside a method, a record is published whole or not at all. A Writer that is forgotten
// counts as one whose process died.
type Writer struct {
	tenure
	stream stream
	bytes  []byte
	tail   uint64 // next to publish
	seen   uint64 // head, as far as we know
	need   uint64 // bytes that are wanted from tail on
	staged uint64 // behind what is written from tail on and not published yet; see PutN
	at     uint64 // where the claimed record begins
	length uint64 // of the claimed record
}

// Put puts a copy of record at the end, and waits for room as long as it takes. A record of
// no bytes is one. When it returns nil, the record is in the ring whatever becomes of
// this process. Errors: [*SizeError]; else as Producer.Put.
//
// In the terminology of the Go memory model it synchronizes before the Get that returns
// the record.
func (w *Writer) Put(record []byte) error { return w.PutContext(context.Background(), record) }

// PutContext is Put that gives up when ctx ends: it then returns the cause of ctx, and the
// record is not in the ring. If there is room ctx is not looked at.
func (w *Writer) PutContext(ctx context.Context, record []byte) error {
	b, err := w.ClaimContext(ctx, len(record))
	if err != nil {
		return err
	}
	copy(b, record)
	return w.Commit(len(record))
}

// TryPut is Put that does not wait: [ErrFull] if there is no room.
func (w *Writer) TryPut(record []byte) error {
	b, err := w.TryClaim(len(record))
	if err != nil {
		return err
	}
	copy(b, record)
	return w.Commit(len(record))
}

// PutN puts copies of all records at the end, as many at once as there is room for, and
// waits for room as long as it takes. It returns how many it put, which is less than all
// with an error. Errors: as Put.
func (w *Writer) PutN(records [][]byte) (n int, err error) {
	return w.PutNContext(context.Background(), records)
}

// PutNContext is PutN that gives up when ctx ends.
func (w *Writer) PutNContext(ctx context.Context, records [][]byte) (n int, err error) {
	for n < len(records) {
		k, err := w.TryPutN(records[n:])
		if n += k; err == ErrFull {
			w.need = w.span(len(records[n]))
			err = w.await(ctx)
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// TryPutN is PutN that does not wait: it puts as many as there is room for. [ErrFull] if
// that is none.
func (w *Writer) TryPutN(records [][]byte) (n int, err error) {
	if len(records) == 0 {
		return 0, w.open()
	}
	for _, record := range records {
		var b []byte
		if b, err = w.TryClaim(len(record)); err != nil {
			break
		}
		copy(b, record)
		w.stage(uint64(len(record)))
		n++
	}
	if n == 0 {
		return 0, err
	}
	w.advance()
	if stop(err) {
		err = nil
	}
	return n, err
}

// Claim is room for a record of n bytes, in shared memory: it holds what earlier records
// left. Fill it, then Commit or Abort. It waits for room as long as it takes. Errors: as
// Put, [ErrInHand] if the last one was not committed.
func (w *Writer) Claim(n int) ([]byte, error) { return w.ClaimContext(context.Background(), n) }

// ClaimContext is Claim that gives up when ctx ends.
func (w *Writer) ClaimContext(ctx context.Context, n int) ([]byte, error) {
	b, err := w.TryClaim(n)
	if err != ErrFull {
		return b, err
	}
	if err := w.await(ctx); err != nil {
		return nil, err
	}
	return w.claim(n), nil
}

// TryClaim is Claim that does not wait: [ErrFull] if there is no room.
func (w *Writer) TryClaim(n int) ([]byte, error) {
	if n < 0 || n > maxRecord(w.bytes) {
		return nil, recordTooLong(n, maxRecord(w.bytes))
	}
	w.need = w.span(n)
	if w.need > w.seen+w.stream.limit-w.tail || w.inHand || atomic.LoadUint32(w.closing) != 0 { // sync: stream closing
		err := w.room()
		if err == ErrFull {
			err = w.lone() // it may have made room before it died
		}
		if err != nil {
			return nil, err
		}
	}
	return w.claim(n), nil
}

// span is how many bytes from tail on a record of n bytes needs, behind what is staged: it
// does not go across the end of the ring.
func (w *Writer) span(n int) uint64 {
	return w.staged + spanFrom(w.tail+w.staged, n, uint64(len(w.bytes)))
}

// spanFrom is how many bytes from at on a record of n bytes needs in a ring of so many bytes.
func spanFrom(at uint64, n int, ring uint64) uint64 {
	size, left := layout.RecordBytes(uint64(n)), ring-at&(ring-1)
	if size > left {
		size += left
	}
	return size
}

func (w *Writer) mask() uint64 { return uint64(len(w.bytes)) - 1 }

// claim takes the last bytes of what was needed.
func (w *Writer) claim(n int) []byte {
	w.inHand, w.length = true, uint64(n)
	w.at = w.tail + w.need - layout.RecordBytes(uint64(n))
	from := w.at&w.mask() + layout.RecordHead
	return w.bytes[from : from+uint64(n) : from+uint64(n)]
}

// stage writes the words of the claimed record, of which n bytes are used.
func (w *Writer) stage(n uint64) {
	if skipped := w.tail + w.staged; skipped != w.at {
		binary.LittleEndian.PutUint64(w.bytes[skipped&w.mask():], layout.RecordSkip)
	}
	binary.LittleEndian.PutUint64(w.bytes[w.at&w.mask():], n)
	w.staged = w.at + layout.RecordBytes(n) - w.tail
	w.inHand = false
}

// advance publishes what is staged.
func (w *Writer) advance() {
	w.tail += w.staged
	w.staged = 0
	w.publish(&w.stream.head.Tail, w.tail)
	runtime.KeepAlive(w)
}

// Commit publishes the first n bytes of what was claimed as a record. Errors: [ErrNotHeld]
// if nothing is claimed; [*SizeError] if that is shorter, and then it stays so.
func (w *Writer) Commit(n int) error {
	if !w.inHand {
		return ErrNotHeld
	}
	if n < 0 || uint64(n) > w.length {
		return &SizeError{Size: n, Max: int(w.length), Fix: "claim more"}
	}
	w.stage(uint64(n))
	w.advance()
	return nil
}

// Abort gives back what was claimed, unpublished. Errors: [ErrNotHeld].
func (w *Writer) Abort() error {
	if !w.inHand {
		return ErrNotHeld
	}
	w.inHand = false
	return nil
}

// Detach gives the end back; see [Producer.Detach].
func (w *Writer) Detach() error { return w.leave() }

// room looks for room for what is needed.
func (w *Writer) room() error {
	switch {
	case w.detached:
		return ErrDetached
	case w.inHand:
		return ErrInHand
	case atomic.LoadUint32(w.closing) != 0: // sync: stream closing
		return ErrClosed
	}
	head := atomic.LoadUint64(&w.stream.head.Head) // sync: stream index
	if w.tail-head > w.stream.limit {
		return w.stream.damaged("Head", head)
	}
	if race.Enabled {
		w.acquired()
	}
	w.seen = head
	if w.need > head+w.stream.limit-w.tail {
		return w.stream.own("Tail", &w.stream.head.Tail, w.tail, ErrFull)
	}
	return nil
}
