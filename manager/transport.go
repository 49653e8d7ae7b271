package manager

import (
	"context"
	"errors"
	"time"

	"shmkit/internal/wire"
	"shmkit/pipe"
)

// A transport carries batches of frames, whole and in order. One goroutine receives at a
// time, and one sends; both may at the same time, and anybody may interrupt and close.
type transport interface {
	// send sends a batch, and waits for room. The batch is the caller's again.
	send(batch []byte) error
	// trySend sends a batch if that needs no waiting.
	trySend(batch []byte) (sent bool, err error)
	// receive gives the next batch, in memory that is good until the next call.
	receive(ctx context.Context) ([]byte, error)
	// interrupt makes receiving fail with os.ErrDeadlineExceeded from t on.
	interrupt(t time.Time)
	// closeWrite lets the other end receive what was sent, and then io.EOF.
	closeWrite()
	close() error
}

// idleBuf is the memory that a line keeps while nothing comes, in bytes.
const idleBuf = 1 << 10

// line is a transport over a connection of package pipe: each batch is a message.
type line struct {
	conn *pipe.Conn
	buf  []byte
	most uint64 // length of a batch
}

func newLine(conn *pipe.Conn, limits wire.Limits) *line {
	return &line{conn: conn, buf: make([]byte, idleBuf), most: longest(limits)}
}

// longest is how long a batch may be.
func longest(limits wire.Limits) uint64 { return max(limits.Frame, batchMost) }

func (l *line) send(batch []byte) error { return l.conn.SendBytes(batch) }

func (l *line) trySend(batch []byte) (bool, error) { return l.conn.TrySendBytes(batch) }

func (l *line) receive(ctx context.Context) ([]byte, error) {
	if len(l.buf) > 2*batchMost {
		l.buf = make([]byte, idleBuf) // one long batch does not cost its memory for ever
	}
	for {
		n, err := l.conn.RecvIntoContext(ctx, l.buf)
		if err == nil {
			return l.buf[:n], nil
		}
		var short *pipe.TooShortError
		if !errors.As(err, &short) {
			return nil, err
		}
		if uint64(short.Size) > l.most {
			return nil, &wire.FrameError{Field: "length of a batch", Value: uint64(short.Size), Want: "at most that of a frame"}
		}
		l.buf = make([]byte, short.Size)
	}
}

func (l *line) interrupt(t time.Time) { l.conn.SetReadDeadline(t) }

func (l *line) closeWrite() { l.conn.CloseWrite() }

func (l *line) close() error { return l.conn.Close() }
