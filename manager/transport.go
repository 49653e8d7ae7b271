package manager

import (
	"context"
	"errors"

	"shmkit/internal/wire"
	"shmkit/pipe"
)

// A transport carries batches of frames, whole and in order. One goroutine receives at a
// time, and one sends; both may at the same time, and anybody may close.
type transport interface {
	// send sends a batch, and waits for room. The batch is the caller's again.
	send(batch []byte) error
	// trySend sends a batch if that needs no waiting.
	trySend(batch []byte) (sent bool, err error)
	// receive gives the next batch, in memory that is good until the next call.
	receive(ctx context.Context) ([]byte, error)
	close() error
}

// line is a transport over a connection of package pipe: each batch is a message.
type line struct {
	conn *pipe.Conn
	buf  []byte
}

func newLine(conn *pipe.Conn) *line { return &line{conn: conn, buf: make([]byte, 4096)} }

var over, _ = func() (context.Context, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx, nil
}()

func (l *line) send(batch []byte) error { return l.conn.SendBytes(batch) }

func (l *line) trySend(batch []byte) (bool, error) {
	switch err := l.conn.SendBytesContext(over, batch); {
	case err == nil:
		return true, nil
	case errors.Is(err, context.Canceled):
		return false, nil
	default:
		return false, err
	}
}

func (l *line) receive(ctx context.Context) ([]byte, error) {
	for {
		n, err := l.conn.RecvIntoContext(ctx, l.buf)
		if err == nil {
			return l.buf[:n], nil
		}
		var short *pipe.TooShortError
		if !errors.As(err, &short) {
			return nil, err
		}
		if short.Size > wire.MaxFrame {
			return nil, &wire.FrameError{Field: "length of a batch", Value: uint64(short.Size), Want: "at most what a frame may have"}
		}
		l.buf = make([]byte, short.Size)
	}
}

func (l *line) close() error { return l.conn.Close() }
