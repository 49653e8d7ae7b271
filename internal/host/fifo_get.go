package host

import (
	"encoding/binary"
	"maps"
	"slices"

	"shmkit/internal/wire"
)

// batchBytes is about how long an answer to GetN becomes at most, unless one message is longer.
const batchBytes = 1 << 20

// getHead is what an answer of Get or GetN has beside the items, of one message.
const getHead = 8 + 8 + 8 + 4

// fifoGet is Get and GetN.
func fifoGet(c *Call) error {
	q, most := c.e.object.(*fifo), uint64(1)
	if c.method == wire.QueueGetN.Of(c.e.kind) {
		most = c.in.Uint()
	}
	if err := c.in.End(); err != nil {
		return err
	}
	switch {
	case most == 0:
		return wire.NewFault(wire.CodeArgument, "manager: %s: no messages are asked for", c.e.title(c.method))
	case q.messages.len() > 0 && q.getters.n == 0:
		if err := fits(c.s, c.e, c.method, getHead+len(q.messages.next().item)); err != nil {
			return err
		}
		c.out = q.answer(c.h, c.e, c.s, c.method, most, c.out)
		q.stir(c.h, c.e, &q.putters)
		return nil
	case q.over(c.e, c.s):
		return q.isClosed(c.e, c.method)
	case c.deadline < 0:
		return wire.NewFault(wire.CodeEmpty, "manager: %s: no message waits", c.e.title(c.method))
	}
	w, err := c.register()
	if err != nil {
		return err
	}
	w.n = most
	q.getters.push(w)
	return errWaits
}

// over tells whether the session can get nothing any more: the queue is closed, and no other
// session has a message that may come back.
func (q *fifo) over(e *entry, s *session) bool {
	return q.closed && q.messages.len() == 0 && uint64(len(q.taken)) == s.leases[e.id]
}

func (q *fifo) isClosed(e *entry, m wire.Method) error {
	return wire.NewFault(wire.CodeClosed, "manager: %s: the queue is closed, and nothing is left", e.title(m))
}

// answer takes up to that many messages for a session, at least one, and appends the answer
// of Get or GetN.
func (q *fifo) answer(h *Host, e *entry, s *session, m wire.Method, most uint64, b []byte) []byte {
	b = wire.AppendUint(b, q.lease)
	if m == wire.QueueGet.Of(e.kind) {
		t := q.take(h, e, s)
		return append(wire.AppendUint(b, t.deliveries), t.item...)
	}
	at, n := len(b), uint64(0)
	b = wire.AppendUint(b, 0)
	for n < most && q.messages.len() > 0 {
		if bytes := len(b) + getHead + len(q.messages.next().item); n > 0 && (bytes > batchBytes || uint64(bytes) > longest(s)) {
			break
		}
		t := q.take(h, e, s)
		b = wire.AppendBytes(wire.AppendUint(b, t.deliveries), t.item)
		n++
	}
	binary.LittleEndian.PutUint64(b[at:], n)
	return b
}

// take makes the oldest message the session's.
func (q *fifo) take(h *Host, e *entry, s *session) message {
	m := q.messages.take()
	q.taken[q.lease] = taken{s.id, m}
	q.lease++
	if m.deliveries == 0 {
		q.stats.gets++
	} else {
		q.stats.redelivered++
	}
	h.lease(s, e)
	h.give(s, m.item)
	return m
}

// leases reads the numbers of messages that the session has, and takes back the references
// that it got with them if it does not want them.
// Errors: CodeNoItem.
func (c *Call) leases(q *fifo) (first, n uint64, err error) {
	first, n, unseen := c.in.Uint(), c.in.Uint(), c.in.Bool()
	if err := c.in.End(); err != nil {
		return 0, 0, err
	}
	ours := n <= c.s.leases[c.e.id]
	for i := uint64(0); i < n && ours; i++ {
		t, ok := q.taken[first+i]
		ours = ok && t.session == c.s.id
	}
	if !ours {
		return 0, 0, wire.NewFault(wire.CodeNoItem, "manager: %s: this client does not have that message", c.e.title(c.method))
	}
	for lease := first; unseen && lease < first+n; lease++ {
		c.h.take(c.s, q.taken[lease].item)
	}
	return first, n, nil
}

func fifoAck(c *Call) error {
	q := c.e.object.(*fifo)
	first, n, err := c.leases(q)
	if err != nil {
		return err
	}
	for lease := first; lease < first+n; lease++ {
		t := q.taken[lease]
		delete(q.taken, lease)
		q.bytes -= t.size()
		q.refs -= t.refs()
		c.h.dropItem(t.item)
		c.h.unlease(c.s, c.e)
	}
	if q.unfinished() == 0 {
		for w := q.joiners.first; w != nil; w = w.next {
			w.stage = 1
		}
		q.stir(c.h, c.e, &q.joiners)
	}
	if q.closed { // who waits may wait for nothing now
		q.stir(c.h, c.e, &q.getters)
	}
	return nil
}

func fifoNack(c *Call) error {
	q := c.e.object.(*fifo)
	first, n, err := c.leases(q)
	if err != nil {
		return err
	}
	for lease := first; lease < first+n; lease++ {
		q.giveBack(lease)
		c.h.unlease(c.s, c.e)
	}
	q.stir(c.h, c.e, &q.getters)
	return nil
}

// giveBack makes a message wait that somebody had.
func (q *fifo) giveBack(lease uint64) {
	m := q.taken[lease].message
	delete(q.taken, lease)
	m.deliveries++
	q.messages.give(m)
	q.stats.most = max(q.stats.most, uint64(q.messages.len()))
}

// serve gives messages to the first of those who wait for some, or tells it that it cannot take
// the oldest, and tells whether it has.
func (q *fifo) serve(h *Host, e *entry) bool {
	w := q.getters.first
	if w == nil || q.messages.len() == 0 {
		return false
	}
	if err := fits(w.s, e, w.method, getHead+len(q.messages.next().item)); err != nil {
		h.finish(w, nil, err)
		return true
	}
	h.finish(w, q.answer(h, e, w.s, w.method, w.n, nil), nil)
	return true
}

// dismiss tells those who wait for a message that none will come.
func (q *fifo) dismiss(h *Host, e *entry) {
	for w := q.getters.first; w != nil; {
		next := w.next
		if q.over(e, w.s) {
			h.finish(w, nil, q.isClosed(e, w.method))
		}
		w = next
	}
}

// sorted are the keys of m, ascending.
func sorted[V any](m map[uint64]V) []uint64 { return slices.Sorted(maps.Keys(m)) }
