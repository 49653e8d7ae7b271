package ring

import (
	"context"
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// Broadcast is a ring of Ts that one [Publisher] fills and any number of [Subscriber]s
// read, each at its own pace. The publisher never waits: a subscriber that falls behind by
// more than the capacity misses what was overwritten, and is told how much that was. T is
// plain memory.
//
// Use [NewBroadcast], [NewBroadcastIn], [OpenBroadcast] or unmarshal one that another
// process sent; the zero value is only good for that, and a Broadcast must not be copied.
// All methods but Detach may be called concurrently, and from several processes. If the
// process of the publisher dies, what was published stays, what was not is never seen,
// subscribers that wait are told, and another process may publish on. The ring does not know
// its subscribers, so one that dies leaves nothing.
type Broadcast[T any] struct {
	use
	memory slots
}

// MaxBroadcast is the largest capacity of a Broadcast.
const MaxBroadcast = 1 << 30

// NewBroadcast makes an empty Broadcast without a name on the process's default heap. It
// keeps the last messages: as many as capacity, rounded up to a power of two. It is freed
// when the last process that uses it detaches or dies. Errors: ErrCapacity; shm.ErrType if T
// is not plain memory; those of shm.Default and Segment.NewObject.
func NewBroadcast[T any](capacity int) (*Broadcast[T], error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewBroadcastIn[T](seg, "", capacity)
}

// NewBroadcastIn makes an empty Broadcast called name in seg. It stays until
// Segment.RemoveObject. Errors: as NewBroadcast, shm.ErrExists among them.
func NewBroadcastIn[T any](seg *shm.Segment, name string, capacity int) (*Broadcast[T], error) {
	if capacity < 1 || capacity > MaxBroadcast {
		return nil, fmt.Errorf("%w: %d; it may be 1 to %d", ErrCapacity, capacity, MaxBroadcast)
	}
	spec, err := broadcastSpec[T](powerOfTwo(uint64(capacity)))
	if err != nil {
		return nil, err
	}
	o, err := seg.NewObject(name, spec, nil)
	if err != nil {
		return nil, err
	}
	return initBroadcast(new(Broadcast[T]), o)
}

// OpenBroadcast opens the Broadcast called name in seg. Errors: shm.ErrNotFound;
// *shm.TypeError, which tells both types, if it is not a Broadcast of T;
// *shm.CorruptError.
func OpenBroadcast[T any](seg *shm.Segment, name string) (*Broadcast[T], error) {
	want, err := broadcastSpec[T](0)
	if err != nil {
		return nil, err
	}
	o, err := seg.OpenObject(name, want)
	if err != nil {
		return nil, err
	}
	return initBroadcast(new(Broadcast[T]), o)
}

// UnmarshalBinary opens, in whatever process, the ring whose bytes these are. b must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (b *Broadcast[T]) UnmarshalBinary(data []byte) error { return shm.DecodeBinary(data, b.open) }

// UnmarshalText opens the ring whose text this is, as UnmarshalBinary.
func (b *Broadcast[T]) UnmarshalText(text []byte) error { return shm.DecodeText(text, b.open) }

func (b *Broadcast[T]) open(h shm.Handle) error {
	want, err := broadcastSpec[T](0)
	if err != nil {
		return err
	}
	o, err := shm.OpenHandle(h, want)
	if err == nil {
		_, err = initBroadcast(b, o)
	}
	return err
}

// broadcastSpec is what a Broadcast of T with so many slots is.
func broadcastSpec[T any](slots uint64) (shm.Spec, error) {
	t, err := shm.TypeOf[T]()
	return shm.Spec{Kind: shm.KindBroadcast, Type: t, Count: slots}, err
}

// initBroadcast makes b a handle of o, which it then owns.
func initBroadcast[T any](b *Broadcast[T], o *shm.Object) (*Broadcast[T], error) {
	n := o.Spec().Count
	if n == 0 || n&(n-1) != 0 {
		o.Close()
		return nil, &shm.CorruptError{Field: "broadcast.Count", Value: n}
	}
	b.memory = slotsOf(o)
	return own(&b.use, b, o), nil
}

// Publisher takes the right to publish for this process. It waits for nobody, except, for
// a moment, for the end of a process that is dying. Errors: *[RoleError] if a process that
// lives has it; *shm.CorruptError; [ErrDetached].
func (b *Broadcast[T]) Publisher() (*Publisher[T], error) {
	return b.publisher(context.Background(), false)
}

// PublisherContext is Publisher that waits until nobody publishes, because who does gives
// that up or dies. It gives up when ctx ends, and then returns the cause of ctx.
func (b *Broadcast[T]) PublisherContext(ctx context.Context) (*Publisher[T], error) {
	return b.publisher(ctx, true)
}

func (b *Broadcast[T]) publisher(ctx context.Context, patient bool) (*Publisher[T], error) {
	o := b.obj.Load()
	if o == nil {
		return nil, ErrDetached
	}
	h := b.memory.head
	p := &Publisher[T]{slots: b.memory}
	p.role = role{o, &h.Publisher, "publisher"}
	var err error
	if p.tookOver, err = p.claim(ctx, patient); err != nil {
		return nil, err
	}
	if p.tookOver {
		atomic.AddUint64(&h.Takeovers, 1)
	}
	if p.tail, err = p.slots.tail(); err != nil {
		p.giveBack()
		return nil, err
	}
	o.Retain()
	begin(&p.end, p, &h.Closing, &h.Items, &h.Items, ErrFull, p.open)
	return p, nil
}

// Subscriber makes a reader of what is published from now on; see [Subscriber.Rewind] for
// what came before. Errors: [ErrDetached].
func (b *Broadcast[T]) Subscriber() (*Subscriber[T], error) {
	o := b.obj.Load()
	if o == nil {
		return nil, ErrDetached
	}
	h := b.memory.head
	s := &Subscriber[T]{slots: b.memory}
	s.move(atomic.LoadUint64(&h.Tail))
	s.role, s.peer = role{obj: o}, role{o, &h.Publisher, "publisher"}
	o.Retain()
	begin(&s.end, s, &h.Closing, &h.Items, &h.Items, ErrEmpty, s.there)
	return s, nil
}

// Published is how many messages were published, ever.
func (b *Broadcast[T]) Published() uint64 {
	if b.obj.Load() == nil {
		return 0
	}
	return atomic.LoadUint64(&b.memory.head.Tail)
}

// Cap is how many of the last messages the ring keeps.
func (b *Broadcast[T]) Cap() int { return int(b.memory.n) }

// String is for people.
func (b *Broadcast[T]) String() string {
	if b.obj.Load() == nil {
		return "Broadcast(detached)"
	}
	return fmt.Sprintf("Broadcast(%d published, the last %d kept)", b.Published(), b.Cap())
}

// slots are those of a broadcast, as one process has them mapped.
type slots struct {
	obj    *shm.Object
	head   *layout.BroadcastHead
	words  []uint64
	n      uint64 // how many slots, a power of two
	stride uint64 // words of one
}

func slotsOf(o *shm.Object) slots {
	spec := o.Spec()
	return slots{o, shm.Head[layout.BroadcastHead](o, 0), wordsOf(o), spec.Count, layout.BroadcastSlot(uint64(spec.Type.Size)) / 8}
}

// slot is that of message t: its word, and the message.
func (s *slots) slot(t uint64) []uint64 {
	from := (t & (s.n - 1)) * s.stride
	return s.words[from : from+s.stride]
}

// tail is the next message to publish. The last publisher may have died just before it
// said so. Errors: *shm.CorruptError.
func (s *slots) tail() (uint64, error) {
	t := atomic.LoadUint64(&s.head.Tail)
	if t > 0 {
		if w := atomic.LoadUint64(&s.slot(t - 1)[0]); w != 2*t { // sync: message broadcast
			return 0, &shm.CorruptError{Field: "broadcast.Tail", Value: t}
		}
	}
	if atomic.LoadUint64(&s.slot(t)[0]) == 2*t+2 { // sync: message broadcast
		t++
		atomic.StoreUint64(&s.head.Tail, t)
	}
	return t, nil
}

// unwritten tells whether message t is not published yet, if its slot has the word w.
func (s *slots) unwritten(t, w uint64) bool {
	return w == 0 && t < s.n || w == 2*t+1 || w != 0 && (w-1)/2+s.n == t
}
