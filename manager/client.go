package manager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"shmkit/internal/wire"
)

const (
	// ackEvery is after how many answers the server is told that it need not keep them,
	// and ackBytes after how many bytes of them.
	ackEvery = 64
	ackBytes = 256 << 10
)

// A Client is a connection to a server, and the session that it has there.
//
// Use Dial, [Server.Client] or [Manager.Client]; a Client must not be copied. All methods may
// be called concurrently. It is of this process: others dial for themselves. If the process
// dies the server gives back all that the client holds. If the server dies, calls give
// ErrServerGone, until [Client.Reconnect]; WithRetry they wait for the next server instead.
//
// There is no goroutine for it: of those who call, one receives for all.
//
//	conn  err   reviving  state
//	set   nil   nil       connected: callers send, and one of them receives
//	nil   nil   set       lost: the goroutine of retry dials. Calls wait until it sends them
//	nil   set   nil       gone, or closed for good if err is ErrClosed: calls give err
//	nil   set   set       gone: a caller of Reconnect dials. Calls give err
//	set   set   nil       Close waits for the farewell
//
// Who sets reviving is the one to dial, and makes it nil again. What it gets it makes conn, if
// err is not ErrClosed by then. Who receives from a connection that is lost finds that out, and
// does nothing if another one is conn meanwhile.
type Client struct {
	*setup
	family, address string
	session         uint64
	server          atomic.Uint64
	conn            atomic.Pointer[connection] // stored with mu locked

	mu        sync.Mutex
	limits    wire.Limits   // of both ends
	epoch     atomic.Uint64 // of the session at the server: goes up when that has expired. Stored with mu locked
	reviving  chan struct{}
	stop      context.CancelFunc // of retry
	unsure    unsure
	orphans   []orphan
	next      uint64
	calls     map[uint64]*call
	receiving bool  // some caller receives, for all
	err       error // the connection is of no use any more
	left      *call // waits for the server's farewell; see Close
	answered  int   // since the last Ack
	bytes     int   // of these answers
	lookout   *lookout
	share     sharing
}

// A connection is one of those that a client has, one after the other.
type connection struct {
	line   transport
	out    *outbox
	broken error // nothing can be sent any more; guarded by the client's mu
}

// do calls a method and waits for the answer, which the caller reads and then frees. If ctx
// ends it cancels the call, and waits for what became of it: an answer that says that it was
// done all the same is one. If that does not come in time either the outcome is not known, and
// u takes it back later.
// Errors: the cause of ctx; ErrUnknown besides; ErrServerGone; ErrLimit.
func (c *Client) do(ctx context.Context, f wire.Frame, u undo) (*call, error) {
	return c.doFor(nil, ctx, f, u)
}

// doFor is do of a call that is cancelled when its owner is detached.
func (c *Client) doFor(owner *queueUse, ctx context.Context, f wire.Frame, u undo) (*call, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // nothing was sent
	}
	if c.timeout > 0 {
		if _, ok := ctx.Deadline(); !ok {
			within, stop := context.WithTimeoutCause(ctx, c.timeout, os.ErrDeadlineExceeded)
			defer stop()
			ctx = within
		}
	}
	k, err := c.begin(owner, f, u)
	if err != nil {
		return nil, err
	}
	c.flush()
	if c.wait(ctx, k) {
		return k, nil
	}
	return c.giveUp(ctx, k)
}

// giveUp tells the server that nobody waits for k any more, which it then answers at once.
func (c *Client) giveUp(ctx context.Context, k *call) (*call, error) {
	c.cancel(k)
	patience, stop := context.WithTimeout(context.Background(), c.unknown)
	defer stop()
	if !c.wait(patience, k) {
		go c.finish(k)
		return nil, fmt.Errorf("%w (%w)", context.Cause(ctx), ErrUnknown)
	}
	if k.kind == wire.Failure && k.err == nil && errors.Is(remote(k.body), context.Canceled) {
		k.err = context.Cause(ctx)
	}
	return k, nil
}

// insist is call that waits for the answer in any case. When ctx ends it cancels the call, which
// the server answers as soon as it can.
func (c *Client) insist(ctx context.Context, f wire.Frame) (*call, wire.Reader, error) {
	k, err := c.begin(nil, f, nil)
	if err != nil {
		return nil, wire.Reader{}, err
	}
	c.flush()
	if !c.wait(ctx, k) {
		c.cancel(k)
		c.wait(context.Background(), k)
	}
	r, err := k.answer()
	if err != nil {
		k.free()
		return nil, wire.Reader{}, err
	}
	return k, r, nil
}

// finish waits for what became of a call whose caller was told that it is not known.
func (c *Client) finish(k *call) {
	c.wait(context.Background(), k)
	if r, err := k.answer(); err == nil && k.undo != nil {
		if f, ok := k.undo(r); ok {
			c.tell(f)
		}
	}
	k.free()
}

// begin registers a call and gives it to the outbox, in the order of numbers.
func (c *Client) begin(owner *queueUse, f wire.Frame, u undo) (*call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch n := uint64(f.Len()); {
	case c.err != nil:
		return nil, c.err
	case owner != nil && owner.detached:
		return nil, errDetached
	case f.Session != 0 && f.Session != c.epoch.Load():
		return nil, fmt.Errorf("%w: the object was of the one before", ErrSession)
	case n > c.limits.Frame:
		return nil, fmt.Errorf("%w: a request takes %d bytes, and the longest may take %d", ErrLimit, n, c.limits.Frame)
	case uint64(len(c.calls)) >= c.limits.Calls:
		return nil, fmt.Errorf("%w: %d calls are not answered", ErrLimit, len(c.calls))
	}
	k := calls.Get().(*call)
	k.id, k.undo, k.owner = c.next, u, owner
	c.next++
	f.Kind, f.Session, f.Call = wire.Request, c.session, k.id
	c.calls[k.id] = k
	if c.patience > 0 {
		k.request = wire.Append(k.request[:0], &f)
	}
	if conn := c.conn.Load(); conn != nil {
		k.posted = true
		conn.out.add(&f, 0)
	}
	c.lookout.dismiss()
	return k, nil
}

// detach cancels the calls of an owner, which has no others after that.
func (c *Client) detach(owner *queueUse) {
	c.mu.Lock()
	owner.detached = true
	for _, k := range c.calls {
		if k.owner == owner {
			c.cancelLocked(k)
		}
	}
	c.mu.Unlock()
	c.flush()
}

// cancel tells the server that k is to end. If nobody has sent it, nobody will.
func (c *Client) cancel(k *call) {
	c.mu.Lock()
	c.cancelLocked(k)
	c.mu.Unlock()
	c.flush()
}

func (c *Client) cancelLocked(k *call) {
	k.cancel = true
	switch conn := c.conn.Load(); {
	case k.done:
	case conn != nil:
		conn.out.add(&wire.Frame{Kind: wire.Cancel, Session: c.session, Call: k.id}, 0)
	case !k.posted:
		delete(c.calls, k.id)
		k.done, k.kind, k.body = true, wire.Failure, wire.AppendFault(k.body[:0], wire.NewFault(wire.CodeCancelled, "manager: cancelled"))
		k.rouse()
	}
}

// flush sends what is there to be sent.
func (c *Client) flush() {
	if conn := c.conn.Load(); conn != nil {
		conn.out.flush()
	}
}

// tell calls a method that is not answered.
func (c *Client) tell(f wire.Frame) {
	c.mu.Lock()
	if c.err == ErrClosed || f.Session != 0 && f.Session != c.epoch.Load() {
		c.mu.Unlock()
		return
	}
	f.Kind, f.Session = wire.Tell, c.session
	ask := c.unsure.add(c.next, &f)
	if conn := c.conn.Load(); conn != nil {
		conn.out.add(&f, 0)
		if ask {
			conn.out.add(&wire.Frame{Kind: wire.Ping, Session: c.session, Call: f.Call}, 0)
		}
	}
	c.mu.Unlock()
	c.flush()
}

// fail: nothing can be sent any more. Who receives finds why: the server may have told before
// it hung up. Only if nothing comes it is err that ends all calls.
func (c *Client) fail(conn *connection, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn.broken = err
	conn.line.interrupt(time.Now().Add(leaveTime))
}

// lost: receiving gave err. mu is locked.
func (c *Client) lost(conn *connection, err error) {
	if conn.broken != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		err = conn.broken
	}
	c.lose(conn, gone(err))
}

// lose gives a connection up, because of err, and begins to dial again or ends all calls. mu is
// locked.
func (c *Client) lose(conn *connection, err error) {
	switch {
	case conn != c.conn.Load(): // others have done that
	case c.patience == 0 || c.err != nil || errors.Is(err, ErrProtocol):
		c.failLocked(err)
	default:
		c.disconnect()
		c.lookout.dismiss()
		ctx, stop := context.WithTimeout(context.Background(), c.patience)
		c.reviving, c.stop = make(chan struct{}), stop
		go c.retry(ctx, err)
	}
}

// disconnect closes the connection, if there is one. mu is locked.
func (c *Client) disconnect() {
	if conn := c.conn.Load(); conn != nil {
		conn.line.close()
		c.conn.Store(nil)
	}
}

// failLocked makes err that of all calls, and later ones, and closes the connection.
func (c *Client) failLocked(err error) {
	c.share.v.end()
	c.endLocked(err)
	if c.left != nil {
		c.left.done = true
		c.left.rouse()
	}
	c.disconnect()
	c.lookout.over()
}

// endLocked makes err that of all calls, and later ones.
func (c *Client) endLocked(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	if c.stop != nil {
		c.stop()
	}
	go strike(c, c.server.Load()) // it has a lock that comes before ours
	for _, k := range c.calls {
		if k.posted {
			c.orphans = append(c.orphans, orphan{k.id, k.undo})
		}
		k.done, k.err = true, err
		k.rouse()
	}
	clear(c.calls)
}

// Close ends the session. When it returns the server has given back what the client held, and
// has what was sent before, unless the server is gone, or silent for a second. Calls that wait
// give ErrClosed, and so do later ones. Closing again does nothing.
func (c *Client) Close() error {
	k := calls.Get().(*call)
	c.mu.Lock()
	conn := c.conn.Load()
	if c.err != nil || conn == nil {
		c.endLocked(ErrClosed)
		c.err = ErrClosed // and no caller of Reconnect changes that
		c.lookout.over()
		c.mu.Unlock()
		k.free()
		return nil
	}
	c.left = k
	c.endLocked(ErrClosed)
	conn.out.add(&wire.Frame{Kind: wire.Goodbye, Session: c.session}, 0)
	c.lookout.dismiss()
	c.mu.Unlock()
	conn.out.flush()
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	c.wait(ctx, k)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = nil
	c.failLocked(ErrClosed)
	k.free() // nobody else has it now
	return nil
}

// Done is closed when the connection is of no use any more: closed, or the server gone. Of a
// server that has gone while nobody calls it tells within a moment.
func (c *Client) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lookout.begin(c)
}

// usable tells whether the connection has not failed.
func (c *Client) usable() bool { return c.Err() == nil }

// Err is why later calls would fail, or nil.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// String is for people.
func (c *Client) String() string { return fmt.Sprintf("Client(%s:%s)", c.family, c.address) }
