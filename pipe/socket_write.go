package pipe

import (
	"os"

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
		n, err = s.push(p)
	}
	if err == nil && n < len(p) {
		s.rest.add(p[n:])
	}
	if err != nil {
		return n, err
	}
	return len(p), nil
}

// push writes of the concatenation of parts what the kernel takes at once.
func (s *socket) push(parts ...[]byte) (n int, err error) {
	e := s.raw.Control(func(fd uintptr) { n, err = sys.Send(int(fd), parts) })
	switch {
	case e != nil:
		return 0, e
	case err != nil:
		return 0, os.NewSyscallError("sendmsg", err)
	}
	return n, nil
}

// writable tells whether there is some room, or writing fails.
func (s *socket) writable() (ok bool) {
	return s.raw.Control(func(fd uintptr) { ok = sys.Writable(int(fd)) }) != nil || ok
}
