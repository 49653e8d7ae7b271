package pipe

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"

	"shmkit/internal/sys"
)

// socket is a unix or tcp socket that can be read without waiting, and that keeps the
// file that came with what was read. Reads exclude each other.
type socket struct {
	net.Conn // *net.UnixConn or *net.TCPConn
	raw      sys.RawConn
	once     bool   // a Read that would have to wait fails with os.ErrDeadlineExceeded
	ended    bool   // a Read came to the end
	heard    bool   // a Read got something
	waits    func() // called before a Read begins to wait, if it is not nil
	// file came with the last byte of the last Read. Whoever swaps it out owns it.
	file  atomic.Pointer[os.File]
	rest  rest
	guard guard

	look    look
	control []byte
	attempt func(fd uintptr) bool
	// Of the Read that runs.
	p     []byte
	n     int
	fds   []int
	lost  bool // there were more of them than there was room for
	again bool // there was nothing
	err   error
}

// halves is what sockets of both families can do.
type halves interface {
	CloseWrite() error
	CloseRead() error
}

func newSocket(c net.Conn) (*socket, error) {
	raw, ok := sys.Raw(c)
	if !ok || !isStream(c) {
		return nil, fmt.Errorf("%w: %T is no socket of a stream", ErrFamily, c)
	}
	s := &socket{Conn: c, raw: raw}
	if s.isUnix() {
		s.control = make([]byte, sys.RightsRoom)
	}
	s.attempt = s.try
	return s, nil
}

// isStream tells whether c carries bytes one after the other. What another process sent may
// be any socket.
func isStream(c net.Conn) bool {
	_, ok := c.(halves)
	return ok && c.LocalAddr() != nil && c.LocalAddr().Network() != "unixgram" && c.LocalAddr().Network() != "unixpacket"
}

func (s *socket) isUnix() bool {
	_, ok := s.Conn.(*net.UnixConn)
	return ok
}

// Read waits for bytes until the read deadline.
func (s *socket) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	s.p, s.n, s.err = p, 0, nil
	err := s.raw.Read(s.attempt)
	s.p = nil
	s.look.ends()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, os.ErrDeadlineExceeded // itself: TLS asks whether it is temporary
	case err != nil:
		return 0, err
	case s.err != nil:
		return 0, s.err
	case s.n == 0:
		s.ended = true
		return 0, io.EOF
	}
	s.heard = true
	return s.n, nil
}

// try is one attempt to read; it tells whether that is over.
func (s *socket) try(fd uintptr) bool {
	s.receive(int(fd))
	if s.again && !s.once {
		s.looks(int(fd))
	}
	switch {
	case s.again && !s.once:
		s.look.sleeps()
		if s.waits != nil {
			s.waits()
		}
		return false
	case s.again:
		s.err = os.ErrDeadlineExceeded
	case s.err != nil:
		s.err = os.NewSyscallError("recvmsg", s.err)
	case len(s.fds) > 1 || s.lost || len(s.fds) > 0 && s.file.Load() != nil:
		sys.CloseAll(s.fds)
		s.err = fmt.Errorf("%w: too many files at once", ErrFrame)
	case len(s.fds) == 1:
		s.file.Store(os.NewFile(uintptr(s.fds[0]), "received"))
	}
	s.fds = nil
	return true
}

// receive takes what the kernel has.
func (s *socket) receive(fd int) {
	s.n, s.fds, s.lost, s.again, s.err = sys.Receive(fd, s.p, s.control)
}

// Close closes the socket and wakes who uses it.
func (s *socket) Close() error {
	s.guard.dismiss()
	err := s.Conn.Close()
	if f := s.file.Swap(nil); f != nil {
		f.Close()
	}
	return err
}
