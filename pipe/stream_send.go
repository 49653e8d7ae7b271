package pipe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// send writes one frame. Before anything of it was written a context may end without
// harm.
func (s *stream) send(ctx context.Context, parts ...[]byte) error {
	s.sending.Add(1) // before it looks at shut
	defer s.sending.Add(-1)
	if err := s.sendable(ctx); err != nil {
		return err
	}
	total := uint64(0)
	for _, p := range parts {
		total += uint64(len(p))
	}
	if err := tooLong(total, s.limit); err != nil {
		return err
	}
	frame := append(make(net.Buffers, 0, 1+len(parts)), appendHead(make([]byte, 0, longHead), total))
	frame = append(frame, parts...)
	finish := func() {}
	if ctx.Done() != nil {
		finish = until(ctx, s.sock.SetWriteDeadline)
	}
	n, err := s.write(frame, total)
	finish()
	return s.sent(ctx, n, err)
}

// sendable tells whether a message can be begun.
func (s *stream) sendable(ctx context.Context) error {
	switch {
	case s.shut.Load():
		return ErrClosed
	case s.sock.guard.cut.Load():
		return ErrCutOff
	case s.lost != nil:
		return s.lost
	case s.cut:
		return ErrCut
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// write writes in as few steps as it takes: each one of TLS is a record.
func (s *stream) write(frame net.Buffers, size uint64) (int64, error) {
	if s.conn == s.sock {
		return frame.WriteTo(s.sock.Conn)
	}
	if size > readAhead {
		return frame.WriteTo(s.conn)
	}
	one := make([]byte, 0, longHead+size)
	for _, p := range frame {
		one = append(one, p...)
	}
	n, err := s.conn.Write(one)
	return int64(n), err
}

// sent judges a write of which n bytes went out.
func (s *stream) sent(ctx context.Context, n int64, err error) error {
	if err == nil {
		return nil
	}
	_, isTLS := s.conn.(*tls.Conn)
	switch {
	case s.shut.Load() || errors.Is(err, net.ErrClosed):
		return ErrClosed
	case s.sock.cutOff(err) != nil:
		s.cut = n > 0 || isTLS
		return s.sock.cutOff(err)
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		s.cut = n > 0
		return ErrPeerGone
	case n == 0 && !isTLS:
		return s.timed(ctx, err)
	}
	s.abandon()
	return fmt.Errorf("%w: %w", ErrCut, s.timed(ctx, err))
}

// abandon lets the other end, which waits for the rest of something, know that none comes.
func (s *stream) abandon() {
	s.cut = true
	s.sock.Conn.(halves).CloseWrite()
}

// timed gives the cause of ctx for the deadline that it set.
func (s *stream) timed(ctx context.Context, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
