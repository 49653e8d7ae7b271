package pipe

import (
	"context"
	"io"
	"net"
	"slices"
	"time"

	"shmkit/internal/codec"
)

// NetConn is a face of c for what wants a stream of bytes, such as TLS, HTTP or
// net/rpc: where messages begin is not kept. Call it once, and then receive through it
// only, for it may hold the rest of a message. Closing it closes c.
func (c *Conn) NetConn() net.Conn { return &netConn{c: c} }

// netConn is a Conn as a stream of bytes.
type netConn struct {
	c    *Conn
	rest []byte // of the last message; guarded by the turn of c.in
	buf  []byte // memory of rest
}

// piece is how many bytes of one Write are one message, at most: they reach the other end while the
// next ones are written.
const piece = 16 << 10

func (s *netConn) Read(b []byte) (n int, err error) {
	op, err := s.c.begin(context.Background(), &s.c.in)
	if err != nil {
		return 0, s.fail("read", err)
	}
	defer op.end()
	if len(b) == 0 {
		return 0, nil
	}
	for len(s.rest) == 0 {
		size, err := s.c.t.next(op.ctx)
		if err != nil {
			return 0, s.fail("read", err)
		}
		if size > 0 && size <= len(b) {
			return size, s.fail("read", s.c.t.take(b[:size]))
		}
		s.buf = slices.Grow(s.buf[:0], size)[:size]
		if err := s.c.t.take(s.buf); err != nil {
			return 0, s.fail("read", err)
		}
		s.rest = s.buf
	}
	n = copy(b, s.rest)
	if s.rest = s.rest[n:]; len(s.rest) == 0 && cap(s.buf) > codec.Hoard {
		s.buf = nil
	}
	return n, nil
}

func (s *netConn) Write(b []byte) (n int, err error) {
	op, err := s.c.begin(context.Background(), &s.c.out)
	if err != nil {
		return 0, s.fail("write", err)
	}
	defer op.end()
	parts := s.c.out.parts[:1]
	defer clear(parts)
	most := max(min(piece, s.c.t.longest()), 1)
	for n < len(b) {
		next := min(n+most, len(b))
		parts[0] = b[n:next]
		if err := s.c.t.send(op.ctx, parts...); err != nil {
			return n, s.fail("write", err)
		}
		n = next
	}
	return n, nil
}

// CloseWrite is that of the Conn, as *net.TCPConn has it.
func (s *netConn) CloseWrite() error { return s.fail("close", s.c.CloseWrite()) }

func (s *netConn) Close() error { return s.fail("close", s.c.Close()) }

func (s *netConn) LocalAddr() net.Addr {
	if s.c.t == nil { // it was never opened
		return address("")
	}
	return address(s.c.t.local())
}

func (s *netConn) RemoteAddr() net.Addr {
	if s.c.t == nil {
		return address("")
	}
	return address(s.c.t.remote())
}

func (s *netConn) SetDeadline(t time.Time) error { return s.fail("set", s.c.SetDeadline(t)) }

func (s *netConn) SetReadDeadline(t time.Time) error { return s.fail("set", s.c.SetReadDeadline(t)) }

func (s *netConn) SetWriteDeadline(t time.Time) error {
	return s.fail("set", s.c.SetWriteDeadline(t))
}

func (s *netConn) String() string { return s.c.String() }

// fail tells what failed where. io.EOF stays as it is.
func (s *netConn) fail(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: network, Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: err}
}

const network = "pipe"

// address is a net.Addr for people.
type address string

func (address) Network() string { return network }

func (a address) String() string { return string(a) }
