package ring

import (
	"context"
	"runtime"
	"sync/atomic"

	"shmkit/internal/race"
	"shmkit/shm"
)

// Queue is a bounded queue of Ts that processes share, first in first out. If T is plain
// memory it travels as it is. If it is bytes or text these are the message, without a codec,
// so a Queue of either can be opened as one of the other. Any other T is encoded, see
// [WithCodec], shared objects among them: what travels is a handle, and it is the process
// that made it, or any other that has the object open, which keeps the object alive until
// the receiver has opened it.
//
// The capacity is exact for messages of one block. Longer ones, see [BlockSize], are put
// with all of their blocks or not at all, and wait for so many to be free.
//
// Use [New], [NewIn], [Open] or unmarshal one that another process sent; the zero value
// is only good for that, and a Queue must not be copied. All methods but Detach may be
// called concurrently, and from several processes, producers and consumers alike. A
// process that is killed or stopped inside any of them holds up nobody. If it dies, a
// message that it was putting is there or not, and one that it had taken and not
// acknowledged goes to another consumer. Get acknowledges what it returns.
//
// Who has what at each instant is told above the words in internal/layout/queue.go.
type Queue[T any] struct {
	core    atomic.Pointer[core] // nil after Detach
	cleanup runtime.Cleanup
}

// inFlight is how many blocks a queue has beyond its capacity, for messages that are
// being filled or are not acknowledged.
const inFlight = 64

// New makes an empty Queue of that capacity without a name on the process's default
// heap. It is freed when the last process that uses it detaches or dies. Errors:
// ErrCapacity; ErrBlockSize; *EncodeError, with a *FieldError, if messages of that type cannot
// be encoded; those of shm.Default and Segment.NewObject.
func New[T any](capacity int, options ...Option) (*Queue[T], error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return new(Queue[T]).create(shm.KindQueue, seg, "", capacity, options)
}

// NewIn makes an empty Queue called name in seg. It stays until Segment.RemoveObject.
// Errors: as New, shm.ErrExists among them.
func NewIn[T any](seg *shm.Segment, name string, capacity int, options ...Option) (*Queue[T], error) {
	return new(Queue[T]).create(shm.KindQueue, seg, name, capacity, options)
}

// Open opens the Queue called name in seg. Errors: shm.ErrNotFound; *shm.TypeError,
// which tells both types, if it is not a Queue of T with the same codec; *EncodeError as New;
// *shm.CorruptError.
func Open[T any](seg *shm.Segment, name string, options ...Option) (*Queue[T], error) {
	return new(Queue[T]).openNamed(shm.KindQueue, seg, name, options)
}

// openNamed makes q, which is new, a handle of an object that there is.
func (q *Queue[T]) openNamed(kind uint16, seg *shm.Segment, name string, options []Option) (*Queue[T], error) {
	want, how, err := specOf[T](kind, 0, options)
	if err != nil {
		return nil, err
	}
	o, err := seg.OpenObject(name, want)
	if err != nil {
		return nil, err
	}
	return q.init(o, how)
}

// create makes an object, and q, which is new, its handle.
func (q *Queue[T]) create(kind uint16, seg *shm.Segment, name string, capacity int, options []Option) (*Queue[T], error) {
	if err := checkCapacity(capacity); err != nil {
		return nil, err
	}
	spec, how, err := specOf[T](kind, capacity, options)
	if err != nil {
		return nil, err
	}
	o, err := seg.NewObject(name, spec, func(o *shm.Object) error {
		return o.InitQueue(uint32(capacity))
	})
	if err != nil {
		return nil, err
	}
	return q.init(o, how)
}

// init makes q a handle of o, which it then owns.
func (q *Queue[T]) init(o *shm.Object, how *coding) (*Queue[T], error) {
	c, err := newCore(o, how)
	if err != nil {
		o.Close()
		return nil, err
	}
	q.core.Store(c)
	q.cleanup = shm.AutoClose(q, o)
	return q, nil
}

// Put puts v at the end, and waits for room as long as it takes. Errors: [ErrClosed],
// [ErrDetached]; [*EncodeError], and [*SizeError] if v is longer than all blocks of the
// capacity, with the queue as it was. When it returns nil, v is in the queue whatever becomes of this
// process.
//
// In the terminology of the Go memory model it synchronizes before the Get that returns
// v.
func (q *Queue[T]) Put(v T) error { return q.PutContext(context.Background(), v) }

// PutContext is Put that gives up when ctx ends: it then returns the cause of ctx, and
// v is not in the queue. If there is room ctx is not looked at.
func (q *Queue[T]) PutContext(ctx context.Context, v T) error {
	c := q.core.Load()
	if c == nil {
		return ErrDetached
	}
	if c.how != nil {
		return q.putEncoded(ctx, c, v)
	}
	err := q.put(c, &v)
	if err == ErrFull {
		err = c.persist(ctx, &q.core, wantRoom|wantBlock, ErrFull, func() error { return q.put(c, &v) })
	}
	return err
}

// put puts *v at the end: ErrFull if there is no room.
func (q *Queue[T]) put(c *core, v *T) error {
	t, w, s, err := c.reserve()
	if err != nil {
		return err
	}
	*payload[T](&c.memory, s.block) = *asWhole(v)
	if race.Enabled {
		c.raceRelease()
	}
	err = c.publish(t, w, s)
	runtime.KeepAlive(q)
	return err
}

// TryPut is Put that does not wait: [ErrFull] if there is no room.
func (q *Queue[T]) TryPut(v T) error {
	c := q.core.Load()
	if c == nil {
		return ErrDetached
	}
	if c.how != nil {
		return q.tryPutEncoded(c, v)
	}
	return q.put(c, &v)
}

// Get takes the oldest message, and waits for one as long as it takes. Errors:
// [ErrClosed] when the queue is closed and nothing is left, and no other process has a
// message by Lease that may come back; [ErrDetached]. A message that
// makes no sense is taken all the same, and the queue goes on: [*DecodeError], which has its
// bytes; *shm.CorruptError if these cannot be found.
func (q *Queue[T]) Get() (T, error) { return q.GetContext(context.Background()) }

// GetContext is Get that gives up when ctx ends: it then returns the cause of ctx, and
// has taken nothing. If there is a message ctx is not looked at.
func (q *Queue[T]) GetContext(ctx context.Context) (v T, err error) {
	c := q.core.Load()
	if c == nil {
		return v, ErrDetached
	}
	if c.how != nil {
		return q.getEncoded(ctx, c)
	}
	if err = q.take(c, &v); err == ErrEmpty {
		err = c.persist(ctx, &q.core, wantItem, ErrEmpty, func() error { return q.take(c, &v) })
	}
	return v, err
}

// TryGet is Get that does not wait: [ErrEmpty] if there is no message.
func (q *Queue[T]) TryGet() (v T, err error) {
	c := q.core.Load()
	if c == nil {
		return v, ErrDetached
	}
	if c.how != nil {
		return q.tryGetEncoded(c)
	}
	if err = q.take(c, &v); c.comeBack(err) {
		err = q.take(c, &v)
	}
	return v, err
}

// take takes the oldest message into v.
func (q *Queue[T]) take(c *core, v *T) error {
	for {
		t, w, b, err := c.front()
		if err != nil {
			return err
		}
		if c.hold(t, w, b) == 0 {
			continue
		}
		if race.Enabled {
			c.raceAcquire()
		}
		*asWhole(v) = *payload[T](&c.memory, b)
		adopt[T](&c.memory, b)
		c.drop(&c.cell(b).Block)
		runtime.KeepAlive(q)
		return nil
	}
}

// Close closes the queue for everybody: nothing can be put any more; what is in it can
// be taken, and then Get returns [ErrClosed]. Calling it again does nothing. Errors:
// [ErrDetached].
func (q *Queue[T]) Close() error {
	c := q.core.Load()
	if c == nil {
		return ErrDetached
	}
	defer runtime.KeepAlive(q)
	c.close()
	return nil
}

// Detach ends this handle's use of the queue, which goes on for others. Goroutines that
// wait through this handle get [ErrDetached], unless they just got what they waited for. What
// is leased or on loan goes back when the process detaches its last handle. It must not run
// beside other calls that do not wait. A second Detach gives ErrDetached.
func (q *Queue[T]) Detach() error {
	c := q.core.Swap(nil)
	if c == nil {
		return ErrDetached
	}
	q.cleanup.Stop()
	c.wakeAll()
	return c.leave()
}
