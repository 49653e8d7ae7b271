package pipe

import (
	"context"

	"shmkit/internal/codec"
)

// SendBytes sends b as one message; no bytes are a message too. It waits for room, and b is
// the caller's again when it returns. The message then reaches the other end whatever
// becomes of this process. Errors: [ErrPeerGone]; [ErrClosed], also if the end is closed
// meanwhile: then the message may be received all the same; [ErrDirection];
// os.ErrDeadlineExceeded; *shm.CorruptError; *ring.RoleError if the end is another
// process's now.
//
// In the terminology of the Go memory model it synchronizes before the call that
// receives the message returns.
func (c *Conn) SendBytes(b []byte) error { return c.SendBytesContext(context.Background(), b) }

// SendBytesContext is SendBytes that gives up when ctx ends: it then returns the cause of
// ctx, and the message is not received. If there is room ctx is not looked at.
func (c *Conn) SendBytesContext(ctx context.Context, b []byte) error {
	if err, ok := c.sendQuick(b); ok {
		return err
	}
	op, err := c.begin(ctx, &c.out)
	if err != nil {
		return err
	}
	defer op.end()
	parts := c.out.parts[:1]
	parts[0] = b
	defer clear(parts)
	return c.t.send(op.ctx, parts...)
}

// Send sends v, encoded as CBOR: numbers, text, bytes, slices, maps, structs, and what
// implements encoding.BinaryMarshaler or encoding.TextMarshaler, handles of shared objects and
// ends of connections among them. A type that has a field that cannot be sent, or that is not
// exported and would be lost, is refused; see ring.FieldError, and ring.CBOR. Errors:
// [*CodecError]; else as SendBytes.
//
// In the terminology of the Go memory model it synchronizes before the call that
// receives v returns.
func (c *Conn) Send(v any) error { return c.SendContext(context.Background(), v) }

// SendContext is Send that gives up when ctx ends.
func (c *Conn) SendContext(ctx context.Context, v any) error {
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := encode(buf, v); err != nil {
		return err
	}
	return c.SendBytesContext(ctx, buf.Bytes())
}
