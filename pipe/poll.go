package pipe

import (
	"context"
	"errors"
	"io"
	"time"
)

// errPatience ends the context of a Poll; no caller sees it.
var errPatience = errors.New("pipe: poll is over")

// past is a context that has ended.
var past = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errPatience)
	return ctx
}()

// Poll tells whether receiving would not wait: there is a message, or io.EOF. It waits for
// that, at most for the given time, and not at all if that is 0 or less. Errors: as
// RecvBytes, but for io.EOF.
func (c *Conn) Poll(patience time.Duration) (bool, error) {
	ctx := past
	if patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(context.Background(), patience, errPatience)
		defer cancel()
	}
	ok, err := c.PollContext(ctx)
	if err == errPatience {
		err = nil
	}
	return ok, err
}

// PollContext is Poll that waits until ctx ends, and then returns the cause of ctx.
func (c *Conn) PollContext(ctx context.Context) (bool, error) {
	op, err := c.begin(ctx, &c.in)
	if err != nil {
		return false, err
	}
	defer op.end()
	if _, err = c.t.next(op.ctx); err == io.EOF {
		err = nil
	}
	return err == nil, err
}
