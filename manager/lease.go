package manager

import (
	"context"
	"sync/atomic"
	"time"

	"shmkit/internal/wire"
	"shmkit/ring"
)

// Lease is a message that this client has taken and not yet acknowledged. All methods may be
// called concurrently. It belongs to one process: until Ack or Nack, if that dies, or is cut
// off, the message goes to another consumer, ahead of newer ones. A Lease that is dropped
// without either stays in flight as long as the client.
type Lease[T any] struct {
	// Value is the message.
	Value      *T
	q          Queue[T]
	lease      leases
	deliveries uint64
	over       atomic.Bool
}

// Lease takes the oldest message, and waits for one as long as it takes.
// Errors: as Get; a message that cannot be decoded is taken, as by Get.
func (q *Queue[T]) Lease() (*Lease[T], error) { return q.takeLease(inherit, 0) }

// LeaseContext is Lease that gives up when ctx ends; see GetContext.
func (q *Queue[T]) LeaseContext(ctx context.Context) (*Lease[T], error) { return q.takeLease(ctx, 0) }

// TryLease is Lease that does not wait: ring.ErrEmpty if there is no message.
func (q *Queue[T]) TryLease() (*Lease[T], error) { return q.takeLease(inherit, -1) }

func (q *Queue[T]) takeLease(ctx context.Context, patience time.Duration) (*Lease[T], error) {
	l := &Lease[T]{Value: new(T), q: *q}
	var err error
	if l.lease, l.deliveries, err = q.take(ctx, patience, l.Value); err != nil {
		q.acknowledge(l.lease)
		return nil, err
	}
	return l, nil
}

// Deliveries is how often the message was delivered before: 0 unless clients died with it, or
// gave it back.
func (l *Lease[T]) Deliveries() int { return int(l.deliveries) }

// Ack says that the message is dealt with: when it returns nil nobody gets it again. The
// handle of the queue is not needed for it any more.
// Errors: ring.ErrNotHeld the second time; ErrServerGone, and then it is not known.
func (l *Lease[T]) Ack() error { return l.end(wire.QueueAck) }

// Nack gives the message back, to whoever comes next, with one more delivery counted.
// Errors: as Ack.
func (l *Lease[T]) Nack() error { return l.end(wire.QueueNack) }

func (l *Lease[T]) end(m wire.Method) error {
	if l.over.Swap(true) {
		return ring.ErrNotHeld
	}
	return l.q.conclude(m, l.lease)
}

// conclude says what becomes of messages that this client has, whatever contexts say.
func (p *proxy) conclude(m wire.Method, l leases) error {
	f := wire.Frame{Method: p.of(m), Session: p.ref.epoch, Object: p.ref.id, Body: l.append(nil)}
	k, _, err := p.ref.c.call(context.Background(), f)
	if err == nil {
		k.free()
	}
	return err
}
