package manager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shmkit/internal/wire"
	"shmkit/ring"
)

// Queue is a handle of a queue of Ts at the server: first in, first out, bounded or not.
// Those who wait are served in the order in which they came.
//
// Use [NewQueue], [OpenQueue] or unmarshal one that another process sent; a Queue must not be
// copied. All methods may be called concurrently, and from several processes, producers and
// consumers alike. A message that is taken is lent to the client until that has said that it
// came, which Get does on its own: if the client dies before, or is cut off, the message goes
// to another consumer, ahead of newer ones. If it dies in Put, the message is there, once, or
// not. Messages that are handles of objects at the same server keep these alive.
//
// With the server all messages go, unless it has a log.
type Queue[T any] struct{ items[T] }

// defaultBytes is how much the messages of a queue may be unless MaxBytes says something else.
const defaultBytes = 1 << 30

// MaxBytes limits what a queue keeps to so many bytes, 1 GiB without it: encoded messages,
// waiting or taken, and 64 bytes for each of them. Whoever puts more gets ring.ErrFull.
func MaxBytes(n int64) Option { return func(s *settings) { s.bytes = n } }

// NewQueue makes an empty Queue that has room for capacity messages; 0 is as many as fit in
// MaxBytes.
// Errors: ring.ErrCapacity; as any call.
func NewQueue[T any](c *Client, capacity int, options ...Option) (*Queue[T], error) {
	q := &Queue[T]{}
	if err := q.prepare(); err != nil {
		return nil, err
	}
	var err error
	q.proxy, err = createQueue(c, wire.TypeQueue, capacity, options)
	return q, err
}

func createQueue(c *Client, kind wire.Type, capacity int, options []Option) (proxy, error) {
	s := settle(options)
	if s.bytes == 0 {
		s.bytes = defaultBytes
	}
	if capacity < 0 || s.bytes < 0 {
		return proxy{}, fmt.Errorf("%w: %d messages of %d bytes together", ring.ErrCapacity, capacity, s.bytes)
	}
	args := wire.AppendUint(wire.AppendUint(nil, uint64(capacity)), uint64(s.bytes))
	return create(c, kind, options, args)
}

// OpenQueue opens the Queue of that name.
// Errors: ErrNotFound; ErrType.
func OpenQueue[T any](c *Client, name string) (*Queue[T], error) {
	q := &Queue[T]{}
	if err := q.prepare(); err != nil {
		return nil, err
	}
	var err error
	q.proxy, err = open(c, wire.TypeQueue, name)
	return q, err
}

// of is a method of queues for the kind that this is.
func (p *proxy) of(m wire.Method) wire.Method {
	if p.ref == nil {
		return m
	}
	return m.Of(p.ref.kind)
}

// Put puts v at the end, and waits for room as long as it takes. When it returns nil, v is in
// the queue whatever becomes of this process.
// Errors: ring.ErrClosed; ring.ErrFull if there is more in the queue than MaxBytes allows.
//
// In the terminology of the Go memory model it synchronizes before the Get that returns v.
func (q *Queue[T]) Put(v T) error { return q.put(inherit, &v, 0) }

// PutContext is Put that gives up when ctx ends: it then returns the cause of ctx, and v is not
// in the queue. If there is room ctx is not looked at, and if v was put just when ctx ended it
// returns nil. With ErrUnknown besides, v may be in the queue.
func (q *Queue[T]) PutContext(ctx context.Context, v T) error { return q.put(ctx, &v, 0) }

// TryPut is Put that does not wait: ring.ErrFull if there is no room.
func (q *Queue[T]) TryPut(v T) error { return q.put(inherit, &v, -1) }

func (q *Queue[T]) put(ctx context.Context, v *T, patience time.Duration) error {
	var room [64]byte
	item, err := q.append(q.ref.client(), room[:0], v)
	if err != nil {
		return err
	}
	k, _, err := q.attempt(ctx, wire.QueuePut, item, patience, nil)
	if err == nil {
		k.free()
	}
	return err
}

// attempt calls a method of a queue that may wait. If ctx has ended it does not, but all else it
// does: then the cause of ctx tells that it would have waited.
func (p *proxy) attempt(ctx context.Context, m wire.Method, body []byte, patience time.Duration, u undo) (*call, wire.Reader, error) {
	if p.detached() {
		return nil, wire.Reader{}, errDetached
	}
	ctx = p.within(ctx)
	over := patience >= 0 && ctx.Err() != nil
	within := ctx
	if over {
		within, patience, u = context.WithoutCancel(ctx), -1, nil
	}
	f := wire.Frame{Method: m.Of(p.ref.kind), Session: p.ref.epoch, Object: p.ref.id, Deadline: int64(patience), Body: body}
	k, err := p.ref.c.doFor(p.ref.queue, within, f, u)
	if err != nil {
		return nil, wire.Reader{}, err
	}
	r, err := k.answer()
	switch {
	case err == nil:
		return k, r, nil
	case over && (errors.Is(err, ring.ErrFull) || errors.Is(err, ring.ErrEmpty) || errors.Is(err, ErrWouldWait)):
		err = context.Cause(ctx)
	case p.detached() && errors.Is(err, context.Canceled):
		err = errDetached
	}
	k.free()
	return nil, wire.Reader{}, err
}

// undoes is what takes back what calls give.
func (p *proxy) undoes() *queueUse {
	if p.ref == nil {
		return &queueUse{}
	}
	return p.ref.queue
}

func (p *proxy) detached() bool { return p.ref == nil || p.ref.closed.Load() }

// order is attempt for a method that does not wait, and gives nothing.
func (p *proxy) order(m wire.Method, body []byte) error {
	k, _, err := p.attempt(inherit, m, body, -1, nil)
	if err == nil {
		k.free()
	}
	return err
}

// Get takes the oldest message, and waits for one as long as it takes.
// Errors: ring.ErrClosed when the queue is closed and nothing is left, and no other client has
// a message that may come back. A message that cannot be decoded is taken all the same.
func (q *Queue[T]) Get() (T, error) { return q.get(inherit, 0) }

// GetContext is Get that gives up when ctx ends: it then returns the cause of ctx, and has
// taken nothing. If there is a message ctx is not looked at, and one that was given just when
// ctx ended is returned. With ErrUnknown besides, the message goes back.
func (q *Queue[T]) GetContext(ctx context.Context) (T, error) { return q.get(ctx, 0) }

// TryGet is Get that does not wait: ring.ErrEmpty if there is no message.
func (q *Queue[T]) TryGet() (T, error) { return q.get(inherit, -1) }

func (q *Queue[T]) get(ctx context.Context, patience time.Duration) (v T, err error) {
	lease, _, err := q.take(ctx, patience, &v)
	q.acknowledge(lease)
	return v, err
}

// take takes a message into v, and gives its lease: of none if there is no message.
func (q *Queue[T]) take(ctx context.Context, patience time.Duration, v *T) (l leases, deliveries uint64, err error) {
	k, r, err := q.attempt(ctx, wire.QueueGet, nil, patience, q.undoes().undoGet)
	if err != nil {
		return leases{}, 0, err
	}
	defer k.free()
	l.first, deliveries = r.Uint(), r.Uint()
	item := wire.Item(r.Rest())
	if err := r.Err(); err != nil {
		return leases{}, 0, err
	}
	l.n = 1
	*v, err = q.read(item, false)
	return l, deliveries, err
}

// leases are messages that this client has, numbered one after the other.
type leases struct {
	first, n uint64
}

// append appends them, and that the session does not want to be given the references in them:
// handles of what was taken have their own.
func (l leases) append(b []byte) []byte {
	return wire.AppendBool(wire.AppendUint(wire.AppendUint(b, l.first), l.n), true)
}

// acknowledge says that messages have come.
// The server has it even if this process is killed after that, unless it does not read.
func (p *proxy) acknowledge(l leases) {
	if l.n > 0 {
		p.tell(p.of(wire.QueueAck), l.append(nil))
		if conn := p.ref.c.conn.Load(); conn != nil {
			conn.out.awaitSent(p.ref.c.unknown)
		}
	}
}

// giveBack says that messages are of no use here.
func (p *proxy) giveBack(l leases) {
	if l.n > 0 {
		p.tell(p.of(wire.QueueNack), l.append(nil))
	}
}

// Close closes the queue for everybody: nothing can be put any more; what is in it can be
// taken, and then Get gives ring.ErrClosed. Calling it again does nothing. The handle stays;
// see Detach.
func (q *Queue[T]) Close() error { return q.order(wire.QueueClose, nil) }

// Detach gives up this handle: the queue goes with its messages when it was the last, and it
// has no name. Later calls, and those that wait, give ErrClosed, which is ring.ErrDetached
// too.
func (q *Queue[T]) Detach() error {
	if q.detached() {
		return errDetached
	}
	return q.proxy.Close()
}

// Ctx is the same Queue, whose calls end with ctx.
func (q *Queue[T]) Ctx(ctx context.Context) *Queue[T] {
	w := *q
	w.ctx = ctx
	return &w
}

func (*Queue[T]) want() wire.Type { return wire.TypeQueue }

// UnmarshalBinary implements encoding.BinaryUnmarshaler as that of Value does.
func (q *Queue[T]) UnmarshalBinary(b []byte) error { return q.unmarshal(q.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (q *Queue[T]) UnmarshalText(text []byte) error { return q.unmarshalText(q.want(), text) }
