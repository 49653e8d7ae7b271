package manager

import (
	"context"
	"fmt"

	"shmkit/internal/wire"
)

// Of those who wait for answers one receives, for all. When it leaves, because it has its
// answer or its context has ended, it rouses another one that has none, who does it then, if
// nobody else does by then. So as long as somebody waits, somebody receives or is about to.

// wait waits until k is done, or ctx ends: then it is false.
func (c *Client) wait(ctx context.Context, k *call) bool {
	for {
		c.mu.Lock()
		conn := c.conn.Load()
		done, receives := k.done, !k.done && !c.receiving && conn != nil
		if receives {
			c.receiving = true
		}
		c.mu.Unlock()
		switch {
		case done:
			return true
		case ctx.Err() != nil:
			if receives {
				c.leave(k)
			}
			return false
		case receives:
			c.receive(ctx, k, conn)
		default:
			select {
			case <-k.wake:
			case <-ctx.Done():
			}
		}
	}
}

// receive takes the answers of all until k has its own, or ctx ends.
func (c *Client) receive(ctx context.Context, k *call, conn *connection) {
	for {
		b, err := conn.line.receive(ctx)
		c.mu.Lock()
		switch {
		case err == nil:
			c.dispatch(conn, b)
		case ctx.Err() == nil:
			c.lost(conn, err)
		}
		done := k.done || err != nil
		c.mu.Unlock()
		if done {
			break
		}
	}
	c.leave(k)
}

// leave lets another caller receive.
func (c *Client) leave(k *call) {
	c.mu.Lock()
	c.receiving = false
	if other := c.heir(k); other != nil {
		other.rouse()
	}
	c.mu.Unlock()
	c.flush() // what came of receiving: Pong, Ack
}

// heir is another call that waits, or nil.
func (c *Client) heir(k *call) *call {
	for _, other := range c.calls {
		if other != k {
			return other
		}
	}
	if c.left != k && c.left != nil && !c.left.done {
		return c.left
	}
	return nil
}

// dispatch gives each answer in a batch to its call. mu is locked.
func (c *Client) dispatch(conn *connection, b []byte) {
	for len(b) > 0 {
		f, rest, err := wire.Cut(b, int(longest(c.limits)))
		if err != nil {
			c.failLocked(fmt.Errorf("%w: %s", ErrProtocol, trim(err)))
			return
		}
		b = rest
		switch f.Kind {
		case wire.Reply, wire.Failure:
			if f.Call == 0 && f.Kind == wire.Failure {
				c.told(conn, remote(f.Body))
				return
			}
			c.settle(conn, &f)
		case wire.Goodbye:
			c.told(conn, nil)
			return
		case wire.Ping:
			conn.out.add(&wire.Frame{Kind: wire.Pong, Session: c.session, Call: f.Call}, 0)
		case wire.Pong:
			c.unsure.applied(f.Call)
		}
	}
}

// told: the server ends the connection, and says why; nil is that it ends itself, and another
// one may come. mu is locked.
func (c *Client) told(conn *connection, why error) {
	switch {
	case why == nil && c.left == nil:
		c.lose(conn, ErrServerGone)
	case why == nil:
		c.failLocked(ErrServerGone)
	default:
		c.failLocked(fmt.Errorf("%w: %w", ErrServerGone, why))
	}
}

// settle gives an answer to its call, if that is still there. mu is locked.
func (c *Client) settle(conn *connection, f *wire.Frame) {
	c.unsure.answered(f.Call)
	k := c.calls[f.Call]
	if k == nil {
		return
	}
	delete(c.calls, f.Call)
	k.done, k.kind, k.body = true, f.Kind, append(k.body[:0], f.Body...)
	k.rouse()
	c.answered++
	if c.bytes += len(f.Body); c.answered < ackEvery && c.bytes < ackBytes {
		return
	}
	c.answered, c.bytes = 0, 0
	first := c.next
	for id := range c.calls {
		first = min(first, id)
	}
	conn.out.add(&wire.Frame{Kind: wire.Ack, Session: c.session, Call: first - 1}, 0)
}
