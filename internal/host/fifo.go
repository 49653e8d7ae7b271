package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A fifo is a Queue or a JoinableQueue: messages that one session puts and another takes. At
// each instant a message is in one of these places, and its item is kept in all of them:
//
//	message       whose          then                     if the session expires
//	being put     the putter's   Grant: waiting           it was never there
//	waiting       the fifo's     Get, Grant: taken
//	taken         the session's  Ack: gone; Nack: back    back, one more delivery counted
//	back          the fifo's     Get, Grant: taken
//
// What is back is taken before what is waiting, in the order in which it was put. Those who
// put and those who get are each served in the order in which they came, all by Grant once
// somebody waits: who comes then stands behind them.
//
//	closed  messages  taken by others  a Get
//	        some                       takes the oldest
//	no      none                       waits
//	yes     none      some             waits: they may come back
//	yes     none      none             gives CodeClosed
//
// A Join waits until no message is there, or taken, at some instant. It is marked at that
// instant, and answered by the Grant that comes then, whatever was put meanwhile.
type fifo struct {
	capacity uint64 // of messages that wait; 0 is no limit
	room     uint64 // of bytes of all messages
	closed   bool
	messages messages
	taken    map[uint64]taken // by lease
	lease    uint64           // number of the next
	bytes    uint64           // of messages that wait or are taken
	refs     int              // how many of those are references
	stats    fifoStats
	// Who waits. A getter has the number that it wants at most in n; a putter has the items
	// that are left in body, and in n how many are not; a joiner that may go has stage 1.
	getters, putters, joiners queue
}

// taken is a message that a session has.
type taken struct {
	session uint64
	message
}

// fifoStats are for people, but for puts, which is the next ticket.
type fifoStats struct{ puts, gets, redelivered, most uint64 }

func init() {
	for _, t := range []wire.Type{wire.TypeQueue, wire.TypeJoinable} {
		methods := map[wire.Method]method{
			wire.QueuePut.Of(t):   {"Put", false, fifoPut},
			wire.QueuePutN.Of(t):  {"PutN", false, fifoPutN},
			wire.QueueGet.Of(t):   {"Get", false, fifoGet},
			wire.QueueGetN.Of(t):  {"GetN", false, fifoGet},
			wire.QueueAck.Of(t):   {"Ack", false, fifoAck},
			wire.QueueNack.Of(t):  {"Nack", false, fifoNack},
			wire.QueueClose.Of(t): {"Close", false, fifoClose},
			wire.QueueInfo.Of(t):  {"Info", true, fifoInfo},
		}
		if t == wire.TypeJoinable {
			methods[wire.QueueJoin.Of(t)] = method{"Join", false, fifoJoin}
		}
		define(t, makeFifo, loadFifo, methods)
	}
}

func makeFifo(c *Call) (object, error) {
	q := &fifo{capacity: c.in.Uint(), room: c.in.Uint(), taken: map[uint64]taken{}}
	return q, c.in.End()
}

func (q *fifo) save(b []byte) []byte {
	b = wire.AppendUint(wire.AppendUint(b, q.capacity), q.room)
	b = wire.AppendUint(wire.AppendBool(b, q.closed), q.lease)
	for _, n := range []uint64{q.stats.puts, q.stats.gets, q.stats.redelivered, q.stats.most} {
		b = wire.AppendUint(b, n)
	}
	b = wire.AppendUint(q.messages.save(b), uint64(len(q.taken)))
	for _, lease := range sorted(q.taken) {
		t := q.taken[lease]
		b = t.save(wire.AppendUint(wire.AppendUint(b, lease), t.session))
	}
	return b
}

func loadFifo(_ *Host, r *wire.Reader) (object, error) {
	q := &fifo{capacity: r.Uint(), room: r.Uint(), closed: r.Bool(), lease: r.Uint(), taken: map[uint64]taken{}}
	q.stats = fifoStats{r.Uint(), r.Uint(), r.Uint(), r.Uint()}
	q.messages.load(r)
	for range r.Count(36) {
		lease, session := r.Uint(), r.Uint()
		q.taken[lease] = taken{session, loadMessage(r)}
	}
	q.all(func(m *message) { q.bytes += m.size(); q.refs += m.refs() })
	return q, r.Err()
}

// all calls f for each message, waiting or taken, in any order.
func (q *fifo) all(f func(m *message)) {
	q.messages.all(f)
	for _, t := range q.taken {
		f(&t.message)
	}
}

func (q *fifo) drop(h *Host)     { q.refers(func(id uint64) { h.unref(h.objects[id], 1) }) }
func (q *fifo) queues() []*queue { return []*queue{&q.getters, &q.putters, &q.joiners} }
func (q *fifo) unfinished() int  { return q.messages.len() + len(q.taken) }

// refers calls f for each reference in messages, and in those of who waits to put.
func (q *fifo) refers(f func(id uint64)) {
	visit := func(item wire.Item) {
		if id, _, ok := item.Ref(); ok {
			f(id)
		}
	}
	if q.refs > 0 {
		q.all(func(m *message) { visit(m.item) })
	}
	for w := q.putters.first; w != nil; w = w.next {
		for r := wire.Read(w.body); r.Len() > 0; {
			visit(r.Item())
		}
	}
}

func (q *fifo) info() string {
	s := fmt.Sprintf("%d messages, %d taken", q.messages.len(), len(q.taken))
	for _, w := range []struct {
		n    int
		does string
	}{{q.getters.n, "get"}, {q.putters.n, "put"}, {q.joiners.n, "join"}} {
		if w.n > 0 {
			s += fmt.Sprintf(", %d %s", w.n, w.does)
		}
	}
	if q.closed {
		s += ", closed"
	}
	return s
}

// stir proposes a Grant if somebody waits for what has changed.
func (q *fifo) stir(h *Host, e *entry, who *queue) {
	if who.n > 0 {
		h.propose(wire.Grant, e.id)
	}
}

// grant serves those who wait: whoever takes messages makes room for others.
func (q *fifo) grant(h *Host, e *entry) {
	q.admit(h)
	for q.serve(h, e) {
		q.admit(h)
	}
	q.dismiss(h, e)
	for w := q.joiners.first; w != nil; {
		next := w.next
		if w.stage == 1 {
			h.finish(w, nil, nil)
		}
		w = next
	}
}

func (q *fifo) giveUp(h *Host, w *wait, fault *wire.Fault) {
	if w.q == &q.putters {
		q.refuse(h, w, fault)
		return
	}
	h.finish(w, nil, fault)
}

func (q *fifo) abandon(h *Host, w *wait) {
	if w.q == &q.putters {
		h.dropEncoded(w.body)
	}
	h.unwait(w)
}

// leave: what the session had taken comes back.
func (q *fifo) leave(h *Host, e *entry, s *session) {
	for _, lease := range sorted(q.taken) {
		if q.taken[lease].session == s.id {
			q.giveBack(lease)
		}
	}
	q.stir(h, e, &q.getters)
}

func fifoClose(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	q := c.e.object.(*fifo)
	q.closed = true
	q.stir(c.h, c.e, &q.getters)
	q.stir(c.h, c.e, &q.putters)
	return nil
}

func fifoInfo(c *Call) error {
	q := c.e.object.(*fifo)
	for _, n := range []uint64{
		uint64(q.messages.len()), q.capacity, uint64(q.unfinished()), q.bytes, q.room,
		q.stats.puts, q.stats.gets, q.stats.redelivered, q.stats.most,
		uint64(q.getters.n), uint64(q.putters.n), uint64(q.joiners.n),
	} {
		c.out = wire.AppendUint(c.out, n)
	}
	c.out = wire.AppendBool(c.out, q.closed)
	return c.in.End()
}

func fifoJoin(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	q := c.e.object.(*fifo)
	if q.unfinished() == 0 {
		return nil
	}
	return c.wait(&q.joiners)
}
