package manager

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"shmkit/internal/wire"
)

const (
	// retryFirst is how long a client waits before it dials again, at first, and retryMost at
	// most: twice as long each time. It is less by up to half, by chance, so that not all
	// come at once.
	retryFirst = 2 * time.Millisecond
	retryMost  = 250 * time.Millisecond
)

// WithRetry makes a client dial again by itself when the connection is lost, for patience: calls
// wait meanwhile, and those that were not answered are sent again, in the same order. If the
// server has the session, because of [WithGrace] or [WithLog], each is done once, and what it
// gives is the result of that one time; locks and all else stay held. Otherwise the client
// ends, and calls give ErrSession: what those that were not answered did is not known. When
// patience is over they give ErrServerGone. In both cases [Client.Reconnect] may help.
func WithRetry(patience time.Duration) Setup { return func(s *setup) { s.patience = patience } }

// An orphan is a call that was sent, and whose caller was told that the server is gone.
type orphan struct {
	id   uint64
	undo undo
}

// Reconnect connects a client again, after calls gave ErrServerGone. If the server has the
// session, because of [WithGrace] or [WithLog], everything goes on: handles are good, and what was
// held is held. What calls that had given ErrServerGone have got since is given back, and those
// that wait end. If the session has expired, or another server is there, a new one begins:
// what was held is not, and handles from before give ErrSession; open by their names what has
// some. Of several who call it one dials, and so it does not if the client is connected, as
// far as is known, or a Client WithRetry is about to.
// Errors: ErrClosed after Close; as Dial; the cause of ctx.
func (c *Client) Reconnect(ctx context.Context) error {
	c.mu.Lock()
	for {
		turn := c.reviving
		switch {
		case c.err == ErrClosed, c.err == nil && turn == nil:
			defer c.mu.Unlock()
			return c.err
		case turn == nil:
			c.reviving = make(chan struct{})
			c.mu.Unlock()
			err := c.again(ctx, true)
			if err != nil {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.revived()
			}
			return err
		}
		c.mu.Unlock()
		select {
		case <-turn:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		c.mu.Lock()
	}
}

// revived: whoever dialed has ended. The connection may be lost the next instant, and somebody
// else dial; so it is called before mu is unlocked with which the connection was made that of c.
// mu is locked.
func (c *Client) revived() {
	close(c.reviving)
	c.reviving = nil
	if c.stop != nil {
		c.stop()
		c.stop = nil
	}
}

// retry dials until there is a connection, or ctx ends. The one before was lost because of why.
func (c *Client) retry(ctx context.Context, why error) {
	err := why
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		if err = c.again(ctx, false); err == nil {
			return
		}
		if err == errExpired {
			break
		}
		pause := time.NewTimer(wait - rand.N(wait/2))
		select {
		case <-pause.C:
			continue
		case <-ctx.Done():
			pause.Stop()
		}
		break
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != errExpired {
		err = fmt.Errorf("%w; it has not come back within %v: %w", why, c.patience, err)
	}
	if c.err == nil {
		c.failLocked(err)
	}
	c.revived()
}

var errExpired = fmt.Errorf("%w, or another server is there", ErrSession)

// again connects again, and ends the reviving if it gives no error. If the session has expired it begins a new one, or gives errExpired.
func (c *Client) again(ctx context.Context, anew bool) error {
	line, w, err := c.connect(ctx)
	if err != nil {
		return err
	}
	before := c.server.Load()
	same := w.Resumed && w.Server == before
	c.mu.Lock()
	if c.err == ErrClosed || !same && !anew {
		err := c.err
		c.mu.Unlock()
		line.send(wire.Append(nil, &wire.Frame{Kind: wire.Goodbye, Session: c.session}))
		line.close()
		if err == nil {
			err = errExpired
		}
		return err
	}
	if !same {
		c.epoch.Add(1)
		c.unsure = unsure{last: c.unsure.last}
		c.orphans = nil
	}
	conn := c.use(line, w)
	late := c.resume(conn)
	if c.err != nil {
		c.err = nil
		c.lookout = &lookout{}
		if c.patience > 0 {
			c.lookout.begin(c)
		}
		go func() { // they have locks that come before ours
			strike(c, before)
			enroll(c)
		}()
	}
	if other := c.heir(nil); other != nil {
		other.rouse() // to receive
	}
	c.revived()
	c.mu.Unlock()
	conn.out.flush()
	if len(late) > 0 {
		go func() {
			for _, k := range late {
				c.finish(k)
			}
		}()
	}
	return nil
}

// resume sends again what may not have come, in the order of before: calls, what was told, and
// cancels. It asks what became of orphans, which are calls again; whoever calls finishes them. mu is locked.
func (c *Client) resume(conn *connection) (late []*call) {
	for _, o := range c.orphans {
		k := calls.Get().(*call)
		k.id, k.undo, k.cancel = o.id, o.undo, true
		k.request = wire.Append(k.request[:0], &wire.Frame{Kind: wire.Request, Method: wire.Nothing, Session: c.session, Call: k.id})
		c.calls[k.id] = k
		late = append(late, k)
	}
	c.orphans = nil
	said := 0
	tell := func(before uint64) {
		for ; said < len(c.unsure.list) && c.unsure.list[said].before <= before; said++ {
			conn.out.addFrame(c.unsure.frame(said))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.calls)) {
		k := c.calls[id]
		tell(id)
		k.posted = true
		conn.out.addFrame(k.request)
		if k.cancel {
			conn.out.add(&wire.Frame{Kind: wire.Cancel, Session: c.session, Call: id}, 0)
		}
	}
	tell(c.next)
	return late
}
