package ring

import (
	"context"
	"fmt"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// SPSC is a bounded ring of Ts from one process to another, or to itself, first in first
// out: the fast lane. T is plain memory. It has one [Producer] and one [Consumer] at a
// time, in any processes; a second one is refused, until the first gives its end back or
// its process dies.
//
// Use [NewSPSC], [NewSPSCIn], [OpenSPSC] or unmarshal one that another process sent; the
// zero value is only good for that, and an SPSC must not be copied. All methods but
// Detach may be called concurrently, and from several processes. If the process of an end
// dies, what was published stays, what was not is never seen, the other end is told, and
// another process may take the end.
type SPSC[T any] struct {
	use
	stream stream
	slots  []T
}

// MaxSPSC is the largest capacity of an SPSC.
const MaxSPSC = 1 << 30

// NewSPSC makes an empty SPSC of that capacity without a name on the process's default
// heap. It is freed when the last process that uses it detaches or dies. Errors:
// ErrCapacity; shm.ErrType if T is not plain memory; those of shm.Default and
// Segment.NewObject.
func NewSPSC[T any](capacity int) (*SPSC[T], error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewSPSCIn[T](seg, "", capacity)
}

// NewSPSCIn makes an empty SPSC called name in seg. It stays until Segment.RemoveObject.
// Errors: as NewSPSC, shm.ErrExists among them.
func NewSPSCIn[T any](seg *shm.Segment, name string, capacity int) (*SPSC[T], error) {
	if capacity < 1 || capacity > MaxSPSC {
		return nil, fmt.Errorf("%w: %d; it may be 1 to %d", ErrCapacity, capacity, MaxSPSC)
	}
	spec, err := spscSpec[T](powerOfTwo(uint64(capacity)))
	if err != nil {
		return nil, err
	}
	o, err := seg.NewObject(name, spec, func(o *shm.Object) error {
		shm.Head[layout.StreamHead](o, 0).Limit = uint64(capacity)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return initSPSC(new(SPSC[T]), o)
}

// OpenSPSC opens the SPSC called name in seg. Errors: shm.ErrNotFound; *shm.TypeError,
// which tells both types, if it is not an SPSC of T; *shm.CorruptError.
func OpenSPSC[T any](seg *shm.Segment, name string) (*SPSC[T], error) {
	want, err := spscSpec[T](0)
	if err != nil {
		return nil, err
	}
	o, err := seg.OpenObject(name, want)
	if err != nil {
		return nil, err
	}
	return initSPSC(new(SPSC[T]), o)
}

// UnmarshalBinary opens, in whatever process, the ring whose bytes these are. s must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (s *SPSC[T]) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, s.open) }

// UnmarshalText opens the ring whose text this is, as UnmarshalBinary.
func (s *SPSC[T]) UnmarshalText(text []byte) error { return shm.DecodeText(text, s.open) }

func (s *SPSC[T]) open(h shm.Handle) error {
	want, err := spscSpec[T](0)
	if err != nil {
		return err
	}
	o, err := shm.OpenHandle(h, want)
	if err == nil {
		_, err = initSPSC(s, o)
	}
	return err
}

// spscSpec is what an SPSC of T with so many slots is.
func spscSpec[T any](slots uint64) (shm.Spec, error) {
	t, err := shm.TypeOf[T]()
	return shm.Spec{Kind: shm.KindSPSC, Type: t, Count: slots}, err
}

// initSPSC makes s a handle of o, which it then owns.
func initSPSC[T any](s *SPSC[T], o *shm.Object) (*SPSC[T], error) {
	core, err := streamOf(o, 0, o.Spec().Count)
	if err != nil {
		o.Close()
		return nil, err
	}
	s.stream, s.slots = core, shm.Items[T](o)
	return own(&s.use, s, o), nil
}

// Producer takes the producer end for this process. It waits for nobody, except, for a
// moment, for the end of a process that is dying. Errors: *[RoleError] if a process that
// lives has it; *shm.CorruptError; [ErrDetached].
func (s *SPSC[T]) Producer() (*Producer[T], error) {
	return s.producer(context.Background(), false)
}

// ProducerContext is Producer that waits until the end is free, because who has it gives
// it back or dies. It gives up when ctx ends, and then returns the cause of ctx.
func (s *SPSC[T]) ProducerContext(ctx context.Context) (*Producer[T], error) {
	return s.producer(ctx, true)
}

func (s *SPSC[T]) producer(ctx context.Context, patient bool) (*Producer[T], error) {
	if s.obj.Load() == nil {
		return nil, ErrDetached
	}
	h := s.stream.head
	p := &Producer[T]{slots: s.slots, stream: s.stream, mask: uint64(len(s.slots)) - 1}
	p.role, p.peer = s.stream.producer(), s.stream.consumer()
	var err error
	if p.tookOver, p.seen, p.tail, err = s.stream.take(ctx, p.role, patient); err != nil {
		return nil, err
	}
	p.limit = p.seen + p.stream.limit
	p.tempo.start(p.tail, p.stream.limit)
	begin(&p.end, p, &h.Closing, &h.Space, &h.Items, ErrFull, p.room)
	return p, nil
}

// Consumer takes the consumer end for this process. Waiting and errors are as for
// Producer.
func (s *SPSC[T]) Consumer() (*Consumer[T], error) {
	return s.consumer(context.Background(), false)
}

// ConsumerContext is Consumer that waits until the end is free; see ProducerContext.
func (s *SPSC[T]) ConsumerContext(ctx context.Context) (*Consumer[T], error) {
	return s.consumer(ctx, true)
}

func (s *SPSC[T]) consumer(ctx context.Context, patient bool) (*Consumer[T], error) {
	if s.obj.Load() == nil {
		return nil, ErrDetached
	}
	h := s.stream.head
	c := &Consumer[T]{slots: s.slots, stream: s.stream, mask: uint64(len(s.slots)) - 1}
	c.role, c.peer = s.stream.consumer(), s.stream.producer()
	var err error
	if c.tookOver, c.head, c.seen, err = s.stream.take(ctx, c.role, patient); err != nil {
		return nil, err
	}
	c.limit = c.seen
	c.tempo.start(c.head, c.stream.limit)
	begin(&c.end, c, &h.Closing, &h.Items, &h.Space, ErrEmpty, c.items)
	return c, nil
}

// Len is how many items wait to be taken, at some instant during the call.
func (s *SPSC[T]) Len() int {
	if s.obj.Load() == nil {
		return 0
	}
	return int(s.stream.waiting())
}

// Cap is how many items the ring has room for.
func (s *SPSC[T]) Cap() int { return int(s.stream.limit) }

// String is for people.
func (s *SPSC[T]) String() string {
	if s.obj.Load() == nil {
		return "SPSC(detached)"
	}
	return s.stream.describe("SPSC", "")
}

// lastWords is where the last word of a line is among n items from pos on, the first of
// them: one more is each line further, up to end.
func lastWords(size, pos, n uint64) (first, end uint64) {
	if size%4 != 0 {
		return 0, 0 // such a word may not be all ours
	}
	return pos*size | (line - 4), (pos + n) * size
}
