package pipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

// stream carries messages as frames over a socket, or over TLS over one. What a peer
// sends is input: it gets memory only for what has arrived.
type stream struct {
	sock  *socket
	conn  net.Conn // sock, or TLS over it
	here  string
	there string
	limit int // length of the longest message

	shut    atomic.Bool // nothing is to be sent any more
	closed  atomic.Bool
	sending atomic.Int32 // how many may be about to write; who closes looks at it behind shut
	cut     bool         // part of a message was sent
	lost    error        // why the rest of one could not be; guarded by the turn to send

	// Of the receiver.
	until  context.Context // of the read that runs, or nil
	unwait func()          // ends what waits began; nil if it did not
	buf    []byte          // buf[r:w] was read and not taken
	r, w   int
	fileAt int // where in buf the byte is that sock.file came with, or -1
	// The message at hand, once known: its size, and what there is of it. Short ones
	// stay in buf.
	begun  bool // a message was known
	known  bool
	whole  bool
	size   int
	msg    []byte
	moving *os.File // came with a connection of which the rest has not come
	fault  error    // nothing can be received any more
}

var errFileInside = fmt.Errorf("%w: a file inside of a message", ErrFrame)

// readAhead is how much is read at once where messages are short.
const readAhead = 16 << 10

func newStream(sock *socket, limit int) *stream {
	s := &stream{
		sock: sock, conn: sock, limit: limit, fileAt: -1,
		here: addressText(sock.LocalAddr()), there: addressText(sock.RemoteAddr()),
	}
	sock.waits = s.waits
	return s
}

// addressText is an address with its family, for people.
func addressText(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.Network() + ":" + a.String()
}

func (s *stream) readable() bool { return true }

func (s *stream) longest() int   { return s.limit }
func (s *stream) writable() bool { return true }
func (s *stream) local() string  { return s.here }
func (s *stream) remote() string { return s.there }

// next reads until a whole message has come. A context that ends in between loses
// nothing: the next call goes on.
func (s *stream) next(ctx context.Context) (int, error) {
	for {
		if s.whole {
			return s.size, nil
		}
		switch {
		case s.fault != nil:
			return 0, s.fault
		case s.moving != nil:
			return 0, ErrFile
		}
		into, err := s.parse()
		switch {
		case err == ErrFile:
			return 0, err // no fault: RecvFile takes it
		case err != nil:
			s.fault = err
		case into != nil:
			if err := s.fill(ctx, into); err != nil {
				return 0, err
			}
		}
	}
}

// parse takes what was read apart. If that is no whole message, it gives where more of
// it is to be read to.
func (s *stream) parse() (into []byte, err error) {
	if s.known && s.msg != nil {
		return s.parseLong()
	}
	if s.fileAt == s.r {
		return nil, ErrFile
	}
	head, size, err := parseHead(s.buf[s.r:s.w], s.limit)
	if err != nil && !s.begun && s.conn == s.sock && likeTLS(s.buf[s.r:s.w]) {
		err = fmt.Errorf("%w: the other one does, this one does not (%w)", ErrTLS, err)
	}
	if err != nil {
		return nil, err
	}
	need := head
	if s.w-s.r >= head {
		s.begun, s.known, s.size = true, true, size
		if need += size; s.isLong() {
			return s.beginLong(head)
		}
	}
	if s.w-s.r < need {
		return s.room(need)
	}
	if s.fileAt >= s.r && s.fileAt < s.r+need {
		return nil, errFileInside
	}
	s.r += head
	s.msg, s.whole = s.buf[s.r:s.r+size:s.r+size], true
	return nil, nil
}

// room makes room for n bytes from r on, and gives what is free behind w. A file is the
// last thing that was read.
func (s *stream) room(n int) ([]byte, error) {
	if s.fileAt >= 0 {
		return nil, errFileInside
	}
	if s.buf == nil {
		s.buf = make([]byte, readAhead)
	}
	if s.r == s.w || s.r+n > len(s.buf) {
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
	}
	return s.buf[s.w:], nil
}

// beginLong moves a message that is too long for buf to memory of its own.
func (s *stream) beginLong(head int) ([]byte, error) {
	here := s.buf[s.r+head : s.w]
	here = here[:min(len(here), s.size)] // the size may be near the largest int
	if s.fileAt >= s.r && s.fileAt < s.r+head+len(here) {
		return nil, errFileInside
	}
	s.msg = make([]byte, len(here), max(len(here), min(s.size, 4*readAhead)))
	copy(s.msg, here)
	s.r += head + len(here)
	return s.parseLong()
}

// parseLong goes on with a message in memory of its own, which grows with what comes.
func (s *stream) parseLong() ([]byte, error) {
	if len(s.msg) == s.size {
		s.whole = true
		return nil, nil
	}
	if s.sock.file.Load() != nil {
		return nil, errFileInside
	}
	if len(s.msg) == cap(s.msg) {
		grown := make([]byte, len(s.msg), min(s.size, 2*cap(s.msg)))
		copy(grown, s.msg)
		s.msg = grown
	}
	return s.msg[len(s.msg):cap(s.msg)], nil
}

// fill reads once. If ctx has ended it takes what is there.
func (s *stream) fill(ctx context.Context, into []byte) error {
	n, err := s.read(ctx, into)
	if s.known && s.msg != nil {
		if s.msg = s.msg[:len(s.msg)+n]; s.sock.file.Load() != nil {
			s.fault = errFileInside
			return s.fault
		}
	} else {
		if s.w += n; n > 0 && s.sock.file.Load() != nil {
			s.fileAt = s.w - 1
		}
	}
	switch {
	case err == nil || n > 0:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil:
		return context.Cause(ctx)
	}
	s.fault = s.readError(err)
	return s.fault
}

// read reads once, and leaves nothing behind that would end a later read.
func (s *stream) read(ctx context.Context, into []byte) (int, error) {
	s.sock.once = ctx.Err() != nil
	s.until = ctx
	n, err := s.conn.Read(into)
	s.until = nil
	if s.unwait != nil {
		s.unwait()
		s.unwait = nil
	}
	return n, err
}

// waits makes the context of a read end it.
func (s *stream) waits() {
	if s.unwait == nil && s.until != nil && s.until.Done() != nil {
		s.unwait = until(s.until, s.sock.SetReadDeadline)
	}
}

// readError tells the end of the stream from one in the middle of a message.
func (s *stream) readError(err error) error {
	switch {
	case errors.Is(err, net.ErrClosed), s.closed.Load():
		return ErrClosed
	case s.sock.cutOff(err) != nil:
		return s.sock.cutOff(err)
	case s.sock.isUnix() && errors.Is(err, syscall.ECONNRESET):
		err = io.EOF // it died with something unread. What it had sent was here before.
	}
	// TLS takes the end of the socket for its own if it comes between two records; a good
	// one is told before that.
	cut := s.conn != s.sock && s.sock.ended
	if err == io.EOF && (s.known || s.w > s.r || cut) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isLong tells whether the message at hand has memory of its own.
func (s *stream) isLong() bool { return s.size > readAhead-longHead }

// take copies the message that next told of, and forgets it.
func (s *stream) take(buf []byte) error {
	if !s.whole {
		return s.fault
	}
	copy(buf, s.msg)
	if !s.isLong() {
		s.r += s.size
	}
	s.known, s.whole, s.size, s.msg = false, false, 0, nil
	return nil
}

// give is take without a copy, where the message has memory of its own.
func (s *stream) give() []byte {
	if !s.whole || !s.isLong() {
		return nil
	}
	b := s.msg
	s.known, s.whole, s.size, s.msg = false, false, 0, nil
	return b
}

// release gives back what had come of a connection that nobody takes now, and a file that came
// while the socket was being closed.
func (s *stream) release() error {
	if f := s.sock.file.Swap(nil); f != nil {
		f.Close()
	}
	if f := s.moving; f != nil {
		s.moving = nil
		return f.Close()
	}
	return nil
}
