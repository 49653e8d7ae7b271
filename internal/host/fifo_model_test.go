package host_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/wire"
)

// plainFifo is what a queue means, in the plainest way. Its laws:
//
//   - a message is in one place: waiting, or taken by one session;
//   - what waits is in the order of tickets, whatever came back meanwhile;
//   - nobody waits who could go on;
//   - who puts and who gets are served in the order in which they came;
//   - a Join that waits ends when no message is there, or taken;
//   - a call is answered once, and a session that has expired never.
type plainFifo struct {
	capacity int
	closed   bool
	waiting  []plainMessage
	taken    map[uint64]plainMessage
	owner    map[uint64]uint64
	ticket   int
	lease    uint64
	getters  []plainWait
	putters  []plainWait
	joiners  []plainWait
	given    map[string]string
}

type plainMessage struct {
	ticket, n  int
	deliveries uint64
}

type plainWait struct {
	key     string
	session uint64
	batch   bool
	most    int
	list    []int
	put     uint64
}

func (p *plainFifo) put(w plainWait, try bool) {
	if p.closed {
		p.given[w.key] = gave(wire.CodeClosed)
		return
	}
	if try && len(p.putters) == 0 { // sees the room that there is before anybody takes something
		for len(w.list) > 0 && len(p.waiting) < p.capacity {
			p.push(&w)
		}
	}
	p.putters = append(p.putters, w)
	if try && len(w.list) > 0 {
		p.endPut(w.key, wire.CodeFull)
	}
	p.settle()
}

func (p *plainFifo) push(w *plainWait) {
	p.waiting = append(p.waiting, plainMessage{ticket: p.ticket, n: w.list[0]})
	p.ticket++
	w.list, w.put = w.list[1:], w.put+1
}

// endPut ends a call that has not put everything.
func (p *plainFifo) endPut(key string, code wire.Code) {
	for i, w := range p.putters {
		if w.key == key {
			p.putters = slices.Delete(p.putters, i, i+1)
			p.given[key] = gave(code)
			if w.put > 0 {
				p.given[key] = reply(numbers(w.put, uint64(code)))
			}
			return
		}
	}
}

func (p *plainFifo) get(w plainWait, try bool) {
	p.getters = append(p.getters, w)
	p.settle()
	if try {
		p.end(&p.getters, w.key, wire.CodeEmpty)
	}
}

func (p *plainFifo) end(list *[]plainWait, key string, code wire.Code) {
	for i, w := range *list {
		if w.key == key {
			*list = slices.Delete(*list, i, i+1)
			p.given[key] = gave(code)
			return
		}
	}
}

// giveBack makes a message wait in its place.
func (p *plainFifo) giveBack(lease uint64) {
	m := p.taken[lease]
	m.deliveries++
	delete(p.taken, lease)
	delete(p.owner, lease)
	p.waiting = append(p.waiting, m)
	slices.SortFunc(p.waiting, func(a, b plainMessage) int { return a.ticket - b.ticket })
}

func (p *plainFifo) ack(lease uint64) {
	delete(p.taken, lease)
	delete(p.owner, lease)
	if len(p.waiting)+len(p.taken) == 0 {
		for _, w := range p.joiners {
			p.given[w.key] = done
		}
		p.joiners = nil
	}
}

// settle does all that can be done.
func (p *plainFifo) settle() {
	for {
		switch {
		case len(p.putters) > 0 && p.closed:
			p.endPut(p.putters[0].key, wire.CodeClosed)
		case len(p.putters) > 0 && len(p.putters[0].list) == 0:
			w := p.putters[0]
			p.putters = p.putters[1:]
			p.given[w.key] = done
			if w.batch {
				p.given[w.key] = reply(numbers(w.put, 0))
			}
		case len(p.putters) > 0 && len(p.waiting) < p.capacity:
			p.push(&p.putters[0])
		case len(p.getters) > 0 && len(p.waiting) > 0:
			w := p.getters[0]
			p.getters = p.getters[1:]
			p.given[w.key] = reply(p.take(w))
		default:
			p.dismiss()
			return
		}
	}
}

func (p *plainFifo) take(w plainWait) []byte {
	n := min(w.most, len(p.waiting))
	b := numbers(p.lease)
	if w.batch {
		b = wire.AppendUint(b, uint64(n))
	}
	for _, m := range p.waiting[:n] {
		p.taken[p.lease], p.owner[p.lease] = m, w.session
		p.lease++
		b = wire.AppendUint(b, m.deliveries)
		if w.batch {
			b = wire.AppendBytes(b, item(m.n))
		} else {
			b = append(b, item(m.n)...)
		}
	}
	p.waiting = p.waiting[n:]
	return b
}

// dismiss tells those who get when nothing can come any more.
func (p *plainFifo) dismiss() {
	if !p.closed || len(p.waiting) > 0 {
		return
	}
	for _, w := range slices.Clone(p.getters) {
		others := false
		for _, session := range p.owner {
			others = others || session != w.session
		}
		if !others {
			p.end(&p.getters, w.key, wire.CodeClosed)
		}
	}
}

func (p *plainFifo) expire(session uint64) {
	for _, list := range []*[]plainWait{&p.getters, &p.putters, &p.joiners} {
		*list = slices.DeleteFunc(*list, func(w plainWait) bool { return w.session == session })
	}
	for _, lease := range slices.Sorted(maps.Keys(p.owner)) {
		if p.owner[lease] == session {
			p.giveBack(lease)
		}
	}
}

// TestFifoModel: a queue does what the plain one does, whatever happens when.
func TestFifoModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 4).Draw(t, "capacity")
		s := newFifoStage(t, wire.TypeJoinable, uint64(capacity), large, 4)
		clear(s.given)
		p := &plainFifo{capacity: capacity, taken: map[uint64]plainMessage{}, owner: map[uint64]uint64{}, given: map[string]string{}}
		r := fifoRandom{s: s, p: p, sessions: []uint64{1, 2, 3, 4}}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			r.step(t)
			if !maps.Equal(s.given, p.given) {
				t.Fatalf("given: %v\nwant:  %v", s.given, p.given)
			}
		}
		s.check()
	})
}

// fifoRandom does the same to a queue and to the plain one.
type fifoRandom struct {
	s        *fifoStage
	p        *plainFifo
	sessions []uint64
	expired  uint64
	n        int
}

func (r *fifoRandom) step(t *rapid.T) {
	session := rapid.SampledFrom(r.sessions).Draw(t, "session")
	deadline := rapid.SampledFrom([]int64{0, 0, -1}).Draw(t, "deadline")
	switch rapid.SampledFrom([]string{"put", "put", "putN", "get", "get", "getN", "ack", "ack", "nack", "join", "end", "end", "expire", "close", "check"}).Draw(t, "op") {
	case "put":
		r.n++
		key := r.s.call(session, wire.QueuePut, deadline, item(r.n))
		r.p.put(plainWait{key: key, session: session, list: []int{r.n}}, deadline < 0)
	case "putN":
		var list []int
		for range rapid.IntRange(1, 5).Draw(t, "n") {
			r.n++
			list = append(list, r.n)
		}
		key := r.s.call(session, wire.QueuePutN, deadline, items(list...))
		r.p.put(plainWait{key: key, session: session, list: list, batch: true}, deadline < 0)
	case "get":
		key := r.s.call(session, wire.QueueGet, deadline, nil)
		r.p.get(plainWait{key: key, session: session, most: 1}, deadline < 0)
	case "getN":
		most := rapid.IntRange(1, 4).Draw(t, "most")
		key := r.s.call(session, wire.QueueGetN, deadline, numbers(uint64(most)))
		r.p.get(plainWait{key: key, session: session, most: most, batch: true}, deadline < 0)
	case "ack":
		r.lease(t, wire.QueueAck, r.p.ack)
	case "nack":
		r.lease(t, wire.QueueNack, r.p.giveBack)
	case "join":
		key := r.s.call(session, wire.QueueJoin, 0, nil)
		if len(r.p.waiting)+len(r.p.taken) == 0 {
			r.p.given[key] = done
		} else {
			r.p.joiners = append(r.p.joiners, plainWait{key: key, session: session})
		}
	case "end":
		r.end(t)
	case "expire":
		r.s.apply(wire.Frame{Kind: wire.Expire, Session: session})
		r.p.expire(session)
		r.p.settle()
		r.expired++
		fresh := 10 + r.expired
		r.sessions[slices.Index(r.sessions, session)] = fresh
		r.s.open(fresh)
		r.s.attach(fresh)
		delete(r.s.given, fmt.Sprintf("%d.1", fresh))
	case "close":
		if rapid.IntRange(0, 7).Draw(t, "really") == 0 {
			r.p.given[r.s.call(session, wire.QueueClose, 0, nil)] = done
			r.p.closed = true
			r.p.settle()
		}
	case "check":
		r.s.check()
	}
}

// lease ends the lease of a message, also by one who does not have it.
func (r *fifoRandom) lease(t *rapid.T, m wire.Method, end func(lease uint64)) {
	if r.p.lease == 0 {
		return
	}
	session := rapid.SampledFrom(r.sessions).Draw(t, "who")
	lease := rapid.Uint64Range(0, r.p.lease).Draw(t, "lease")
	if all := slices.Sorted(maps.Keys(r.p.taken)); len(all) > 0 && rapid.IntRange(0, 9).Draw(t, "right") > 0 {
		lease = rapid.SampledFrom(all).Draw(t, "taken")
		session = r.p.owner[lease]
	}
	key := r.s.call(session, m, 0, wire.AppendBool(numbers(lease, 1), false))
	if _, ok := r.p.taken[lease]; !ok || r.p.owner[lease] != session {
		r.p.given[key] = gave(wire.CodeNoItem)
		return
	}
	r.p.given[key] = done
	end(lease)
	r.p.settle()
}

// end ends the wait of a call.
func (r *fifoRandom) end(t *rapid.T) {
	all := slices.Concat(r.p.getters, r.p.putters, r.p.joiners)
	if len(all) == 0 {
		return
	}
	key := rapid.SampledFrom(all).Draw(t, "wait").key
	kind, code := wire.Cancel, wire.CodeCancelled
	if rapid.Bool().Draw(t, "timeout") {
		kind, code = wire.Timeout, wire.CodeTimedOut
	}
	r.s.tell(kind, key)
	r.p.endPut(key, code)
	r.p.end(&r.p.getters, key, code)
	r.p.end(&r.p.joiners, key, code)
	r.p.settle()
}
