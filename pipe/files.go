package pipe

import (
	"context"
	"fmt"
	"net"
	"os"

	"shmkit/internal/sys"
)

// SendFile sends an open file, which stays open here: the other process gets a descriptor
// of its own for the same open file, at the same position. It takes its place in the
// order of messages, and [Conn.RecvFile] receives it. It is for connections of the family
// "unix", and CPython's multiprocessing.reduction.recv_handle takes it too. Errors:
// [ErrFamily]; else as SendBytes.
func (c *Conn) SendFile(f *os.File) error { return c.SendFileContext(context.Background(), f) }

// SendFileContext is SendFile that gives up when ctx ends: then the file is not sent.
func (c *Conn) SendFileContext(ctx context.Context, f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	op, s, err := c.beginFile(ctx, &c.out)
	if err != nil {
		return err
	}
	defer op.end()
	return s.sendFile(op.ctx, raw)
}

// RecvFile receives an open file that was sent with SendFile, and waits for one as long as
// it takes. The caller closes it. A process that dies before it received a file loses it.
// Errors: [ErrNoFile] if something else comes next, which stays; [ErrFamily]; else as
// RecvBytes. Where a file comes next, all that receives messages gives [ErrFile].
func (c *Conn) RecvFile() (*os.File, error) { return c.RecvFileContext(context.Background()) }

// RecvFileContext is RecvFile that gives up when ctx ends, and then has taken nothing.
func (c *Conn) RecvFileContext(ctx context.Context) (*os.File, error) {
	op, s, err := c.beginFile(ctx, &c.in)
	if err != nil {
		return nil, err
	}
	defer op.end()
	if s.moving != nil {
		return nil, ErrNoFile
	}
	return s.recvFile(op.ctx)
}

// beginFile is begin for what only unix sockets can do.
func (c *Conn) beginFile(ctx context.Context, h *half) (call, *stream, error) {
	s, err := c.unix()
	if err != nil {
		return call{}, nil, err
	}
	op, err := c.begin(ctx, h)
	return op, s, err
}

// unix gives the transport of a connection over a unix socket.
func (c *Conn) unix() (*stream, error) {
	s, ok := c.t.(*stream)
	switch {
	case c.Closed():
		return nil, ErrClosed
	case !ok || !s.sock.isUnix():
		return nil, fmt.Errorf("%w: files and connections go over \"unix\", this is %s", ErrFamily, c)
	}
	return s, nil
}

// sendFile sends a byte that the descriptor comes with.
func (s *stream) sendFile(ctx context.Context, raw sys.RawConn) error {
	if err := s.sendable(ctx); err != nil {
		return err
	}
	finish := until(ctx, s.sock.SetWriteDeadline)
	defer finish()
	var err error
	// For as long as it takes nobody can close the file under us.
	if e := raw.Control(func(fd uintptr) {
		_, _, err = s.sock.Conn.(*net.UnixConn).WriteMsgUnix([]byte{1}, sys.Rights(int(fd)), nil)
	}); e != nil {
		return fmt.Errorf("%w: %w", os.ErrClosed, e) // the one reason that there is
	}
	return s.sent(ctx, 0, err)
}

func (s *stream) recvFile(ctx context.Context) (*os.File, error) {
	for {
		switch {
		case s.whole:
			return nil, ErrNoFile
		case s.fault != nil:
			return nil, s.fault
		case s.fileAt == s.r:
			s.r, s.fileAt = s.r+1, -1
			if f := s.sock.file.Swap(nil); f != nil {
				return f, nil
			}
			return nil, ErrClosed
		case s.known || s.w > s.r:
			return nil, ErrNoFile
		}
		into, err := s.room(1)
		if err == nil {
			err = s.fill(ctx, into)
		}
		if err != nil {
			return nil, err
		}
	}
}
