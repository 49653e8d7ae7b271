package pipe

import (
	"context"
	"sync"
)

// TrySendBytes sends b as one message if that needs no waiting for anybody, and tells
// whether it did: else nothing of it is sent. b is the caller's again when it returns. It is
// false while there is no room, while somebody else sends, and, over rings, always for a
// message that is so long that it goes in pieces, with half of the room or more. Errors: as
// SendBytes.
//
// Over a socket the kernel may take a part of the message only. Then the message is sent
// all the same: a copy of the rest, never of more than one message, is kept by this end and
// goes out, in a goroutine, as soon as there is room. Until it has gone TrySendBytes is
// false, and other sends wait, as long as their contexts and the deadline let them; neither
// ends the sending of the rest. CloseWrite takes effect behind it. Close returns at once and
// leaves the rest some seconds. If it cannot go out later sends give the error. If this process
// ends before it has gone, the other end gets io.ErrUnexpectedEOF for the message: see Flush.
// With TLS it is the same, but that there has to be some room before anything is encrypted.
//
// In the terminology of the Go memory model it synchronizes before the call that
// receives the message returns.
func (c *Conn) TrySendBytes(b []byte) (sent bool, err error) {
	if err, ok := c.sendQuick(b); ok {
		return err == nil, err
	}
	op, ok, err := c.tryBegin(&c.out)
	if !ok {
		return false, err
	}
	sent, rest, err := c.t.trySend(b)
	if rest == nil {
		op.end()
		return sent, err
	}
	c.finish(op, rest)
	return sent, err
}

// finish runs rest, which has the turn of op for as long, or until Close takes that away: then
// nobody sends any more.
func (c *Conn) finish(op call, rest func()) {
	end := sync.OnceFunc(op.end)
	if c.out.giveUp.Store(&end); c.closed.Load() {
		end()
	}
	go func() {
		rest()
		c.out.giveUp.Store(nil) // while the turn is ours, or nobody's for ever
		end()
	}()
}

// tryBegin is begin that does not wait; ok is false if the turn is somebody else's.
func (c *Conn) tryBegin(h *half) (op call, ok bool, err error) {
	if err := c.allows(h); err != nil {
		return op, false, err
	}
	if due := h.until.context(); due.Err() != nil {
		return op, false, context.Cause(due)
	}
	if !h.turn.tryLock() {
		return op, false, nil
	}
	if op.half = h; c.closed.Load() {
		op.end()
		return op, false, ErrClosed
	}
	return op, true, nil
}

// Flush waits until the kernel has all that TrySendBytes accepted, or ctx ends: it then
// returns the cause of ctx, and the sending goes on. After it, that reaches the other end
// whatever becomes of this process. Errors: as SendBytes; that of the sending if it failed.
func (c *Conn) Flush(ctx context.Context) error {
	op, err := c.begin(ctx, &c.out)
	if err != nil {
		return err
	}
	defer op.end()
	if s, ok := c.t.(*stream); ok {
		return s.lost
	}
	return nil
}
