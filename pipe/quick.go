package pipe

import "encoding/binary"

// Most messages over rings are sent while there is room, and many are received when they
// are there already. Then nobody waits, and of all that a call provides for, two things
// count: that it has the turn, and that no deadline has passed. What follows does such a
// call, or does nothing and says so; then the call is made in full.

// quick has the turn of h, if the transport is rings and h has no deadline.
func (c *Conn) quick(h *half) (*rings, bool) {
	t := c.rings
	if t == nil || h.until.armed.Load() || !h.turn.tryLock() {
		return nil, false
	}
	if c.closed.Load() {
		h.turn.unlock()
		return nil, false
	}
	return t, true
}

// sendQuick sends b if there is room now.
func (c *Conn) sendQuick(b []byte) (err error, ok bool) {
	t, ok := c.quick(&c.out)
	if !ok {
		return nil, false
	}
	err, ok = t.sendQuick(b)
	c.out.turn.unlock()
	return err, ok
}

func (t *rings) sendQuick(b []byte) (err error, ok bool) {
	w := t.out.Load()
	if w == nil || t.shut.Load() || len(b) > t.most || w.Abandoned() {
		return nil, false
	}
	rec, err := w.TryClaim(wordSize + len(b))
	if err != nil {
		return nil, false
	}
	binary.LittleEndian.PutUint64(rec, uint64(len(b))|firstWord)
	copy(rec[wordSize:], b)
	if err := w.Commit(len(rec)); err != nil {
		return closedIf(err), true
	}
	if t.shut.Load() || t.closed.Load() {
		return ErrClosed, true // see send
	}
	return nil, true
}

// recvQuick receives a message into buf if it is there now, whole in one record.
func (c *Conn) recvQuick(buf []byte) (n int, err error, ok bool) {
	t, ok := c.quick(&c.in)
	if !ok {
		return 0, nil, false
	}
	n, err, ok = t.in.takeQuick(buf)
	c.in.turn.unlock()
	return n, closedIf(err), ok
}

func (in *inbox) takeQuick(buf []byte) (n int, err error, ok bool) {
	r := in.ring.Load()
	if r == nil || in.ready || in.fault != nil {
		return 0, nil, false
	}
	rec, err := r.TryPeek()
	if err != nil {
		return 0, nil, false
	}
	if err := in.admit(r, rec); err != nil {
		return 0, err, true
	}
	if n = len(in.whole); in.whole == nil || n > len(buf) {
		return 0, nil, false // a piece of a message, or more than there is room for: it stays
	}
	return n, in.take(r, buf[:n]), true
}
