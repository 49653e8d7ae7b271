package ring

import (
	"context"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
)

// Lease is a message that this process has taken and not yet acknowledged, in place.
// It is used by one goroutine at a time. Until Ack or Nack it counts as in flight; if
// the process dies before, the message goes to another consumer. A Lease that is
// dropped without either stays in flight as long as the process lives.
type Lease[T any] struct {
	// Value is the message, in shared memory if it is plain memory, or bytes that fit into
	// one block. It is valid until Ack or Nack.
	Value *T
	q     *Queue[T]
	c     *core
	block uint32
	held  uint64
}

// Lease takes the oldest message without a copy, and waits for one as long as it takes.
// Errors: as Get, which a message that makes no sense does not come back from either.
func (q *Queue[T]) Lease() (*Lease[T], error) { return q.LeaseContext(context.Background()) }

// LeaseContext is Lease that gives up when ctx ends; see GetContext.
func (q *Queue[T]) LeaseContext(ctx context.Context) (l *Lease[T], err error) {
	c := q.core.Load()
	if c == nil {
		return nil, ErrDetached
	}
	if l, err = q.lease(c); err == ErrEmpty {
		err = c.persist(ctx, &q.core, wantItem, ErrEmpty, func() (err error) { l, err = q.lease(c); return err })
	}
	return l, err
}

// TryLease is Lease that does not wait: [ErrEmpty] if there is no message.
func (q *Queue[T]) TryLease() (l *Lease[T], err error) {
	c := q.core.Load()
	if c == nil {
		return nil, ErrDetached
	}
	if l, err = q.lease(c); c.comeBack(err) {
		l, err = q.lease(c)
	}
	return l, err
}

func (q *Queue[T]) lease(c *core) (*Lease[T], error) {
	if c.how != nil {
		return q.leaseEncoded(c)
	}
	for {
		t, w, b, err := c.front()
		if err != nil {
			return nil, err
		}
		held := c.hold(t, w, b)
		if held == 0 {
			continue
		}
		if race.Enabled {
			c.raceAcquire()
		}
		return &Lease[T]{&payload[T](&c.memory, b).v, q, c, b, held}, nil
	}
}

// Deliveries is how often the message was delivered before: 0 unless consumers died
// with it, or gave it back. It stays at 127.
func (l *Lease[T]) Deliveries() int { return int(layout.CellDeliveries(l.held)) }

// Ack says that the message is dealt with: nobody gets it again. Errors: [ErrNotHeld]
// the second time; [ErrDetached] if the last handle of this process was detached before:
// then the message has gone back.
func (l *Lease[T]) Ack() error {
	if l.c == nil {
		return ErrNotHeld
	}
	c := l.c
	l.Value, l.c = nil, nil
	return l.q.inHand(c, func() error { return c.ack(l.block, l.held) })
}

// Nack gives the message back, to whoever comes next, with one more delivery counted.
// Errors: as Ack.
func (l *Lease[T]) Nack() error {
	if l.c == nil {
		return ErrNotHeld
	}
	c := l.c
	l.Value, l.c = nil, nil
	return l.q.inHand(c, func() error { return c.nack(l.block, l.held) })
}

// Loan is a block of the queue that this process fills in place. It is used by one
// goroutine at a time. If the process dies before Publish, nobody has seen anything
// and the block is free.
type Loan[T any] struct {
	// Value is what is to be sent, in shared memory; it holds what an earlier message
	// left. It is valid until Publish or Abandon. If T is bytes it is all of a block: cut
	// it to the length of the message. Other bytes in its place are copied. If T is encoded
	// Value is not in shared memory, and encoded by Publish.
	Value   *T
	q       *Queue[T]
	c       *core
	block   uint32
	further int // blocks that the message takes beyond this
}

// TryLoan takes a block to fill. Errors: [ErrFull] if all are in flight, [ErrClosed],
// [ErrDetached].
func (q *Queue[T]) TryLoan() (*Loan[T], error) {
	c := q.core.Load()
	if c == nil {
		return nil, ErrDetached
	}
	return q.loan(c)
}

func (q *Queue[T]) loan(c *core) (*Loan[T], error) {
	if c.closing() {
		return nil, ErrClosed
	}
	pos, _ := c.place(atomic.LoadUint64(&c.head.Tail)) // sync: tail
	b, err := c.claim(pos)
	if err != nil {
		return nil, err
	}
	if c.how != nil {
		return q.loanEncoded(c, b), nil
	}
	return &Loan[T]{Value: &payload[T](&c.memory, b).v, q: q, c: c, block: b}, nil
}

// Loan is TryLoan that waits for a block as long as it takes.
func (q *Queue[T]) Loan() (*Loan[T], error) { return q.LoanContext(context.Background()) }

// LoanContext is Loan that gives up when ctx ends.
func (q *Queue[T]) LoanContext(ctx context.Context) (l *Loan[T], err error) {
	c := q.core.Load()
	if c == nil {
		return nil, ErrDetached
	}
	if l, err = q.loan(c); err == ErrFull {
		err = c.persist(ctx, &q.core, wantBlock, ErrFull, func() (err error) { l, err = q.loan(c); return err })
	}
	return l, err
}

// Publish puts what was filled at the end of the queue, and waits for a place as long
// as it takes. Errors: [ErrClosed], [ErrDetached], and [ErrNotHeld] the second time. With an
// [*EncodeError] or a [*SizeError] the loan goes on.
func (l *Loan[T]) Publish() error { return l.PublishContext(context.Background()) }

// PublishContext is Publish that gives up when ctx ends: the loan goes on then.
func (l *Loan[T]) PublishContext(ctx context.Context) error {
	err := l.TryPublish()
	if err == ErrFull {
		need := wantRoom
		if l.further > 0 {
			need |= blocks(l.further)
		}
		err = l.c.persist(ctx, &l.q.core, need, ErrFull, l.tryPublish)
	}
	return err
}

// TryPublish is Publish that does not wait: with [ErrFull] the loan goes on.
func (l *Loan[T]) TryPublish() error {
	if l.c == nil {
		return ErrNotHeld
	}
	return l.q.inHand(l.c, l.tryPublish)
}

func (l *Loan[T]) tryPublish() error {
	c := l.c
	if c.how != nil {
		if err := l.fill(); err != nil {
			return l.unfilled(err)
		}
	}
	if race.Enabled {
		c.raceRelease()
	}
	err := c.publishLater(l.block)
	if err == ErrFull {
		cell := c.cell(l.block)
		atomic.StoreUint64(&cell.Block, c.loaned) // sync: message taken
		if atomic.LoadUint32(&cell.Next) != 0 {
			c.unlink(l.block)
			c.freed()
		}
		return err
	}
	l.Value, l.c = nil, nil
	if err != nil {
		c.discard(l.block)
	}
	return err
}

// Abandon gives the block back unpublished. Errors: [ErrNotHeld] the second time;
// [ErrDetached] as for Ack.
func (l *Loan[T]) Abandon() error {
	if l.c == nil {
		return ErrNotHeld
	}
	c := l.c
	l.Value, l.c = nil, nil
	return l.q.inHand(c, func() error { c.discard(l.block); return nil })
}
