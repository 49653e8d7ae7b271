package manager

import (
	"context"
	"fmt"

	"shmkit/internal/wire"
	"shmkit/pipe"
)

// A link is a connection of the server to a client.
type link struct {
	s       *Server
	session uint64
	line    transport
	out     *outbox
	touched bool // guarded by the server's mu: is in its list
}

// serve talks to a client until the connection ends, and then its session.
func (s *Server) serve(conn *pipe.Conn) {
	l := &link{s: s, line: newLine(conn)}
	l.out = newOutbox(l.line, nil, func(error) { l.line.close() })
	defer l.line.close()
	if !l.welcome() {
		return
	}
	defer l.end()
	for {
		b, err := l.line.receive(context.Background())
		if err != nil || !l.batch(b) {
			return
		}
		l.out.await()
	}
}

// welcome answers the greeting.
func (l *link) welcome() bool {
	b, err := l.line.receive(context.Background())
	if err != nil {
		return false
	}
	f, _, err := wire.Cut(b, wire.MaxFrame)
	if err == nil && (f.Kind != wire.Hello || f.Session == 0) {
		err = &wire.FrameError{Field: "kind of the first frame", Value: uint64(f.Kind), Want: "that of Hello"}
	}
	var g wire.Greeting
	if err == nil {
		g, err = wire.ReadGreeting(f.Body)
	}
	if err != nil {
		l.refuse(wire.NewFault(wire.CodeBadFrame, "manager: %v", err))
		return false
	}
	l.session = f.Session
	s := l.s
	answer := wire.Greeting{Limits: s.limits, Server: s.id}
	s.mu.Lock()
	answer.Resumed = s.host.Session(l.session)
	s.links[l.session] = l
	s.all[l] = struct{}{}
	if !answer.Resumed {
		s.apply(&wire.Frame{Kind: wire.Open, Session: l.session, Body: wire.AppendLimits(nil, s.limits.Min(g.Limits))})
	}
	l.out.add(&wire.Frame{Kind: wire.Welcome, Session: l.session, Body: wire.AppendGreeting(nil, &answer)}, 0)
	s.unlock(l)
	return true
}

// batch applies what the client asks, and tells whether it may go on.
func (l *link) batch(b []byte) bool {
	s := l.s
	s.mu.Lock()
	defer s.unlock(l)
	for len(b) > 0 {
		f, rest, err := wire.Cut(b, int(s.limits.Frame))
		if err != nil {
			l.refuse(wire.NewFault(wire.CodeBadFrame, "manager: %v", err))
			return false
		}
		b = rest
		f.Session = l.session
		switch f.Kind {
		case wire.Request, wire.Cancel, wire.Ack:
			s.apply(&f)
		case wire.Ping:
			l.out.add(&wire.Frame{Kind: wire.Pong, Session: l.session, Call: f.Call}, 0)
		case wire.Pong:
		case wire.Goodbye:
			return false
		default:
			l.refuse(wire.NewFault(wire.CodeBadFrame, "manager: a client cannot send frames of kind %d", f.Kind))
			return false
		}
	}
	return true
}

// refuse tells the client why its connection ends.
func (l *link) refuse(fault *wire.Fault) {
	l.out.add(&wire.Frame{Kind: wire.Failure, Session: l.session, Body: wire.AppendFault(nil, fault)}, 0)
	l.out.flush()
}

// end ends the session, unless another connection has it by now.
func (l *link) end() {
	s := l.s
	s.mu.Lock()
	delete(s.all, l)
	if s.links[l.session] == l {
		delete(s.links, l.session)
		s.apply(&wire.Frame{Kind: wire.Expire, Session: l.session})
	}
	s.unlock(nil)
}

func (l *link) String() string { return fmt.Sprintf("session %#x", l.session) }
