package manager

import (
	"errors"
	"sync"
	"time"

	"shmkit/internal/host"
	"shmkit/internal/wire"
	"shmkit/pipe"
)

// A Server is the objects, and the clients that are connected.
//
// The one who has mu gives the host its operations: a connection that has received some, an
// alarm that went off, something that ran beside the host and has ended.
type Server struct {
	id     uint64
	limits wire.Limits
	l      *pipe.Listener

	mu      sync.Mutex
	host    *host.Host
	links   map[uint64]*link // by session
	all     map[*link]struct{}
	touched []*link // have something to send since mu was locked
	ops     []wire.Frame
	closing bool
	group   sync.WaitGroup
}

// Address is where it listens: what Dial needs.
func (s *Server) Address() string { return s.l.Address() }

// accept makes a link of each connection, until the listener is closed.
func (s *Server) accept() error {
	for {
		conn, err := s.l.Accept()
		if errors.Is(err, pipe.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		s.group.Go(func() { s.serve(conn) })
	}
}

// apply applies an operation, and those that it proposes. mu is locked.
func (s *Server) apply(f *wire.Frame) {
	s.ops = append(s.ops[:0], *f)
	for i := 0; i < len(s.ops); i++ {
		op := s.ops[i]
		index := s.record(&op)
		for _, e := range s.host.Apply(&op) {
			s.effect(&e, index)
		}
	}
}

// record writes an operation to the log.
func (s *Server) record(*wire.Frame) (index uint64) { return 0 }

// effect does what follows from an operation. mu is locked.
func (s *Server) effect(e *host.Effect, index uint64) {
	switch e.Kind {
	case host.Answer:
		if l := s.links[e.Session]; l != nil {
			l.out.add(&wire.Frame{Kind: e.Op, Session: e.Session, Call: e.Call, Body: e.Body}, index)
			s.touch(l)
		}
	case host.Propose:
		s.ops = append(s.ops, wire.Frame{Kind: e.Op, Object: e.Object})
	case host.Alarm:
		f := wire.Frame{Kind: e.Op, Session: e.Session, Call: e.Call}
		time.AfterFunc(e.After, func() { s.operate(&f) })
	case host.Run:
		f := wire.Frame{Kind: wire.Done, Session: e.Session, Call: e.Call, Object: e.Object}
		job := e.Job
		s.group.Go(func() {
			o := job()
			f.Body = wire.AppendOutcome(nil, &o)
			s.operate(&f)
		})
	}
}

func (s *Server) touch(l *link) {
	if !l.touched {
		l.touched = true
		s.touched = append(s.touched, l)
	}
}

// operate applies an operation that comes from no connection.
func (s *Server) operate(f *wire.Frame) {
	s.mu.Lock()
	s.apply(f)
	s.unlock(nil)
}

// unlock unlocks mu and sends what is to be sent, own first.
func (s *Server) unlock(own *link) {
	var few [8]*link
	all := append(few[:0], s.touched...)
	for _, l := range all {
		l.touched = false
	}
	s.touched = s.touched[:0]
	s.mu.Unlock()
	if own != nil {
		own.out.flush()
	}
	for _, l := range all {
		if l != own {
			l.out.flush()
		}
	}
}
