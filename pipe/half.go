package pipe

import (
	"context"
	"sync/atomic"
)

// half is one direction of a Conn, as this process uses it.
type half struct {
	turn  turn
	until deadline
	parts [3][]byte // what is being sent; guarded by turn

	// giveUp is what Close calls. It ends the wait of a call that has the turn and waits for
	// that of another connection, or takes the turn from a rest that is going; nil if the one
	// that has the turn is neither.
	giveUp atomic.Pointer[func()]
}

func (h *half) init() {
	h.turn.init()
	h.until.init()
}

// call is one use of the transport. It has the turn until its end.
type call struct {
	half *half
	ctx  context.Context // ends with that of the caller, or at the deadline
	stop func()
}

// allows tells whether c has h and is open.
func (c *Conn) allows(h *half) error {
	switch {
	case c.t == nil || c.closed.Load():
		return ErrClosed
	case h == &c.in && !c.t.readable() || h == &c.out && !c.t.writable():
		return ErrDirection
	}
	return nil
}

// begin waits for the turn of h, for as long as ctx and the deadline allow.
func (c *Conn) begin(ctx context.Context, h *half) (call, error) {
	op := call{half: h}
	if err := c.allows(h); err != nil {
		return op, err
	}
	expiring := h.until.now.Load()
	op.ctx, op.stop = both(ctx, expiring.ctx)
	var err error
	if expiring.Err() != nil {
		err = context.Cause(expiring.ctx) // a deadline counts also if there is no need to wait
	} else {
		err = h.turn.lock(op.ctx)
	}
	if err != nil {
		op.unwatch()
		return op, err
	}
	if c.closed.Load() {
		op.end()
		return op, ErrClosed
	}
	if c.rings != nil && op.stop == nil && ctx.Done() == nil {
		op.ctx = expiring // those that sleep in a ring are roused
	}
	return op, nil
}

func (op *call) end() {
	op.half.turn.unlock()
	op.unwatch()
}

func (op *call) unwatch() {
	if op.stop != nil {
		op.stop()
	}
}
