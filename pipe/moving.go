package pipe

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync/atomic"
)

// SendConn sends a whole connection of the family "unix" or "tcp" over one of the family
// "unix", with what other had received and nobody taken yet. [Conn.RecvConn] receives it,
// and other is closed here. If that process dies before it received it, the connection
// ends. Connections over rings are sent by [Conn.Send], as all handles are.
//
// Errors: [ErrFamily], also with TLS; [ErrBusy] if a file was sent over other and not
// taken; else as SendBytes. Then other is as before, unless the error is [ErrCut].
func (c *Conn) SendConn(other *Conn) error {
	return c.SendConnContext(context.Background(), other)
}

// SendConnContext is SendConn that gives up when ctx ends.
func (c *Conn) SendConnContext(ctx context.Context, other *Conn) error {
	if other == c {
		return ErrBusy
	}
	s, err := c.unix()
	if err != nil {
		return err
	}
	moved, err := other.movable()
	if err != nil {
		return err
	}
	out, end, err := c.beginWith(ctx, other)
	if err != nil {
		return err
	}
	defer end()
	if err := s.sendStream(out, moved); err != nil {
		return err
	}
	other.closed.Store(true)
	moved.drop()
	return nil
}

// movable gives the transport of a connection that can be sent.
func (c *Conn) movable() (*stream, error) {
	s, ok := c.t.(*stream)
	switch {
	case c.Closed():
		return nil, ErrClosed
	case !ok || s.conn != s.sock:
		return nil, fmt.Errorf("%w: %s cannot be sent, only \"unix\", and \"tcp\" without TLS", ErrFamily, c)
	}
	return s, nil
}

// beginWith is begin for sending over c, together with both directions of other. Whoever
// waits for a message of other holds this up. Close of either ends the wait.
//
// Order: turns of several connections are taken in the order of their numbers, and of one,
// that of receiving first. So calls that each have what the other one wants do not come about.
func (c *Conn) beginWith(ctx context.Context, other *Conn) (out context.Context, end func(), err error) {
	type part struct {
		c *Conn
		h *half
	}
	parts := []part{{c, &c.out}, {other, &other.in}, {other, &other.out}}
	if other.number < c.number {
		parts = append(parts[1:], parts[0])
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var settled atomic.Bool // all are ours, or some are not going to be
	giveUp := func() {
		if settled.CompareAndSwap(false, true) {
			cancel(ErrClosed)
		}
	}
	var ops []call
	end = func() {
		for _, op := range ops {
			op.half.giveUp.Store(nil)
			op.end()
		}
		cancel(nil)
	}
	for _, p := range parts {
		op, err := p.c.begin(ctx, p.h)
		if err != nil {
			end()
			return nil, nil, err
		}
		if ops = append(ops, op); p.c == c {
			out = op.ctx
		}
		if p.h.giveUp.Store(&giveUp); p.c.closed.Load() {
			giveUp()
		}
	}
	if !settled.CompareAndSwap(false, true) {
		end()
		return nil, nil, ErrClosed
	}
	return out, end, nil
}

// sendStream sends the socket of moved, and then what was read from it as a message.
func (s *stream) sendStream(ctx context.Context, moved *stream) error {
	switch {
	case moved.fileAt >= 0 || moved.moving != nil:
		return ErrBusy
	case moved.fault != nil:
		return moved.fault
	case moved.cut:
		return ErrCut
	}
	rest := moved.unread()
	if err := tooLong(uint64(len(rest)), s.limit); err != nil {
		return err
	}
	if err := s.sendFile(ctx, moved.sock.raw); err != nil {
		return err
	}
	if err := s.send(ctx, rest); err != nil {
		s.abandon() // the other end waits for what belongs to the socket
		return fmt.Errorf("%w: %w", ErrCut, err)
	}
	return nil
}

// unread gives the bytes that were read and belong to no message that was taken.
func (s *stream) unread() []byte {
	rest := s.buf[s.r:s.w]
	if s.msg == nil {
		return slices.Clone(rest)
	}
	b := appendHead(nil, uint64(s.size))
	if s.isLong() {
		b = append(b, s.msg...)
	}
	return append(b, rest...)
}

// RecvConn receives a connection that was sent with SendConn, and waits for one as long as
// it takes; options are as for Dial, of which only WithMaxMessage and WithKeepAlive count. If the
// process at its other end died meanwhile, the connection tells. Errors: [ErrNoFile] if
// something else comes next; else as RecvFile.
func (c *Conn) RecvConn(opts ...Option) (*Conn, error) {
	return c.RecvConnContext(context.Background(), opts...)
}

// RecvConnContext is RecvConn that gives up when ctx ends, and then has taken nothing.
func (c *Conn) RecvConnContext(ctx context.Context, opts ...Option) (*Conn, error) {
	op, s, err := c.beginFile(ctx, &c.in)
	if err != nil {
		return nil, err
	}
	defer op.end()
	f, rest, err := s.recvStream(op.ctx)
	if err != nil {
		return nil, err
	}
	moved, err := adopt(f, rest, collect(opts))
	if err != nil {
		return nil, err
	}
	return new(Conn).init(moved), nil
}

// recvStream receives what sendStream sent. What has come of it when ctx ends stays.
func (s *stream) recvStream(ctx context.Context) (*os.File, []byte, error) {
	f := s.moving
	if f == nil {
		var err error
		if f, err = s.recvFile(ctx); err != nil {
			return nil, nil, err
		}
	}
	s.moving = nil
	n, err := s.next(ctx)
	if err != nil {
		if s.fault == nil && err != ErrFile {
			s.moving = f
			return nil, nil, err
		}
		f.Close()
		return nil, nil, err
	}
	rest := make([]byte, n)
	return f, rest, s.take(rest)
}

// adopt makes a stream of a socket that another process has read from.
func adopt(f *os.File, rest []byte, o *options) (*stream, error) {
	defer f.Close() // FileConn has a descriptor of its own
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("%w: what came is no connection: %w", ErrNoFile, err)
	}
	sock, err := newSocket(c)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("%w: what came is no connection: %w", ErrNoFile, err)
	}
	if err := sock.watch(o.idle); err != nil {
		sock.Close()
		return nil, err
	}
	s := newStream(sock, o.limit)
	if len(rest) > 0 {
		s.buf = make([]byte, max(len(rest), readAhead))
		s.w = copy(s.buf, rest)
	}
	return s, nil
}
