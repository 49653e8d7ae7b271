package ring

import (
	"context"
	"runtime"

	"shmkit/internal/codec"
	"shmkit/internal/race"
)

// These are the methods of a Queue whose messages are not plain memory. They take and give
// Ts by value, so that those of the others need no memory of the heap.

// putEncoded is PutContext.
func (q *Queue[T]) putEncoded(ctx context.Context, c *core, v T) error {
	m, err := outgoingOf(c.how, &v)
	defer m.free()
	if err != nil {
		return err
	}
	if err = c.putBytes(m.bytes); err == ErrFull {
		need := wantRoom | blocks(1+c.further(len(m.bytes)))
		err = c.persist(ctx, &q.core, need, ErrFull, func() error { return c.putBytes(m.bytes) })
	}
	runtime.KeepAlive(q)
	return err
}

// tryPutEncoded is TryPut.
func (q *Queue[T]) tryPutEncoded(c *core, v T) error {
	m, err := outgoingOf(c.how, &v)
	defer m.free()
	if err == nil {
		err = c.putBytes(m.bytes)
	}
	runtime.KeepAlive(q)
	return err
}

// putAll puts one of list after the other, with put.
func putAll[T any](list []T, put func(T) error) (n int, err error) {
	for _, v := range list {
		if err := put(v); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// getEncoded is GetContext.
func (q *Queue[T]) getEncoded(ctx context.Context, c *core) (v T, err error) {
	if err = q.takeEncoded(c, &v); err == ErrEmpty {
		err = c.persist(ctx, &q.core, wantItem, ErrEmpty, func() error { return q.takeEncoded(c, &v) })
	}
	return v, err
}

// tryGetEncoded is TryGet.
func (q *Queue[T]) tryGetEncoded(c *core) (v T, err error) {
	if err = q.takeEncoded(c, &v); c.comeBack(err) {
		err = q.takeEncoded(c, &v)
	}
	return v, err
}

// takeEncoded takes the oldest message into v. A message is copied and acknowledged, and
// then decoded, which may take long and run code of others. One that makes no sense is gone
// too, or it would stay the oldest for ever.
func (q *Queue[T]) takeEncoded(c *core, v *T) error {
	b, _, err := c.grab()
	if err != nil {
		return err
	}
	var buf *codec.Buffer
	raw, err := c.fetch(b, func(n int) (room []byte) {
		room, buf = c.how.incoming(n)
		return room
	})
	c.done(b, len(raw))
	runtime.KeepAlive(q)
	if buf != nil {
		defer buf.Free()
	}
	if err != nil {
		return err
	}
	return arrived(c.how, raw, v)
}

// grab takes the oldest message, and leaves it in block b, whose word is then held.
func (c *core) grab() (b uint32, held uint64, err error) {
	for {
		t, w, b, err := c.front()
		if err != nil {
			return 0, 0, err
		}
		if held = c.hold(t, w, b); held == 0 {
			continue
		}
		if race.Enabled {
			c.raceAcquire()
		}
		return b, held, nil
	}
}

// arrived is arrive that leaves *v zero if it fails.
func arrived[T any](how *coding, raw []byte, v *T) error {
	err := arrive(how, raw, v)
	if err != nil {
		*v = *new(T)
	}
	return err
}

// takeSomeEncoded is takeSome.
func (q *Queue[T]) takeSomeEncoded(c *core, list []T) (n int, err error) {
	for n < len(list) {
		if err := q.takeEncoded(c, &list[n]); err != nil {
			if n > 0 && (err == ErrEmpty || err == ErrClosed) {
				err = nil // the next call meets it again
			}
			return n, err
		}
		n++
	}
	return n, nil
}

// leaseEncoded is TryLease.
func (q *Queue[T]) leaseEncoded(c *core) (l *Lease[T], err error) {
	b, held, err := c.grab()
	if err != nil {
		return nil, err
	}
	defer func() {
		if l == nil { // also if what decodes it has panicked
			c.ack(b, held) // a barrier, which done is not: in a Joinable somebody may wait for it
		}
	}()
	taken := &Lease[T]{new(T), q, c, b, held}
	if err := taken.decode(); err != nil {
		return nil, err
	}
	return taken, nil
}

// decode makes Value of the message: in place, if it is bytes and in one block.
func (l *Lease[T]) decode() error {
	n, err := l.c.lengthOf(l.block)
	if err != nil {
		return err
	}
	how := l.c.how
	if how.form == asBytes && l.c.further(n) == 0 {
		return arrive(how, l.c.bytes(l.block)[:n:n], l.Value)
	}
	raw, buf := how.incoming(n)
	if buf != nil {
		defer buf.Free()
	}
	if err := l.c.copyOut(l.block, raw); err != nil {
		return err
	}
	return arrive(how, raw, l.Value)
}

// loanEncoded is TryLoan, with block b claimed.
func (q *Queue[T]) loanEncoded(c *core, b uint32) *Loan[T] {
	c.cell(b).Next = 0
	l := &Loan[T]{Value: new(T), q: q, c: c, block: b}
	if c.how.form == asBytes {
		room := c.bytes(b)
		*asByteSlice(l.Value) = room[:len(room):len(room)]
	}
	return l
}

// unfilled is what TryPublish gives when fill gave err: after Close nobody waits for blocks.
func (l *Loan[T]) unfilled(err error) error {
	if err == ErrFull && l.c.closing() {
		l.c.discard(l.block)
		l.Value, l.c = nil, nil
		return ErrClosed
	}
	return err
}

// fill writes Value to the block, if it is not there, and to others that it takes. With an
// error nothing has changed.
func (l *Loan[T]) fill() error {
	c, how := l.c, l.c.how
	l.further = 0
	if how.form == asBytes && c.size > 0 {
		if b := *asByteSlice(l.Value); samePlace(b, c.bytes(l.block)) && uint64(len(b)) <= c.size {
			c.cell(l.block).Length = uint64(len(b))
			return nil
		}
	}
	m, err := outgoingOf(how, l.Value)
	defer m.free()
	if err != nil {
		return err
	}
	if uint64(len(m.bytes)) > c.most {
		return c.tooLong(len(m.bytes))
	}
	l.further = c.further(len(m.bytes))
	if err = c.fill(l.block, m.bytes); err == nil && how.form == asBytes && within(m.bytes, c.bytes(l.block)) {
		// It has moved to the front of the block, where the next try finds it.
		*asByteSlice(l.Value) = c.bytes(l.block)[:len(m.bytes):c.size]
	}
	return err
}
