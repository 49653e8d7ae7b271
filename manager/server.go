package manager

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"shmkit/internal/host"
	"shmkit/internal/wire"
	"shmkit/pipe"
)

// A Server is the objects, and the clients that are connected.
//
// Use Serve; a Server must not be copied. All methods may be called concurrently, by the
// process that made it; other processes dial. If that dies all clients are told, and what the
// objects were is gone, unless there is [WithLog]. Of a client that dies, or is cut off, all is given back that it held.
type Server struct {
	id uint64
	setup
	l       *pipe.Listener
	clients sync.WaitGroup // a token for each connection, and for each job
	accepts chan struct{}  // closed when no more are accepted
	ended   chan struct{}  // closed when all is over
	failed  error          // why no more are accepted, if nobody has asked for it; set before accepts is closed

	// mu makes who has it the one who gives the host its operations: a connection that has
	// received some, an alarm that went off, something that ran beside the host and has ended.
	// Nobody waits for anything while holding it. An outbox's mutex comes after it.
	mu      sync.Mutex
	want    atomic.Int32 // who waits for mu
	host    *host.Host
	links   map[uint64]*link // by session
	all     map[*link]struct{}
	touched []*link // have something to send since mu was locked
	ops     []wire.Frame
	alarms  alarms
	pools   pools
	closing bool   // nothing is applied any more
	latch   *latch // of a server that shares memory, else nil

	ledger    ledger
	lingering map[uint64]*time.Timer // sessions without a connection; see linger
	hook      func(point string)     // of tests, or nil
}

// Address is where it listens: what Dial needs.
func (s *Server) Address() string { return s.l.Address() }

// Family is what Serve was given.
func (s *Server) Family() string { return s.l.Family() }

// String is for people.
func (s *Server) String() string { return fmt.Sprintf("Server(%s:%s)", s.Family(), s.Address()) }

// Client connects a client of this process, on the same way as all others.
// Errors: as Dial; ErrArgument if the server has WithTLS: its configuration is not one for
// clients.
func (s *Server) Client(ctx context.Context) (*Client, error) {
	if s.tls != nil {
		return nil, fmt.Errorf("%w: a server with WithTLS is dialed with that of a client", ErrArgument)
	}
	return dial(ctx, s.Family(), s.Address(), &s.setup)
}

// accept makes a link of each connection, until the listener is closed.
func (s *Server) accept() {
	defer close(s.accepts)
	for {
		conn, err := s.l.Accept()
		if err != nil {
			if !errors.Is(err, pipe.ErrClosed) {
				s.failed = err
			}
			return
		}
		s.mu.Lock()
		if s.closing {
			s.mu.Unlock()
			conn.Close()
			continue
		}
		l := s.newLink(conn)
		s.all[l] = struct{}{}
		s.clients.Go(l.serve)
		s.mu.Unlock()
	}
}

// lock locks mu. Who has it and has more to do lets others have it first; see yield.
func (s *Server) lock() {
	if !s.mu.TryLock() {
		s.want.Add(1)
		s.mu.Lock()
		s.want.Add(-1)
	}
}

// yield lets those run who wait for mu, which is not locked: else who locks it again at
// once would keep them waiting until the mutex takes pity on them, after a millisecond.
func (s *Server) yield() {
	if s.want.Load() > 0 {
		runtime.Gosched()
	}
}

// apply applies an operation, and those that it proposes. mu is locked.
func (s *Server) apply(f *wire.Frame) {
	s.ops = append(s.ops[:0], *f)
	for i := 0; i < len(s.ops); i++ {
		op := s.ops[i]
		s.ops[i].Body = nil // may be part of something large
		index, err := s.record(&op)
		if err != nil {
			s.refuse(&op, err)
			s.logFailed(err)
			continue
		}
		for _, e := range s.host.Apply(&op) {
			s.effect(&e, index)
		}
		s.at(applied)
		if op.Kind == wire.Expire {
			s.alarms.expired(op.Session)
		}
	}
	s.shorten()
}

// at tells a test that the server is at a point.
func (s *Server) at(point string) {
	if s.hook != nil {
		s.hook(point)
	}
}

// effect does what follows from an operation. mu is locked.
func (s *Server) effect(e *host.Effect, index uint64) {
	switch e.Kind {
	case host.Answer:
		s.alarms.answered(e.Session, e.Call)
		if l := s.links[e.Session]; l != nil {
			l.answer(e, index)
		}
	case host.Propose:
		s.ops = append(s.ops, wire.Frame{Kind: e.Op, Object: e.Object})
	case host.Alarm:
		f := wire.Frame{Kind: e.Op, Session: e.Session, Call: e.Call}
		op := alarm{e.Op, e.Session, e.Call}
		s.alarms.set(op, e.After, func() { s.operate(&f, op) })
	case host.Run:
		f := wire.Frame{Kind: wire.Done, Session: e.Session, Call: e.Call, Object: e.Object}
		job := e.Job()
		s.clients.Go(func() {
			o := job()
			f.Body = wire.AppendOutcome(nil, &o)
			s.operate(&f, alarm{})
		})
	}
}

func (s *Server) touch(l *link) {
	if !l.touched {
		l.touched = true
		s.touched = append(s.touched, l)
	}
}

// operate applies an operation that comes from no connection, but from an alarm, if it is one.
func (s *Server) operate(f *wire.Frame, from alarm) {
	s.lock()
	if from.op != 0 {
		s.alarms.went(from)
	}
	if !s.closing {
		s.apply(f)
	}
	s.unlock(nil)
}

// unlock unlocks mu and sends what is to be sent, own first.
func (s *Server) unlock(own *link) {
	var few [8]*link
	all := append(few[:0], s.touched...)
	for _, l := range all {
		l.touched = false
	}
	clear(s.touched)
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

// Wait waits until the server has ended, by Shutdown.
// Errors: the cause of ctx; what ended the listening, if Shutdown did not.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-s.ended:
		return s.failed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

const (
	// leaveTime is how long a client whose connection ends here has to read why.
	leaveTime = time.Second
	// farewellTime is how long clients have to hang up when the server ends. Those that are
	// idle do not: they need not read anything.
	farewellTime = 100 * time.Millisecond
)

// Shutdown ends the server: nobody new is served, calls that wait give ErrServerGone, and so
// do later ones. What was answered reaches the clients that read. It waits until all is over,
// what runs beside the objects included; when ctx ends it returns the cause of that, and the
// rest goes on to end. Then, or when it was called before, the address can be used again.
// Calling it again waits as the first call does.
func (s *Server) Shutdown(ctx context.Context) error {
	s.lock()
	s.shutLocked()
	s.unlock(nil)
	return s.Wait(ctx)
}

// shutLocked begins the end of the server, once.
func (s *Server) shutLocked() {
	if s.closing {
		return
	}
	s.closing = true
	s.alarms.stop()
	for _, t := range s.lingering {
		t.Stop()
	}
	for l := range s.all {
		l.out.add(&wire.Frame{Kind: wire.Goodbye, Session: l.session}, 0)
		s.touch(l)
	}
	s.latch.open()
	s.pools.end()
	go s.end()
}

// end waits until nothing is left of the server. Clients hang up when they read the farewell;
// those that do not are cut off.
func (s *Server) end() {
	s.l.Close()
	<-s.accepts
	cut := time.AfterFunc(farewellTime, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for l := range s.all {
			l.line.close()
		}
	})
	s.clients.Wait()
	s.pools.left.Wait()
	cut.Stop()
	s.closeLog()
	s.mu.Lock()
	s.host.Close()
	s.mu.Unlock()
	close(s.ended)
}
