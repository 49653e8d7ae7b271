package manager

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"shmkit/internal/host"
	"shmkit/internal/journal"
	"shmkit/internal/wire"
)

// defaultCompact is how long the log gets, in bytes after its snapshot, before it is made short.
const defaultCompact = 64 << 20

// A LogOption changes how a server keeps its log.
type LogOption func(*logSetup)

type logSetup struct {
	path    string // "" for none
	sync    bool
	compact int64
}

// WithLog makes a server keep what it does in the file at path, so that a server that begins
// with the same file goes on where the one before was killed, at whatever instruction: nothing
// that was answered is lost, and what was asked again is done once. Sessions live on; see
// [WithGrace]. The file is made if there is none. Objects are not in shared memory then. Values of
// registered types are what their methods make of them: these depend on nothing else.
// Without [LogSync] a loss of power may lose the last answers; the death of the process does
// not.
//
// A server that cannot write its log any more, because the disk is full, for example, gives
// [ErrLog] to those whose calls are not in it, and ends; [Server.Wait] tells why.
// Errors, of Serve: [ErrLogInUse]; [ErrLogCorrupt]; [ErrLogVersion]; those of opening a file.
func WithLog(path string, options ...LogOption) Setup {
	return func(s *setup) {
		full, err := filepath.Abs(path) // a server process may have another directory
		if err != nil || path == "" {
			s.failed = errors.Join(s.failed, fmt.Errorf("%w: log at %q", ErrArgument, path), err)
			return
		}
		s.log = logSetup{path: full, compact: defaultCompact}
		for _, o := range options {
			o(&s.log)
		}
	}
}

// LogSync makes each answer wait until the disk has what led to it.
func LogSync() LogOption { return func(l *logSetup) { l.sync = true } }

// LogCompact sets how many bytes the log grows before a snapshot of all objects takes their
// place; the default is 64 MiB. Objects of registered types that cannot be saved prevent it;
// see RegisterType.
func LogCompact(n int64) LogOption { return func(l *logSetup) { l.compact = max(n, 1) } }

// A ledger is the log of a server, which may have none: then it does nothing. Who has the
// server's mu has it, but for settle.
//
//	file  failed  what is asked
//	nil   nil     is done, and answered
//	set   nil     is appended, done, and answered once the file has it
//	set   set     is not done; nothing whose record is not in the file is answered
type ledger struct {
	file       *journal.Log
	index      uint64 // of the last record
	buf        []byte
	failed     error
	compacting bool
	compactAt  int64 // size that is too much
	least      int64 // of compactAt
}

// openLog opens the log, if there is to be one, and makes the host what it tells. The server's
// number is that of the log.
func (s *Server) openLog() error {
	if s.setup.log.path == "" {
		return nil
	}
	options := []journal.Option{}
	if s.setup.log.sync {
		options = append(options, journal.Sync())
	}
	file, err := journal.Open(s.setup.log.path, options...)
	if err != nil {
		return logError(err)
	}
	if err := s.replay(file); err != nil {
		file.Close()
		return logError(err)
	}
	s.ledger.file, s.ledger.least, s.ledger.compactAt = file, s.setup.log.compact, s.setup.log.compact
	return nil
}

// replay gives the host what is in the log. Effects were had by the server before.
func (s *Server) replay(file *journal.Log) error {
	snapshot := func(r io.Reader) error {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		body := wire.Read(b)
		if s.id = body.Uint(); body.Err() != nil {
			return body.Err()
		}
		return s.host.Load(body.Rest())
	}
	known := false
	record := func(index uint64, b []byte) error {
		f, rest, err := wire.Cut(b, journal.MaxLength)
		if err == nil && len(rest) > 0 {
			err = &wire.FrameError{Field: "bytes after the frame", Value: uint64(len(rest)), Want: "none"}
		}
		if err != nil {
			return err
		}
		if f.Kind == wire.Begin && !known {
			s.id, known = f.Session, true
		}
		s.host.Apply(&f)
		s.ledger.index = index
		return nil
	}
	return file.Replay(snapshot, record)
}

// begin begins the service of this process, after which sessions that were there before have
// some time to come back.
func (s *Server) begin() error {
	s.mu.Lock()
	defer s.unlock(nil)
	s.apply(&wire.Frame{Kind: wire.Begin, Session: s.id, Object: max(s.host.Next(), s.id<<32|1)})
	for _, session := range s.host.Sessions() {
		s.linger(session, s.setup.after)
	}
	if s.ledger.failed != nil {
		return logError(s.ledger.failed)
	}
	return nil
}

// record appends an operation to the log, unless it changes nothing, and gives the index of
// the record that the log must have before anybody is told of what follows from it: of a
// reader, that of the last change that it saw. If it gives an error, nothing is to be done.
func (s *Server) record(f *wire.Frame) (index uint64, err error) {
	l := &s.ledger
	if l.file == nil || host.Reads(f) {
		return l.index, nil
	}
	if l.failed != nil {
		return 0, l.failed
	}
	l.buf = wire.Append(l.buf[:0], f)
	index, err = l.file.Append(l.buf)
	if cap(l.buf) > full {
		l.buf = nil
	}
	if err != nil {
		return 0, err
	}
	l.index = index
	s.at(recorded)
	return index, nil
}

// refuse answers a call that cannot be recorded. mu is locked.
func (s *Server) refuse(f *wire.Frame, err error) {
	if l := s.links[f.Session]; l != nil && f.Kind == wire.Request && f.Call != 0 {
		l.out.add(unrecorded(f.Session, f.Call, err), 0)
		s.touch(l)
	}
}

func unrecorded(session, call uint64, err error) *wire.Frame {
	body := wire.AppendFault(nil, fault(wire.CodeLog, "the server cannot write its log, and ends: %v", err))
	return &wire.Frame{Kind: wire.Failure, Session: session, Call: call, Body: body}
}

// settle waits until the log has a record, and gives the batch that may be sent then. If the
// log cannot get it, that is one which tells so those who would have been answered.
func (s *Server) settle(index uint64, batch []byte) []byte {
	err := s.ledger.file.Flush(index)
	if err == nil {
		s.at(flushed)
		return batch
	}
	go func() { // the caller may have an outbox in hand, which mu comes before
		s.lock()
		s.logFailed(err)
		s.unlock(nil)
	}()
	var told []byte // what of batch may be sent all the same
	for len(batch) > 0 {
		f, rest, bad := wire.Cut(batch, wire.MaxFrame)
		if bad != nil {
			break // it is our own
		}
		batch = rest
		switch {
		case f.Call == 0 && f.Kind == wire.Failure:
			told = wire.Append(told, &f)
		case f.Kind == wire.Reply, f.Kind == wire.Failure:
			told = wire.Append(told, unrecorded(f.Session, f.Call, err))
		}
	}
	return wire.Append(told, &wire.Frame{Kind: wire.Goodbye})
}

// logFailed ends the service. mu is locked.
func (s *Server) logFailed(err error) {
	if s.ledger.failed == nil {
		s.ledger.failed = err
		s.report(s.ledger.String(), logError(err))
		s.shutLocked()
	}
}

// closeLog closes the log, when nobody uses it any more.
func (s *Server) closeLog() {
	if s.ledger.file == nil {
		return
	}
	err := s.ledger.file.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ledger.failed != nil {
		err = s.ledger.failed
	}
	if err != nil && s.failed == nil {
		s.failed = logError(err)
	}
}

// shorten makes the log short, if it is long. What there is is copied here, while mu is locked,
// and written beside it. mu is locked.
func (s *Server) shorten() {
	l := &s.ledger
	if l.file == nil || l.compacting || l.failed != nil || s.closing || l.file.Size() < l.compactAt {
		return
	}
	if err := s.host.Saves(); err != nil {
		l.compactAt *= 2
		return
	}
	state := s.host.Save(wire.AppendUint(nil, s.id))
	index := l.index
	l.compacting = true
	s.clients.Go(func() {
		err := l.file.Compact(index, func(w io.Writer) error {
			_, err := w.Write(state)
			return err
		})
		s.lock()
		defer s.unlock(nil)
		l.compacting = false
		// The next one is worth writing all that again.
		l.compactAt = max(l.least, int64(len(state)))
		if err != nil {
			l.compactAt += l.file.Size()
			s.report(l.String(), logError(err))
		}
	})
}

func (l *ledger) String() string { return "log" }

// Points of the way of an operation at which tests kill the server.
const (
	recorded = "recorded" // appended, in memory
	applied  = "applied"
	flushed  = "flushed" // in the file, and not sent
)

// logError is an error of a log as callers know it.
func logError(err error) error {
	var frame *wire.FrameError
	switch {
	case errors.Is(err, journal.ErrInUse):
		return fmt.Errorf("%w: %w", ErrLogInUse, err)
	case errors.Is(err, journal.ErrVersion), errors.Is(err, host.ErrVersion), errors.As(err, &frame) && frame.Field == "version":
		return fmt.Errorf("%w: %w", ErrLogVersion, err)
	case errors.Is(err, journal.ErrCorrupt), errors.Is(err, journal.ErrMagic), errors.As(err, &frame), errors.Is(err, wire.ErrBody):
		return fmt.Errorf("%w: %w", ErrLogCorrupt, err)
	}
	return fmt.Errorf("%w: %w", ErrLog, err)
}

// defaultAfter is how long sessions of before live when a server begins with a log.
const defaultAfter = 10 * time.Second
