package pipe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// trySend writes one frame if there is room for some of it.
func (s *stream) trySend(b []byte) (sent bool, rest func(), err error) {
	s.sending.Add(1)
	defer s.sending.Add(-1)
	ctx := context.Background()
	if err := s.sendable(ctx); err != nil {
		return false, nil, err
	}
	if err := tooLong(uint64(len(b)), s.limit); err != nil {
		return false, nil, err
	}
	head := appendHead(make([]byte, 0, longHead), uint64(len(b)))
	s.sock.rest.keep()
	n, err := s.begin(head, b)
	left, ok := s.sock.rest.depart(err == nil)
	switch {
	case err != nil:
		return false, nil, s.sent(ctx, n, err)
	case !ok:
		return false, nil, ErrClosed // the other end may have got half of it
	case len(left) > 0: // n may be 0: then it is something of TLS alone
		rest = func() { s.finish(left) }
	}
	return n > 0, rest, nil
}

// begin writes what the kernel takes of a frame and keeps the rest, or gives 0 if it takes
// nothing.
func (s *stream) begin(head, b []byte) (int64, error) {
	if s.conn != s.sock {
		if !s.sock.writable() {
			return 0, nil // what was encrypted could not be taken back
		}
		return s.write(net.Buffers{head, b}, uint64(len(b)))
	}
	n, err := s.sock.push(head, b)
	if n == 0 || err != nil {
		return 0, err
	}
	if n < len(head) {
		s.sock.rest.add(head[n:])
	}
	s.sock.rest.add(b[max(n-len(head), 0):])
	return int64(n), nil
}

// finish writes what was left of a message, as long as it takes.
func (s *stream) finish(left []byte) {
	_, err := s.sock.Conn.Write(left)
	switch {
	case err == nil:
	case s.sock.cutOff(err) != nil:
		s.cut, s.lost = true, s.sock.cutOff(err)
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		s.cut, s.lost = true, ErrPeerGone
	case !errors.Is(err, net.ErrClosed):
		s.lost = fmt.Errorf("%w: %w", ErrCut, err)
		s.abandon()
	}
	s.sock.rest.settle()
}
