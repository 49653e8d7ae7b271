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
	c := &Client{setup: s, family: family, address: address, session: number(), next: 1, calls: map[uint64]*call{}, lookout: &lookout{}}
	c.epoch.Store(1)
	conn, w, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.use(conn, w)
	if c.patience > 0 {
		c.lookout.begin(c) // an idle client that does not notice would lose its session
	}
	c.mu.Unlock()
	enroll(c)
	return c, nil
}

// connect makes a connection and says whose it is.
func (c *Client) connect(ctx context.Context) (transport, *wire.Greeting, error) {
	options, err := c.connection(c.family, c.address, false)
	if err != nil {
		return nil, nil, err
	}
	conn, err := pipe.Dial(ctx, c.family, c.address, options...)
	if err != nil {
		return nil, nil, err
	}
	line := newLine(conn, c.setup.limits)
	w, err := c.greet(ctx, line)
	if err != nil {
		line.close()
		return nil, nil, err
	}
	return line, w, nil
}

// greet says Hello and gives the Welcome.
func (c *Client) greet(ctx context.Context, line transport) (*wire.Greeting, error) {
	s := c.setup
	ctx, cancel := context.WithTimeoutCause(ctx, s.handshake, fmt.Errorf("%w: it did not answer the greeting within %v", ErrServerGone, s.handshake))
	defer cancel()
	hello := wire.Frame{Kind: wire.Hello, Session: c.session, Body: wire.AppendGreeting(nil, &wire.Greeting{Limits: s.limits, Server: c.server.Load()})}
	if err := line.send(wire.Append(nil, &hello)); err != nil {
		return nil, gone(err)
	}
	b, err := line.receive(ctx)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, pipe.ErrTLS) {
			return nil, err
		}
		return nil, gone(err)
	}
	if bytes.HasPrefix(b, []byte("#CHALLENGE#")) {
		return nil, &pipe.AuthError{Reason: "the server asks for a key: dial it WithKey"}
	}
	return welcome(b)
}

// welcome reads the answer to the greeting.
func welcome(b []byte) (*wire.Greeting, error) {
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
	return &w, nil
}

// use makes a connection that of c, and gives it. mu is locked.
func (c *Client) use(line transport, w *wire.Greeting) *connection {
	conn := &connection{line: line}
	conn.out = newOutbox(line, nil, func(err error) { c.fail(conn, err) })
	c.limits = c.setup.limits.Min(w.Limits)
	c.server.Store(w.Server)
	c.conn.Store(conn)
	if v := c.share.v; !c.private && (v == nil || v.gone.Load() || !bytes.Equal(c.share.life, w.Life)) {
		v.end() // what another server has shared is not this one's
		c.share = sharing{life: w.Life}
	}
	return conn
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
