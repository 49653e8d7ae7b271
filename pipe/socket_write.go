package pipe

import (
	"os"
	"sync"

	"shmkit/internal/sys"
)

// Write writes for TLS, whose Conn sees to it that writes exclude each other. What the receiver
// answers there, such as new keys, is behind a rest that is going.
func (s *socket) Write(p []byte) (n int, err error) {
	switch s.rest.look() {
	case wayPlain:
		return s.Conn.Write(p)
	case wayKeep:
		return s.keep(p)
	}
	return 0, os.ErrDeadlineExceeded
}

// keep writes what the kernel takes of p and keeps the rest.
func (s *socket) keep(p []byte) (n int, err error) {
	if s.rest.kept() == 0 {
		n, err = s.push(p, nil)
	}
	if err == nil && n < len(p) {
		s.rest.add(p[n:])
	}
	if err != nil {
		return n, err
	}
	return len(p), nil
}

// push writes of the concatenation of a and b what the kernel takes at once.
func (s *socket) push(a, b []byte) (n int, err error) {
	p := pushes.Get().(*push)
	p.a, p.b, p.n, p.err = a, b, 0, nil
	e := s.raw.Control(p.call)
	n, err = p.n, p.err
	p.a, p.b = nil, nil
	pushes.Put(p)
	switch {
	case e != nil:
		return 0, e
	case err != nil:
		return 0, os.NewSyscallError("sendmsg", err)
	}
	return n, nil
}

// A push is a call of it, whose memory is used again.
type push struct {
	a, b []byte
	n    int
	err  error
	call func(fd uintptr)
}

var pushes = sync.Pool{New: func() any {
	p := new(push)
	p.call = func(fd uintptr) { p.n, p.err = sys.Send(int(fd), p.a, p.b) }
	return p
}}

// writable tells whether there is some room, or writing fails.
func (s *socket) writable() (ok bool) {
	return s.raw.Control(func(fd uintptr) { ok = sys.Writable(int(fd)) }) != nil || ok
}
