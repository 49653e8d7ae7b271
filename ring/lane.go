package ring

import (
	"context"
	"fmt"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// lane is one stream of records, as one process has it open.
type lane struct {
	stream stream
	bytes  []byte
}

// streamHeadSize is how far the heads of two streams are apart.
const streamHeadSize = 6 * layout.Line

// laneOf is stream i of o, whose ring has n bytes. Errors: *shm.CorruptError.
func laneOf(o *shm.Object, i, n uint64) (l lane, err error) {
	l.stream, err = streamOf(o, i, n)
	if err == nil && n < MinRecords {
		err = l.stream.damaged("Count", n)
	}
	if err == nil {
		l.bytes = shm.Items[byte](o)[i*n : (i+1)*n : (i+1)*n]
	}
	return l, err
}

// roundRecords is the size of a ring that has room for size bytes. Errors: ErrCapacity.
func roundRecords(size int) (uint64, error) {
	if size < 1 || size > MaxRecords {
		return 0, fmt.Errorf("%w: %d bytes; it may be 1 to %d", ErrCapacity, size, MaxRecords)
	}
	return powerOfTwo(uint64(max(size, MinRecords))), nil
}

// writer takes the producer end.
func (l *lane) writer(ctx context.Context, patient bool) (*Writer, error) {
	h := l.stream.head
	w := &Writer{bytes: l.bytes, stream: l.stream}
	w.role, w.peer = l.stream.producer(), l.stream.consumer()
	var err error
	if w.tookOver, w.seen, w.tail, err = l.stream.take(ctx, w.role, patient); err != nil {
		return nil, err
	}
	if w.tail%8 != 0 {
		w.giveBack()
		w.obj.Close()
		return nil, l.stream.damaged("Tail", w.tail)
	}
	begin(&w.end, w, &h.Closing, &h.Space, &h.Items, ErrFull, w.room)
	w.asks = true
	return w, nil
}

// reader takes the consumer end.
func (l *lane) reader(ctx context.Context, patient bool) (*Reader, error) {
	h := l.stream.head
	r := &Reader{bytes: l.bytes, stream: l.stream}
	r.role, r.peer = l.stream.consumer(), l.stream.producer()
	var err error
	if r.tookOver, r.head, r.limit, err = l.stream.take(ctx, r.role, patient); err != nil {
		return nil, err
	}
	if r.head%8 != 0 {
		r.giveBack()
		r.obj.Close()
		return nil, l.stream.damaged("Head", r.head)
	}
	begin(&r.end, r, &h.Closing, &h.Items, &h.Space, ErrEmpty, r.items)
	r.asks = true
	return r, nil
}
