package host

import (
	"context"
	"errors"

	"shmkit/internal/wire"
)

// errWaits: the call is not answered yet.
var errWaits = errors.New("host: call waits")

// A wait is a call that was not answered yet: it stands in a queue of an object, or runs
// beside the host. It is registered in its session until finish or unwait.
type wait struct {
	s        *session
	call     uint64
	e        *entry
	method   wire.Method
	deadline int64
	beside   bool
	// What the method needs to go on: its arguments, where it is, and a number.
	body  []byte
	stage uint8
	n     uint64

	// stop, of what runs beside the host, tells it that nobody waits for it any more.
	stop context.CancelFunc

	q          *queue
	prev, next *wait
}

// A queue is waits in the order in which they came. The zero value is empty.
type queue struct {
	first, last *wait
	n           int
}

func (q *queue) push(w *wait) {
	w.q, w.prev, w.next = q, q.last, nil
	if q.last != nil {
		q.last.next = w
	} else {
		q.first = w
	}
	q.last = w
	q.n++
}

// take removes w from the queue that it is in, if any.
func (w *wait) take() {
	q := w.q
	if q == nil {
		return
	}
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.q, w.prev, w.next = nil, nil, nil
	q.n--
}

// wait makes the call wait in q. The caller of the method returns the error.
func (c *Call) wait(q *queue) error {
	w, err := c.register()
	if err != nil {
		return err
	}
	q.push(w)
	return errWaits
}

// register makes a wait of the call that is in no queue.
// Errors: CodeWouldWait if it may not wait; CodeTooMuch.
func (c *Call) register() (*wait, error) {
	switch {
	case c.deadline < 0:
		return nil, wire.NewFault(wire.CodeWouldWait, "manager: %s would wait", c.e.title(c.method))
	case c.id == 0:
		return nil, wire.NewFault(wire.CodeArgument, "manager: %s: a call without a number cannot wait", c.e.title(c.method))
	case uint64(len(c.s.waits)) >= c.s.limits.Calls:
		return nil, wire.NewFault(wire.CodeTooMuch, "manager: %d calls of the session wait, which is its limit", len(c.s.waits))
	}
	w := &wait{s: c.s, call: c.id, e: c.e, method: c.method, deadline: c.deadline}
	c.h.counts.Waits++
	c.s.waits[c.id] = w
	c.h.ref(c.e, 1)
	if w.deadline > 0 {
		c.h.alarm(w)
	}
	return w, nil
}

// run makes the call run beside the host: what job gives does it, until its context ends,
// because the call was given up. See Effect.Job. The caller of run returns the error.
func (c *Call) run(job func(context.Context) func() wire.Outcome) error {
	w, err := c.register()
	if err != nil {
		return err
	}
	w.beside = true
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	c.h.effects = append(c.h.effects, Effect{Kind: Run, Op: wire.Done, Session: c.s.id, Call: c.id, Object: c.e.id, Method: c.method,
		Job: func() func() wire.Outcome { return job(ctx) }})
	return errWaits
}

// finish answers a wait, with err if it is not nil, and it is none any more.
func (h *Host) finish(w *wait, body []byte, err error) {
	kind := wire.Reply
	if err != nil {
		kind, body = wire.Failure, wire.AppendFault(nil, faultOf(err))
	}
	h.answer(w.s, w.call, kind, body, true)
	h.unwait(w)
}

// unwait makes w no wait any more.
func (h *Host) unwait(w *wait) {
	w.take()
	if w.stop != nil {
		w.stop()
	}
	delete(w.s.waits, w.call)
	h.unref(w.e, 1)
}

// move makes w wait for another object.
func (h *Host) move(w *wait, e *entry, q *queue) {
	w.take()
	h.ref(e, 1)
	h.unref(w.e, 1)
	w.e = e
	q.push(w)
}
