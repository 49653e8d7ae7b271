package manager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"shmkit/internal/wire"
	"shmkit/pipe"
)

// ackEvery is after how many answers the server is told that it need not keep them.
const ackEvery = 64

// A Client is a connection to a server, and the session that it has there.
//
// Use Dial, or [Server.Client]; a Client must not be copied. All methods may be called
// concurrently. It is of this process: others dial for themselves.
type Client struct {
	family, address string
	session         uint64
	server          uint64
	limits          wire.Limits
	line            transport
	out             *outbox

	mu        sync.Mutex
	next      uint64
	calls     map[uint64]*call
	receiving bool  // some caller receives, for all
	err       error // the connection is of no use any more
	answered  int   // since the last Ack
}

// greet makes a Client of a connection, by Hello and Welcome.
func greet(ctx context.Context, conn *pipe.Conn, session uint64, limits wire.Limits) (*Client, error) {
	c := &Client{session: session, next: 1, calls: map[uint64]*call{}, line: newLine(conn)}
	hello := wire.Frame{Kind: wire.Hello, Session: session, Body: wire.AppendGreeting(nil, &wire.Greeting{Limits: limits})}
	if err := c.line.send(wire.Append(nil, &hello)); err != nil {
		return nil, gone(err)
	}
	b, err := c.line.receive(ctx)
	if err != nil {
		return nil, gone(err)
	}
	f, _, err := wire.Cut(b, wire.MaxFrame)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	case f.Kind == wire.Failure:
		return nil, remote(f.Body)
	case f.Kind != wire.Welcome:
		return nil, fmt.Errorf("%w: the answer to the greeting is of kind %d", ErrProtocol, f.Kind)
	}
	w, err := wire.ReadGreeting(f.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	c.limits, c.server = limits.Min(w.Limits), w.Server
	c.out = newOutbox(c.line, nil, c.fail)
	return c, nil
}

// gone is ErrServerGone for what ends a connection.
func gone(err error) error {
	if errors.Is(err, pipe.ErrClosed) {
		return ErrClosed
	}
	if errors.Is(err, io.EOF) {
		return ErrServerGone
	}
	return fmt.Errorf("%w: %w", ErrServerGone, err)
}

// do calls a method and waits for the answer, which the caller reads and then frees. If ctx
// ends it cancels the call, and waits for what became of it: an answer that says that it was
// done all the same is one.
// Errors: the cause of ctx; ErrServerGone; what the server says.
func (c *Client) do(ctx context.Context, f wire.Frame) (*call, error) {
	k, err := c.begin(f)
	if err != nil {
		return nil, err
	}
	c.out.flush()
	for {
		c.mu.Lock()
		switch {
		case k.done:
			c.mu.Unlock()
			if errors.Is(k.err, context.Canceled) && ctx.Err() != nil {
				k.err = context.Cause(ctx)
			}
			return k, nil
		case !c.receiving:
			c.receiving = true
			c.mu.Unlock()
			c.receive(ctx, k)
		default:
			c.mu.Unlock()
			c.follow(ctx, k)
		}
		if ctx.Err() != nil && !k.cancel {
			c.giveUp(k)
			ctx = context.WithoutCancel(ctx)
		}
	}
}

// begin registers a call and gives it to the outbox, in the order of numbers.
func (c *Client) begin(f wire.Frame) (*call, error) {
	k := calls.Get().(*call)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return nil, c.err
	case uint64(len(c.calls)) >= c.limits.Calls:
		return nil, fmt.Errorf("%w: %d calls are not answered", ErrLimit, len(c.calls))
	}
	k.id = c.next
	c.next++
	f.Kind, f.Session, f.Call = wire.Request, c.session, k.id
	c.calls[k.id] = k
	c.out.add(&f, 0)
	return k, nil
}

// receive takes the answers of all until k has its own, or ctx ends, and then lets another
// caller do it. The caller is the one who receives.
func (c *Client) receive(ctx context.Context, k *call) {
	for {
		b, err := c.line.receive(ctx)
		c.mu.Lock()
		if err != nil && ctx.Err() == nil {
			c.failLocked(gone(err))
		} else if err == nil {
			c.dispatch(b)
		}
		if k.done || err != nil {
			break
		}
		c.mu.Unlock()
	}
	c.receiving = false
	for _, other := range c.calls {
		if !other.done && other != k {
			other.rouse()
			break
		}
	}
	c.mu.Unlock()
	c.out.flush()
}

// follow waits until another one has received the answer, or leaves that to k.
func (c *Client) follow(ctx context.Context, k *call) {
	select {
	case <-k.wake:
	case <-ctx.Done():
	}
}

// dispatch gives each answer in a batch to its call. mu is locked.
func (c *Client) dispatch(b []byte) {
	for len(b) > 0 {
		f, rest, err := wire.Cut(b, wire.MaxFrame)
		if err != nil {
			c.failLocked(fmt.Errorf("%w: %w", ErrProtocol, err))
			return
		}
		b = rest
		switch f.Kind {
		case wire.Reply, wire.Failure:
			if f.Call == 0 {
				c.failLocked(remote(f.Body))
				return
			}
			c.settle(&f)
		case wire.Goodbye:
			c.failLocked(ErrServerGone)
			return
		case wire.Ping:
			c.out.add(&wire.Frame{Kind: wire.Pong, Session: c.session, Call: f.Call}, 0)
		}
	}
}

// settle gives an answer to its call, if that is still there.
func (c *Client) settle(f *wire.Frame) {
	k := c.calls[f.Call]
	if k == nil {
		return
	}
	delete(c.calls, f.Call)
	k.done, k.kind, k.body = true, f.Kind, append(k.body[:0], f.Body...)
	k.rouse()
	if c.answered++; c.answered >= ackEvery {
		c.answered = 0
		first := c.next
		for id := range c.calls {
			first = min(first, id)
		}
		c.out.add(&wire.Frame{Kind: wire.Ack, Session: c.session, Call: first - 1}, 0)
	}
}

// giveUp tells the server that nobody waits for k any more, which it then answers at once.
func (c *Client) giveUp(k *call) {
	k.cancel = true
	c.out.add(&wire.Frame{Kind: wire.Cancel, Session: c.session, Call: k.id}, 0)
	c.out.flush()
}

// fail ends all calls.
func (c *Client) fail(err error) {
	c.mu.Lock()
	c.failLocked(gone(err))
	c.mu.Unlock()
}

func (c *Client) failLocked(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	c.line.close()
	go strike(c)
	for _, id := range slices.Sorted(maps.Keys(c.calls)) {
		k := c.calls[id]
		k.done, k.err = true, err
		k.rouse()
	}
	clear(c.calls)
}

// usable tells whether the connection has not failed.
func (c *Client) usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil
}

// Close ends the session: what it holds is given back.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.err == nil {
		c.out.add(&wire.Frame{Kind: wire.Goodbye, Session: c.session}, 0)
	}
	c.mu.Unlock()
	c.out.flush()
	c.fail(pipe.ErrClosed)
	return nil
}
