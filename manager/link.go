package manager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"shmkit/internal/host"
	"shmkit/internal/wire"
	"shmkit/pipe"
)

// chunk is how many frames of a client are applied before others have their turn.
const chunk = 64

// A link is a connection of the server to a client. Its goroutine receives; it ends the link,
// whose end others ask for by cut.
type link struct {
	s       *Server
	session uint64
	remote  func() string // for people
	line    transport
	out     *outbox
	frame   int  // length of a frame that the client takes
	touched bool // guarded by the server's mu: is in its list
	cause   atomic.Pointer[wire.Fault]
	lost    atomic.Bool // sending found that there is no client any more
}

// errLeft: the client said goodbye.
var errLeft = errors.New("manager: the client has left")

func (s *Server) newLink(conn *pipe.Conn) *link {
	l := &link{s: s, line: newLine(conn, s.limits), remote: conn.String, frame: int(s.limits.Frame)}
	var settled func(uint64, []byte) []byte
	if s.ledger.file != nil {
		settled = s.settle
	}
	l.out = newOutbox(l.line, settled, l.broken)
	l.out.stall, l.out.most = s.stall, s.mostWaiting()
	return l
}

// serve talks to a client until the connection ends, and then its session.
func (l *link) serve() {
	defer l.line.close()
	err := l.welcome()
	if err == nil {
		err = l.converse()
	}
	l.end(err)
	l.part(err)
}

// welcome answers the greeting.
func (l *link) welcome() error {
	s := l.s
	l.line.interrupt(time.Now().Add(s.handshake))
	b, err := l.line.receive(context.Background())
	if err != nil {
		return err
	}
	l.line.interrupt(time.Time{})
	f, rest, err := wire.Cut(b, int(longest(s.limits)))
	if err == nil && (f.Kind != wire.Hello || f.Session == 0) {
		err = &wire.FrameError{Field: "kind of the first frame", Value: uint64(f.Kind), Want: "that of Hello, with a session"}
	}
	var g wire.Greeting
	if err == nil {
		g, err = wire.ReadGreeting(f.Body)
	}
	if err == nil && len(rest) > 0 {
		err = &wire.FrameError{Field: "bytes after Hello", Value: uint64(len(rest)), Want: "none before Welcome"}
	}
	if err != nil {
		return err
	}
	return l.register(f.Session, s.limits.Min(g.Limits))
}

// register makes l the connection of a session, which begins if it does not live. Another one
// that it has is cut: its client has given it up, or does not know that it is broken.
func (l *link) register(session uint64, limits wire.Limits) error {
	s := l.s
	if limits.Frame < wire.HeaderLen+leastBody || limits.Calls == 0 {
		return fault(wire.CodeArgument, "with limits of %d bytes for a frame and %d calls nothing can be done", limits.Frame, limits.Calls)
	}
	s.lock()
	defer s.unlock(l)
	switch {
	case s.closing:
		return fault(wire.CodeShutdown, "the server is shutting down")
	case len(s.all) > s.clientsMost:
		return fault(wire.CodeTooMuch, "%d clients are connected, and no more may be", s.clientsMost)
	}
	l.session, l.frame = session, int(limits.Frame)
	answer := wire.Greeting{Limits: s.limits, Server: s.id, Resumed: s.host.Session(session), Life: s.life()}
	if old := s.links[session]; old != nil {
		old.cut(fault(wire.CodeNoSession, "another connection goes on with the session"))
	}
	s.links[session] = l
	s.found(session)
	if !answer.Resumed {
		s.apply(&wire.Frame{Kind: wire.Open, Session: session, Body: wire.AppendLimits(nil, limits)})
	}
	l.out.add(&wire.Frame{Kind: wire.Welcome, Session: session, Body: wire.AppendGreeting(nil, &answer)}, s.ledger.index)
	return nil
}

// leastBody is what the body of a frame must at least have room for, such as an error.
const leastBody = 1 << 10

func fault(code wire.Code, format string, args ...any) *wire.Fault {
	return wire.NewFault(code, "manager: "+format, args...)
}

// converse does what the client asks, until something ends it.
func (l *link) converse() error {
	for {
		b, err := l.line.receive(context.Background())
		if err != nil {
			return err
		}
		for len(b) > 0 {
			if b, err = l.batch(b); err != nil {
				return err
			}
			l.out.awaitRoom()
			l.s.yield()
		}
	}
}

// batch applies some of what the client asks, and gives the rest.
func (l *link) batch(b []byte) (rest []byte, err error) {
	s := l.s
	s.lock()
	defer s.unlock(l)
	for range chunk {
		switch {
		case len(b) == 0:
			return nil, nil
		case s.closing:
			return nil, errLeft
		case s.links[l.session] != l:
			return nil, os.ErrDeadlineExceeded // it was cut
		}
		var f wire.Frame
		if f, b, err = wire.Cut(b, int(s.limits.Frame)); err != nil {
			return nil, err
		}
		f.Session = l.session
		if err := l.take(&f); err != nil {
			return nil, err
		}
		if l.out.crowded() {
			break
		}
	}
	return b, nil
}

// take does what one frame asks. The server's mu is locked.
func (l *link) take(f *wire.Frame) error {
	switch f.Kind {
	case wire.Request:
		if f.Method == wire.Stop {
			f := wire.Frame{Kind: wire.Failure, Session: l.session, Call: f.Call}
			f.Body = wire.AppendFault(nil, fault(wire.CodeDenied, "clients cannot stop the server"))
			l.out.add(&f, 0)
			return nil
		}
		l.s.apply(f)
	case wire.Cancel, wire.Ack, wire.Tell:
		l.s.apply(f)
	case wire.Ping:
		l.out.add(&wire.Frame{Kind: wire.Pong, Session: l.session, Call: f.Call}, l.s.ledger.index)
	case wire.Pong:
	case wire.Goodbye:
		l.s.apply(f)
		return errLeft
	default:
		return &wire.FrameError{Field: "kind", Value: uint64(f.Kind), Want: "one that a client sends"}
	}
	return nil
}

// answer sends an answer, or that it is too long for the client. The server's mu is locked.
func (l *link) answer(e *host.Effect, index uint64) {
	f := wire.Frame{Kind: e.Op, Session: e.Session, Call: e.Call, Body: e.Body}
	if f.Len() > l.frame {
		f.Kind = wire.Failure
		f.Body = wire.AppendFault(nil, fault(wire.CodeTooMuch, "the answer takes %d bytes, and the client takes frames of at most %d", f.Len(), l.frame))
	}
	l.out.add(&f, index)
	l.s.touch(l)
}

// cut makes the link end, for that reason. It may be called by anybody, and waits for nothing.
func (l *link) cut(why *wire.Fault) {
	l.cause.CompareAndSwap(nil, why)
	l.line.interrupt(time.Unix(1, 0))
}

// broken: nothing can be sent any more, or the client does not read.
func (l *link) broken(err error) {
	if l.cause.Load() == nil && !errors.Is(err, errStalled) && !errors.Is(err, errTooFar) {
		l.lost.Store(true)
	}
	l.cut(fault(wire.CodeTooMuch, "%s", trim(err)))
}

// end ends the session, unless another connection has it by now. If the connection was lost the
// client has some time to come back.
func (l *link) end(err error) {
	s := l.s
	if l.session == 0 {
		return
	}
	s.lock()
	defer s.unlock(nil)
	if s.links[l.session] == l {
		delete(s.links, l.session)
		grace := s.grace
		if !l.lost.Load() && (l.cause.Load() != nil || !lostBy(err)) {
			grace = 0
		}
		if !s.closing {
			s.linger(l.session, grace)
		}
	}
}

// part ends the connection: the client is told why, if it is not the one who ended it, and has
// some time to read that. Closing at once could take from it what was sent before.
func (l *link) part(err error) {
	s := l.s
	defer func() {
		s.lock()
		delete(s.all, l)
		s.unlock(nil)
	}()
	why := l.reason(err)
	switch {
	case why != nil:
		l.out.last(&wire.Frame{Kind: wire.Failure, Session: l.session, Body: wire.AppendFault(nil, why)})
		s.report(l.remote(), why)
	case err == errLeft:
		l.out.add(&wire.Frame{Kind: wire.Goodbye, Session: l.session}, 0)
	default:
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	l.out.flush()
	if !l.out.awaitEnd(ctx) {
		return // it does not read: closing the half would wait behind what is being sent
	}
	l.line.closeWrite()
	until, _ := ctx.Deadline()
	l.line.interrupt(until)
	for err := error(nil); err == nil; {
		_, err = l.line.receive(context.Background())
	}
}

// reason is what to tell the client of the end of its connection, or nil if it knows, or is
// gone.
func (l *link) reason(err error) *wire.Fault {
	if why := l.cause.Load(); why != nil {
		return why
	}
	var f *wire.Fault
	switch {
	case errors.As(err, &f):
		return f
	case err == errLeft, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, pipe.ErrClosed):
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault(wire.CodeTimedOut, "no greeting came within %v", l.s.handshake)
	}
	return fault(wire.CodeBadFrame, "%s", trim(err))
}

func (l *link) String() string { return fmt.Sprintf("session %#x", l.session) }
