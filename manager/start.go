package manager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"shmkit/internal/codec"
	"shmkit/internal/function"
	"shmkit/internal/wire"
	"shmkit/pipe"
	"shmkit/process"
	"shmkit/shm"
)

// orders is what a server process is told.
type orders struct {
	Line            *pipe.Conn // to the process that started it: its address, and then the end
	Family, Address string
	Key             []byte
	Insecure        bool
	Limits          wire.Limits
	Handshake       time.Duration
	Room            int
	Idle            time.Duration
	Private         bool
	Clients         int
	Stall, Shutdown time.Duration
	Log             string // path, "" for none
	LogSync         bool
	LogCompact      int64
	Grace, After    time.Duration
	Initializer     string // name
	Argument        []byte // encoded
}

// WithInitializer makes a server process that Start starts run f before it serves. If that
// gives an error Start gives it.
func WithInitializer[A any](f *process.Func[A, process.None], arg A) Setup {
	return func(s *setup) {
		buf := codec.NewBuffer() // it is not given back
		if err := codec.Encode(buf, arg); err != nil {
			s.failed = errors.Join(s.failed, err)
		}
		s.initializer, s.argument, s.keep = f.Name(), buf.Bytes(), arg
	}
}

// Start starts a server in a process of its own, which is a daemon: it ends when this
// process does. The program calls process.Main. Signals of the terminal do not end it, so that
// it is there until the last client has ended.
// Errors: that of the initializer; those of Serve; ErrArgument if there is WithTLS or
// WithReport, which do not travel; those of starting a process; the cause of ctx.
func Start(ctx context.Context, setups ...Setup) (*Manager, error) {
	s := prepare(setups)
	switch {
	case s.failed != nil:
		return nil, s.failed
	case s.tls != nil, s.reported != nil:
		return nil, fmt.Errorf("%w: WithTLS and WithReport are for Serve: they do not travel to another process", ErrArgument)
	}
	line, end, err := pipe.New(true)
	if err != nil {
		return nil, err
	}
	o := orders{
		Line: end, Family: s.family, Address: s.address, Key: s.key, Insecure: s.insecure, Limits: s.limits, Handshake: s.handshake, Room: s.room,
		Idle: s.idle, Clients: s.clientsMost, Stall: s.stall, Shutdown: s.shutdown, Private: s.private,
		Log: s.log.path, LogSync: s.log.sync, LogCompact: s.log.compact, Grace: s.grace, After: s.after, Initializer: s.initializer, Argument: s.argument,
	}
	job, err := serverFunc.Start(context.WithoutCancel(ctx), o, process.Daemon(true))
	if err != nil {
		end.Close()
		line.Close()
		return nil, err
	}
	defer end.Close() // this process's use of it; the other one has it
	m := &Manager{process: job.Process, line: line, setup: s, stopped: make(chan struct{})}
	if err := m.begin(ctx); err != nil {
		job.Kill()
		job.Wait()
		line.Close()
		return nil, err
	}
	return m, nil
}

// begin waits until the server serves, and connects to it.
func (m *Manager) begin(ctx context.Context) error {
	address, err := m.hear(ctx)
	if err != nil {
		return err
	}
	m.address = address
	m.client, err = dial(ctx, m.setup.family, address, m.setup)
	return err
}

// hear waits for the address, or for the end of the process, of which nobody else tells: the
// end of the line that was sent to it is nobody's until it has taken it.
func (m *Manager) hear(ctx context.Context) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-m.process.Done():
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	address, err := pipe.RecvContext[string](ctx, m.line)
	switch {
	case err == nil:
		return address, nil
	case errors.Is(err, io.EOF), errors.Is(err, errEnded):
		if err := m.process.Wait(); err != nil {
			return "", err
		}
		return "", errEnded
	}
	return "", err
}

var errEnded = errors.New("manager: the server process has ended")

// serverFunc is the function that is a server process.
var serverFunc = process.Register("shmkit/manager.server", func(ctx context.Context, o orders) error {
	signal.Ignore(syscall.SIGINT)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	if err := o.initialize(ctx); err != nil {
		return err
	}
	s, err := Serve(o.Family, o.Address, func(s *setup) {
		s.key, s.insecure, s.limits, s.handshake, s.room = o.Key, o.Insecure, o.Limits, o.Handshake, o.Room
		s.idle, s.clientsMost, s.stall, s.private = o.Idle, o.Clients, o.Stall, o.Private
		s.log = logSetup{o.Log, o.LogSync, o.LogCompact}
		s.grace, s.after = o.Grace, o.After
	})
	if err != nil {
		return err
	}
	if err := o.Line.Send(s.Address()); err != nil {
		return err
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		o.Line.RecvBytes() // a word, or the end of the other process
	}()
	select {
	case <-over:
	case <-asked:
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.Background(), o.Shutdown)
	defer cancel()
	return errors.Join(s.Shutdown(within), removeHeap())
})

// removeHeap removes the file of the default heap of this process, which is about to end. Clients
// that have it mapped go on, and need not end their use for it to go.
func removeHeap() error {
	seg, err := shm.Default()
	if err != nil {
		return err
	}
	if err := shm.Remove(seg.Path()); err != nil && !errors.Is(err, shm.ErrNotFound) {
		return err
	}
	return nil
}

// initialize runs the initializer.
func (o *orders) initialize(ctx context.Context) (err error) {
	if o.Initializer == "" {
		return nil
	}
	f, ok := function.Find(o.Initializer)
	if !ok {
		return fmt.Errorf("%w: initializer %q is not registered in the server process", ErrArgument, o.Initializer)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("manager: initializer %s: panic: %v\n%s", o.Initializer, r, debug.Stack())
		}
	}()
	_, err = f.Call(ctx, o.Argument, func() {})
	return err
}
