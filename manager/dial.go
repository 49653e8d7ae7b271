package manager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"shmkit/internal/wire"
	"shmkit/pipe"
)

// Dial connects to a server. It waits for that until ctx ends, or the time of
// [WithHandshakeTimeout] is over. Both ends have the same key and TLS, or none; see [WithKey].
// Errors: those of pipe.Dial, such as pipe.ErrAuth; [ErrServerGone] if it has just gone;
// [ErrLimit] if it has too many clients; [ErrProtocol].
func Dial(ctx context.Context, family, address string, setups ...Setup) (*Client, error) {
	return dial(ctx, family, address, prepare(setups))
}

func dial(ctx context.Context, family, address string, s *setup) (*Client, error) {
	options, err := s.connection(family, address, false)
	if err != nil {
		return nil, err
	}
	conn, err := pipe.Dial(ctx, family, address, options...)
	if err != nil {
		return nil, err
	}
	c, err := greet(ctx, conn, number(), s)
	if err != nil {
		conn.Close()
		return nil, err
	}
	c.family, c.address = family, address
	enroll(c)
	return c, nil
}

// greet makes a Client of a connection, by Hello and Welcome.
func greet(ctx context.Context, conn *pipe.Conn, session uint64, s *setup) (*Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.handshake, fmt.Errorf("%w: it did not answer the greeting within %v", ErrServerGone, s.handshake))
	defer cancel()
	c := &Client{setup: s, session: session, next: 1, calls: map[uint64]*call{}, line: newLine(conn, s.limits)}
	hello := wire.Frame{Kind: wire.Hello, Session: session, Body: wire.AppendGreeting(nil, &wire.Greeting{Limits: s.limits})}
	if err := c.line.send(wire.Append(nil, &hello)); err != nil {
		return nil, gone(err)
	}
	b, err := c.line.receive(ctx)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, pipe.ErrTLS) {
			return nil, err
		}
		return nil, gone(err)
	}
	if bytes.HasPrefix(b, []byte("#CHALLENGE#")) {
		return nil, &pipe.AuthError{Reason: "the server asks for a key: dial it WithKey"}
	}
	f, _, err := wire.Cut(b, wire.MaxFrame)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %s", ErrProtocol, trim(err))
	case f.Kind == wire.Failure:
		return nil, remote(f.Body)
	case f.Kind == wire.Goodbye:
		return nil, ErrServerGone
	case f.Kind != wire.Welcome:
		return nil, fmt.Errorf("%w: the answer to the greeting is of kind %d", ErrProtocol, f.Kind)
	}
	w, err := wire.ReadGreeting(f.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrProtocol, trim(err))
	}
	c.limits, c.server = s.limits.Min(w.Limits), w.Server
	if !s.private {
		c.share.life = w.Life
	}
	c.out = newOutbox(c.line, nil, c.fail)
	return c, nil
}

// gone is ErrServerGone for what ends a connection.
func gone(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return ErrServerGone
	case errors.Is(err, wire.ErrFrame), errors.Is(err, pipe.ErrTooLong), errors.Is(err, pipe.ErrFrame):
		return fmt.Errorf("%w: %s", ErrProtocol, trim(err))
	}
	return fmt.Errorf("%w: %w", ErrServerGone, err)
}

// trim is the text of an error without the package that it is of.
func trim(err error) string {
	text := err.Error()
	if _, rest, ok := strings.Cut(text, ": "); ok && (strings.HasPrefix(text, "wire: ") || strings.HasPrefix(text, "manager: ") || strings.HasPrefix(text, "pipe: ")) {
		return rest
	}
	return text
}
