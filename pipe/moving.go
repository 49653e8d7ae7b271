package pipe

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
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
	op, s, err := c.beginFile(ctx, &c.out)
	if err != nil {
		return err
	}
	defer op.end()
	// Whoever waits for a message of other holds this up, as it would Close of rings.
	for _, h := range []*half{&other.in, &other.out} {
		held, err := other.begin(ctx, h)
		if err != nil {
			return err
		}
		defer held.end()
	}
	moved, ok := other.t.(*stream)
	if !ok || moved.conn != moved.sock {
		return fmt.Errorf("%w: %T cannot be sent", ErrFamily, other.t)
	}
	if err := s.sendStream(op.ctx, moved); err != nil {
		return err
	}
	other.closed.Store(true)
	moved.drop()
	return nil
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
// it takes; options are as for Dial, of which only WithMaxMessage counts. If the
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
	s := newStream(sock, o.limit)
	if len(rest) > 0 {
		s.buf = make([]byte, max(len(rest), readAhead))
		s.w = copy(s.buf, rest)
	}
	return s, nil
}
