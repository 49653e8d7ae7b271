package pipe

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Conn is one end of a connection, over which messages go one way or both ways: each is
// received whole, as it was sent, or not at all, and in order.
//
// Use [New], [NewIn], [Open], or unmarshal an end that another process sent; the zero value
// is only good for that, and a Conn must not be copied. All methods may be called
// concurrently; calls in the same direction take turns. An end belongs to one process at
// a time. If that process dies, or closes it, the other end receives what was sent and then
// io.EOF, and can send no more. A Conn that is forgotten counts as closed.
type Conn struct {
	t       transport
	rings   *rings // t, if it is that
	in, out half
	closed  atomic.Bool
	number  uint64 // in the order in which this process has made them; see beginWith
}

var numbers atomic.Uint64

// init makes c, which is new, an end that t serves.
func (c *Conn) init(t transport) *Conn {
	c.in.init()
	c.out.init()
	c.t = t
	c.number = numbers.Add(1)
	c.rings, _ = t.(*rings)
	return c
}

// releaser is a transport that has something to give back when nobody uses it any more.
type releaser interface{ release() error }

// Close ends both directions: the other end receives what was sent and then io.EOF, and
// can send no more; calls of this end that wait give [ErrClosed], and so do later ones.
//
// An end that was encoded, or has a name, and that this process has not used since, may be
// another's by now, or yet to be: then Close only ends this process's use of it.
func (c *Conn) Close() error {
	if c.t == nil || c.closed.Swap(true) {
		return ErrClosed
	}
	for _, h := range []*half{&c.in, &c.out} {
		if end := h.giveUp.Load(); end != nil { // who sets it looks at closed after that
			(*end)()
		}
	}
	err := c.t.close()
	if r, ok := c.t.(releaser); ok {
		c.lock()
		defer c.unlock()
		if e := r.release(); err == nil {
			err = e
		}
	}
	return err
}

// lock waits for those who use the transport.
func (c *Conn) lock() {
	c.in.turn.lock(context.Background())
	c.out.turn.lock(context.Background())
}

func (c *Conn) unlock() {
	c.out.turn.unlock()
	c.in.turn.unlock()
}

// CloseWrite ends the sending direction: the other end receives what was sent, and then
// io.EOF. Later sends give [ErrClosed]. Errors: [ErrDirection], [ErrClosed].
func (c *Conn) CloseWrite() error {
	switch {
	case c.t == nil || c.closed.Load():
		return ErrClosed
	case !c.t.writable():
		return ErrDirection
	}
	return c.t.closeWrite()
}

// Closed tells whether Close was called.
func (c *Conn) Closed() bool { return c.t == nil || c.closed.Load() }

// Readable tells whether this end receives.
func (c *Conn) Readable() bool { return c.t != nil && c.t.readable() }

// Writable tells whether this end sends.
func (c *Conn) Writable() bool { return c.t != nil && c.t.writable() }

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *Conn) SetDeadline(t time.Time) error {
	if c.Closed() {
		return ErrClosed
	}
	c.expire(&c.in, t)
	c.expire(&c.out, t)
	return nil
}

// SetReadDeadline makes receiving fail with os.ErrDeadlineExceeded from t on, also for
// calls that wait already; the zero time means never. A message is never lost by that.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if c.Closed() {
		return ErrClosed
	}
	c.expire(&c.in, t)
	return nil
}

// SetWriteDeadline is SetReadDeadline for sending. A message that was not sent in time is
// not received at all.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.Closed() {
		return ErrClosed
	}
	c.expire(&c.out, t)
	return nil
}

// expire sets the deadline of h.
func (c *Conn) expire(h *half, t time.Time) {
	if h.until.set(t) && c.rings != nil {
		c.rings.rouse()
	}
}

// String is for people.
func (c *Conn) String() string {
	switch {
	case c.t == nil:
		return "Conn(not open)"
	case c.closed.Load():
		return fmt.Sprintf("Conn(%s, closed)", c.t.local())
	}
	text := fmt.Sprintf("Conn(%s to %s", c.t.local(), c.t.remote())
	if s, ok := c.t.(fmt.Stringer); ok {
		text += ": " + s.String()
	}
	return text + ")"
}
