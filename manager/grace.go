package manager

import (
	"errors"
	"time"

	"shmkit/internal/wire"
	"shmkit/pipe"
)

// WithGrace sets how long what a client holds stays held when the connection to it is lost, and
// when a server begins with a log, for the clients of the one before. A client that comes back
// in time, see [Client.Reconnect] and [WithRetry], goes on as if nothing had been; when the time
// is over all it holds is given back. The default is no time while the server lives, so that
// what a client held that died is free at once, and 10 s after a server has begun. Clients that
// close, and those that the server cuts off, have no grace.
func WithGrace(d time.Duration) Setup {
	return func(s *setup) { s.grace, s.after = max(d, 0), max(d, 0) }
}

// Sessions without a connection, whose timers are in Server.lingering:
//
//	link  timer  session
//	yes   no     is connected
//	no    yes    waits for its client: register stops the timer, or it goes off
//	no    no     expires, by whoever took the link or the timer away, before mu is unlocked
//
// linger lets a session live without a connection for d. mu is locked.
func (s *Server) linger(session uint64, d time.Duration) {
	if d <= 0 {
		s.apply(&wire.Frame{Kind: wire.Expire, Session: session})
		return
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		s.lock()
		defer s.unlock(nil)
		if s.lingering[session] != t || s.closing {
			return // the client was back, or will be with the next server
		}
		delete(s.lingering, session)
		s.apply(&wire.Frame{Kind: wire.Expire, Session: session})
	})
	s.lingering[session] = t
}

// lostBy tells whether err, of receiving, is that of a connection that is lost: the client did
// not end it, and the server has no reason to.
func lostBy(err error) bool {
	var f *wire.Fault
	switch {
	case err == errLeft, errors.As(err, &f), errors.Is(err, wire.ErrFrame), errors.Is(err, pipe.ErrFrame), errors.Is(err, pipe.ErrTooLong):
		return false
	}
	return true
}

// found ends the lingering of a session, if it does. mu is locked.
func (s *Server) found(session uint64) {
	if t := s.lingering[session]; t != nil {
		t.Stop()
		delete(s.lingering, session)
	}
}
