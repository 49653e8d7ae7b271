package host

import "shmkit/internal/wire"

func fifoPut(c *Call) error {
	q, item := c.e.object.(*fifo), wire.Item(c.in.Rest())
	if err := q.refusal(c.e, c.method, item); err != nil {
		return err
	}
	now := q.putters.n == 0 && q.roomy()
	if !now && c.deadline < 0 {
		return q.full(c.e, c.method)
	}
	item, err := c.keep(item)
	if err != nil {
		return err
	}
	if now {
		q.push(item)
		q.stir(c.h, c.e, &q.getters)
		return nil
	}
	w, err := c.register()
	if err != nil {
		c.h.dropItem(item)
		return err
	}
	w.body = wire.AppendBytes(nil, item)
	q.putters.push(w)
	return errWaits
}

// fifoPutN puts what there is room for, and waits with the rest. It fails only if it has put
// nothing.
func fifoPutN(c *Call) error {
	q := c.e.object.(*fifo)
	items, err := c.keepItems()
	if err != nil {
		return err
	}
	put, why := 0, error(nil)
	for ; put < len(items) && why == nil; put++ {
		if fault := q.refusal(c.e, c.method, items[put]); fault != nil {
			why = fault
			break
		}
		if q.putters.n > 0 || !q.roomy() {
			why = c.waitWith(&q.putters, items[put:], put)
			break
		}
		q.push(items[put])
	}
	if put > 0 {
		q.stir(c.h, c.e, &q.getters)
	}
	if why == errWaits {
		return why
	}
	for _, item := range items[put:] {
		c.h.dropItem(item)
	}
	if why != nil && put == 0 {
		return why
	}
	c.out = appendPut(c.out, uint64(put), why)
	return nil
}

// waitWith makes the call wait to put the rest of its items; some are put.
func (c *Call) waitWith(putters *queue, rest []wire.Item, put int) error {
	if c.deadline < 0 {
		return c.e.object.(*fifo).full(c.e, c.method)
	}
	w, err := c.register()
	if err != nil {
		return err
	}
	w.n = uint64(put)
	for _, item := range rest {
		w.body = wire.AppendBytes(w.body, item)
	}
	putters.push(w)
	return errWaits
}

// appendPut appends the answer of PutN.
func appendPut(b []byte, put uint64, why error) []byte {
	code := wire.CodeOK
	if why != nil {
		code = faultOf(why).Code
	}
	return wire.AppendUint(wire.AppendUint(b, put), uint64(code))
}

// keepItems keeps all items that are left of the arguments, or none of them.
func (c *Call) keepItems() ([]wire.Item, error) {
	items := make([]wire.Item, 0, c.in.Count(4))
	for range cap(items) {
		items = append(items, c.in.Item())
	}
	if err := c.in.End(); err != nil {
		return nil, err
	}
	for i, item := range items {
		kept, err := c.keep(item)
		if err != nil {
			for _, item := range items[:i] {
				c.h.dropItem(item)
			}
			return nil, err
		}
		items[i] = kept
	}
	return items, nil
}

// dropEncoded drops those of a list, each after its length.
func (h *Host) dropEncoded(list []byte) {
	for r := wire.Read(list); r.Len() > 0; {
		h.dropItem(r.Item())
	}
}

// roomy tells whether one more may wait.
func (q *fifo) roomy() bool { return q.capacity == 0 || uint64(q.messages.len()) < q.capacity }

func (q *fifo) full(e *entry, m wire.Method) *wire.Fault {
	return wire.NewFault(wire.CodeFull, "manager: %s: %d messages wait, and there is no room for more", e.title(m), q.messages.len())
}

// refusal tells why an item cannot be put, now or later, or nil.
func (q *fifo) refusal(e *entry, m wire.Method, item wire.Item) error {
	size := (&message{item: item}).size()
	switch {
	case q.closed:
		return wire.NewFault(wire.CodeClosed, "manager: %s: the queue is closed", e.title(m))
	case size > q.room || q.bytes > q.room-size:
		return wire.NewFault(wire.CodeFull, "manager: %s: %d bytes are in the queue, which may have %d", e.title(m), q.bytes, q.room)
	}
	return nil
}

// push makes a kept item the newest message.
func (q *fifo) push(item wire.Item) {
	m := message{item: item, ticket: q.stats.puts}
	q.stats.puts++
	q.bytes += m.size()
	q.refs += m.refs()
	q.messages.push(m)
	q.stats.most = max(q.stats.most, uint64(q.messages.len()))
}

// admit lets those who put do so as far as there is room.
func (q *fifo) admit(h *Host) {
	for w := q.putters.first; w != nil; w = q.putters.first {
		why := q.pushRest(w)
		switch {
		case why != nil:
			q.refuse(h, w, why)
		case len(w.body) > 0:
			return
		case w.method == wire.QueuePutN.Of(w.method.Type()):
			h.finish(w, appendPut(nil, w.n, nil), nil)
		default:
			h.finish(w, nil, nil)
		}
	}
}

// pushRest pushes the items of a wait while there is room, and tells why one of them cannot
// be put even if there were.
func (q *fifo) pushRest(w *wait) error {
	for r := wire.Read(w.body); len(w.body) > 0; w.body = r.Left() {
		item := r.Item()
		if why := q.refusal(w.e, w.method, item); why != nil {
			return why
		}
		if !q.roomy() {
			return nil
		}
		q.push(append(wire.Item(nil), item...))
		w.n++
	}
	return nil
}

// refuse ends the wait of one who puts.
func (q *fifo) refuse(h *Host, w *wait, why error) {
	h.dropEncoded(w.body)
	if w.n > 0 {
		h.finish(w, appendPut(nil, w.n, why), nil)
		return
	}
	h.finish(w, nil, why)
}
