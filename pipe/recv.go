package pipe

import (
	"bytes"
	"context"
	"math"

	"shmkit/internal/codec"
)

// giver is a transport that may have the message that next told of in memory of its own,
// which it gives away and forgets: nil if not.
type giver interface{ give() []byte }

// RecvBytes receives a message, and waits for one as long as it takes. Errors: io.EOF when
// the other end is closed, or its process dead, and nothing is left; [ErrClosed];
// [ErrDirection]; os.ErrDeadlineExceeded; *shm.CorruptError; *ring.RoleError if the end is
// another process's now.
func (c *Conn) RecvBytes() ([]byte, error) { return c.RecvBytesContext(context.Background()) }

// RecvBytesContext is RecvBytes that gives up when ctx ends: it then returns the cause of
// ctx, and no message is lost. If there is a message ctx is not looked at.
func (c *Conn) RecvBytesContext(ctx context.Context) ([]byte, error) {
	return c.recv(ctx, math.MaxInt)
}

// RecvBytesMax is RecvBytes of at most n bytes. [*TooShortError] if the next message is
// longer: it stays.
func (c *Conn) RecvBytesMax(n int) ([]byte, error) { return c.recv(context.Background(), n) }

// RecvBytesMaxContext is RecvBytesMax that gives up when ctx ends.
func (c *Conn) RecvBytesMaxContext(ctx context.Context, n int) ([]byte, error) {
	return c.recv(ctx, n)
}

func (c *Conn) recv(ctx context.Context, most int) ([]byte, error) {
	op, size, err := c.await(ctx, most)
	if err != nil {
		return nil, err
	}
	defer op.end()
	if g, ok := c.t.(giver); ok {
		if b := g.give(); b != nil {
			return b, nil
		}
	}
	buf := make([]byte, size)
	return buf, c.t.take(buf)
}

// await waits for a message of at most so many bytes, which the caller then takes, and ends
// the call.
func (c *Conn) await(ctx context.Context, most int) (op call, size int, err error) {
	if op, err = c.begin(ctx, &c.in); err != nil {
		return op, 0, err
	}
	size, err = c.t.next(op.ctx)
	if err == nil && size > most {
		err = &TooShortError{Size: size, Room: most}
	}
	if err != nil {
		op.end()
	}
	return op, size, err
}

// RecvInto receives a message into buf, and tells its length. [*TooShortError] if it is
// longer than buf: it stays, and buf is as it was. Else as RecvBytes.
func (c *Conn) RecvInto(buf []byte) (n int, err error) {
	return c.RecvIntoContext(context.Background(), buf)
}

// RecvIntoContext is RecvInto that gives up when ctx ends.
func (c *Conn) RecvIntoContext(ctx context.Context, buf []byte) (n int, err error) {
	if n, err, ok := c.recvQuick(buf); ok {
		return n, err
	}
	op, size, err := c.await(ctx, len(buf))
	if err != nil {
		return 0, err
	}
	defer op.end()
	return size, c.t.take(buf[:size])
}

// Recv receives a message that was sent with Send, into what v points to. A message that
// cannot be decoded is taken all the same. Errors: [*CodecError]; else as RecvBytes.
func (c *Conn) Recv(v any) error { return c.RecvContext(context.Background(), v) }

// RecvContext is Recv that gives up when ctx ends.
func (c *Conn) RecvContext(ctx context.Context, v any) error {
	op, size, err := c.await(ctx, math.MaxInt)
	if err != nil {
		return err
	}
	buf := codec.NewBuffer()
	defer buf.Free()
	b := buf.Room(size)
	err = c.t.take(b)
	op.end() // decoding may run code of the caller
	if err != nil {
		return err
	}
	if err = decode(b, v); err != nil && bytes.HasPrefix(b, []byte(challengeMark)) {
		return errWantsKey()
	}
	return err
}

// Recv receives a T that was sent with [Conn.Send]. Errors: as [Conn.Recv].
func Recv[T any](c *Conn) (T, error) { return RecvContext[T](context.Background(), c) }

// RecvContext is Recv that gives up when ctx ends.
func RecvContext[T any](ctx context.Context, c *Conn) (v T, err error) {
	err = c.RecvContext(ctx, &v)
	return v, err
}
