package pipe

import (
	"bytes"
	"fmt"

	"shmkit/ring"
	"shmkit/shm"
)

// An end is encoded as its number and the handle of the pair.
const (
	endText   = "end"
	endBinary = 'E'
)

// MarshalBinary implements encoding.BinaryMarshaler: it encodes which end this is, for
// another process to open. The end is then that of the process that opens it first, or of
// this one if it uses it again before; until then the other end waits. This process keeps c
// open, or the other end, until the receiver has opened it. Errors: [ErrBusy] while a call
// is in progress, or if a message that is longer than the ring was begun and not received:
// receive it first; [ErrNoHandle]; [ErrClosed]; those of creating a file.
func (c *Conn) MarshalBinary() ([]byte, error) {
	return c.encode(func(t *rings) ([]byte, error) {
		b, err := shm.EncodeBinary(t.pair)
		return append([]byte{endBinary, byte(t.end)}, b...), err
	})
}

// MarshalText implements encoding.TextMarshaler like [Conn.MarshalBinary]. The text has no
// spaces and suits a command line.
func (c *Conn) MarshalText() ([]byte, error) {
	return c.encode(func(t *rings) ([]byte, error) {
		text, err := shm.EncodeText(t.pair)
		return append(fmt.Appendf(nil, "%s%d:", endText, t.end), text...), err
	})
}

func (c *Conn) encode(form func(*rings) ([]byte, error)) (b []byte, err error) {
	err = c.quiet(func(t *rings) (err error) {
		if b, err = form(t); err == nil {
			err = t.giveUp()
		}
		return err
	})
	if err != nil {
		return nil, closedIf(err)
	}
	return b, nil
}

// quiet runs f while nobody uses the transport.
func (c *Conn) quiet(f func(t *rings) error) error {
	t, ok := c.t.(*rings)
	switch {
	case c.Closed():
		return ErrClosed
	case !ok:
		return ErrNoHandle
	case !c.in.turn.tryLock():
		return ErrBusy
	}
	defer c.in.turn.unlock()
	if !c.out.turn.tryLock() {
		return ErrBusy
	}
	defer c.out.turn.unlock()
	return f(t)
}

// Detach ends this process's use of the end, without closing it: it is that of the next
// process that opens it. What was sent to it stays. Errors: as MarshalBinary.
func (c *Conn) Detach() error {
	return c.quiet(func(t *rings) error {
		if err := t.giveUp(); err != nil {
			return err
		}
		if c.closed.Swap(true) {
			return ErrClosed
		}
		return t.release()
	})
}

// UnmarshalBinary opens, in whatever process, the end whose bytes these are, and makes it
// this process's. c must be new. Errors: *ring.RoleError, which is ring.ErrTaken, if another
// process that lives has it; shm.ErrHandle; shm.ErrGone; shm.ErrType; [ErrOpen].
func (c *Conn) UnmarshalBinary(b []byte) error {
	if len(b) < 2 || b[0] != endBinary || b[1] > 1 {
		return fmt.Errorf("%w: no end of a connection", shm.ErrHandle)
	}
	pair := new(ring.Pair)
	return c.decode(pair, int(b[1]), pair.UnmarshalBinary, b[2:])
}

// UnmarshalText opens the end whose text this is, as UnmarshalBinary.
func (c *Conn) UnmarshalText(text []byte) error {
	rest, ok := bytes.CutPrefix(text, []byte(endText))
	if !ok || len(rest) < 2 || rest[0] != '0' && rest[0] != '1' || rest[1] != ':' {
		return fmt.Errorf("%w: no end of a connection in %q", shm.ErrHandle, text)
	}
	pair := new(ring.Pair)
	return c.decode(pair, int(rest[0]-'0'), pair.UnmarshalText, rest[2:])
}

func (c *Conn) decode(pair *ring.Pair, end int, open func([]byte) error, b []byte) error {
	if c.t != nil {
		return ErrOpen
	}
	if err := open(b); err != nil {
		return err
	}
	return c.open(pair, end)
}
