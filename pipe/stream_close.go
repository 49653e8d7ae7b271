package pipe

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// lingering is how long what was accepted, and the farewell of TLS, may take to go out after
// Close: as long as crypto/tls gives the latter.
const lingering = 5 * time.Second

// closeWrite ends what the other end receives, behind what was sent.
func (s *stream) closeWrite() error {
	if s.shut.Swap(true) {
		return ErrClosed
	}
	if s.sock.rest.end(false, func() { s.endWrite() }) {
		return nil
	}
	return s.endWrite()
}

func (s *stream) endWrite() error {
	if t, ok := s.conn.(*tls.Conn); ok {
		t.CloseWrite()
	}
	return s.sock.Conn.(halves).CloseWrite()
}

// close waits for nobody. A rest that is going goes out before the socket is closed.
func (s *stream) close() error {
	s.closed.Store(true)
	s.shut.Store(true)
	if s.sock.rest.end(true, func() { s.hangUp() }) {
		s.linger()
		return nil
	}
	err := s.hangUp()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// linger leaves some time for what goes out, and lets in nothing more.
func (s *stream) linger() {
	s.sock.Conn.SetWriteDeadline(time.Now().Add(lingering))
	s.sock.Conn.(halves).CloseRead() // who waits for a message is told
}

// hangUp closes the socket, behind the farewell of TLS.
func (s *stream) hangUp() error {
	t, ok := s.conn.(*tls.Conn)
	if !ok {
		return s.sock.Close()
	}
	// A receiver that answers a peer who does not read would hold what the farewell needs.
	s.sock.Conn.SetWriteDeadline(elapsed)
	if s.sending.Load() > 0 {
		return s.sock.Close() // in the middle of a message, which no farewell follows
	}
	s.sock.rest.keep()
	t.CloseWrite()
	left := s.sock.rest.leave()
	if len(left) == 0 {
		return s.sock.Close()
	}
	s.linger()
	go func() {
		s.sock.Conn.Write(left)
		s.sock.Close()
	}()
	return nil
}
