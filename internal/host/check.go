package host

import (
	"fmt"
	"maps"
	"slices"

	"shmkit/internal/wire"
)

// countMost is more than any count of references can be.
const countMost = 1 << 48

// Check tells everything in the state that cannot be, in words, and changes nothing. Of a host
// that only Apply has changed there is nothing to tell; Load refuses a state of which there is.
func (h *Host) Check() []string {
	a := &audit{h: h, refs: map[uint64]uint64{}}
	for _, s := range h.eachSession() {
		a.session(s)
	}
	all := h.eachEntry()
	for _, e := range all {
		a.entry(e)
	}
	for name, e := range h.names {
		a.expect(e.name == name && name != "" && h.objects[e.id] == e, "name %q is of object %#x, which is called %q", name, e.id, e.name)
	}
	for _, key := range sortedHandings(h.handed) {
		a.refer(h.handed[key].id, 1, "a hand-over of session %#x", key.session)
		a.expect(h.objects[h.handed[key].id] == h.handed[key], "object %#x is handed over and not there", h.handed[key].id)
	}
	for _, e := range all {
		a.expect(e.refs == a.refs[e.id], "%v %#x counts %d references; there are %d", e.kind, e.id, e.refs, a.refs[e.id])
	}
	a.expect(a.waits == a.inQueues, "%d calls wait in queues; in these are %d", a.inQueues, a.waits)
	if len(a.found) == 0 { // or it might not end
		a.cycles(all)
	}
	slices.Sort(a.found)
	return a.found
}

// An audit is what Check has seen.
type audit struct {
	h     *Host
	refs  map[uint64]uint64 // that were found, by object
	found []string
	// waits are those that queues have, and inQueues those that sessions say are in one.
	waits, inQueues int
}

func (a *audit) expect(good bool, format string, args ...any) {
	if !good {
		a.found = append(a.found, fmt.Sprintf(format, args...))
	}
}

// refer counts n references to an object, and gives it, or nil.
func (a *audit) refer(id, n uint64, who string, args ...any) *entry {
	e := a.h.objects[id]
	a.expect(e != nil, "%s refers to object %#x, which is not there", fmt.Sprintf(who, args...), id)
	a.expect(n > 0 && n < countMost, "%s refers %d times to object %#x", fmt.Sprintf(who, args...), n, id)
	a.refs[id] += n
	return e
}

func (a *audit) session(s *session) {
	a.expect(s.id != 0 && a.h.sessions[s.id] == s, "session %#x is known by another number", s.id)
	held := uint64(0)
	for _, id := range slices.Sorted(maps.Keys(s.holds)) {
		a.refer(id, s.holds[id], "session %#x", s.id)
		held += s.holds[id]
	}
	a.expect(held == s.held, "session %#x counts %d references of its own; there are %d", s.id, s.held, held)
	for _, id := range slices.Sorted(maps.Keys(s.leases)) {
		a.expect(s.leases[id] > 0 && s.leases[id] < countMost, "session %#x has %d leases of object %#x", s.id, s.leases[id], id)
		a.refer(id, 1, "a lease of session %#x", s.id)
	}
	bytes := uint64(0)
	for i := range s.results.n {
		r := s.results.at(i)
		bytes += uint64(len(r.body))
		a.expect(r.call != 0 && (r.kind == wire.Reply || r.kind == wire.Failure), "session %#x: call %d has a result of kind %d", s.id, r.call, r.kind)
		a.expect(s.waits[r.call] == nil, "session %#x: call %d has a result and waits", s.id, r.call)
	}
	a.expect(bytes == s.results.bytes, "session %#x counts %d bytes of results; there are %d", s.id, s.results.bytes, bytes)
	for _, w := range s.eachWait() {
		a.wait(s, w)
	}
}

func (a *audit) wait(s *session, w *wait) {
	name := fmt.Sprintf("call %d of session %#x", w.call, s.id)
	a.expect(w.s == s && w.call != 0 && s.waits[w.call] == w, "%s waits under another number", name)
	e := a.refer(w.e.id, 1, "%s", name)
	if e != w.e {
		a.expect(false, "%s waits for an object that is not there", name)
		return
	}
	if w.q != nil {
		a.inQueues++
	}
	a.expect(w.beside == (w.q == nil), "%s: beside the host is %v, in no queue is %v", name, w.beside, w.q == nil)
	a.expect(find(w.method) != nil && (w.method.Type() == e.kind || w.method == wire.CondWait && isLock(e)), "%s is %v, and waits for a %v", name, w.method, e.kind)
}

func isLock(e *entry) bool {
	_, ok := e.object.(*lock)
	return ok
}

func (a *audit) entry(e *entry) {
	a.expect(e.id != 0 && e.id < a.h.next && a.h.objects[e.id] == e, "object %#x: the next one has %#x", e.id, a.h.next)
	a.expect(e.refs > 0, "nobody refers to %v %#x", e.kind, e.id)
	if e.name != "" {
		a.expect(a.h.names[e.name] == e, "nobody finds object %#x by its name %q", e.id, e.name)
		a.refs[e.id]++
	}
	if box, ok := e.object.(holder); ok {
		box.refers(func(id uint64) { a.refer(id, 1, "%v %#x", e.kind, e.id) })
	}
	for _, q := range e.object.queues() {
		a.queue(e, q)
	}
	a.object(e)
}

func (a *audit) queue(e *entry, q *queue) {
	n := 0
	for w := q.first; w != nil; w = w.next {
		n++
		a.expect(w.q == q && w.e == e && a.h.sessions[w.s.id] == w.s && w.s.waits[w.call] == w, "%v %#x: in a queue is call %d of session %#x, which does not wait there", e.kind, e.id, w.call, w.s.id)
		a.expect(w.next == nil && q.last == w || w.next != nil && w.next.prev == w, "%v %#x: a queue is not linked", e.kind, e.id)
	}
	a.waits += n
	a.expect(n == q.n, "%v %#x: a queue counts %d waits; there are %d", e.kind, e.id, q.n, n)
}

// cycles: what is inside of itself would never go.
func (a *audit) cycles(all []*entry) {
	const inside, done = 1, 2
	state := map[uint64]int{}
	var visit func(e *entry)
	visit = func(e *entry) {
		state[e.id] = inside
		if box, ok := e.object.(holder); ok {
			box.refers(func(id uint64) {
				a.expect(state[id] != inside, "%v %#x is inside of itself", a.h.objects[id].kind, id)
				if state[id] == 0 {
					visit(a.h.objects[id])
				}
			})
		}
		state[e.id] = done
	}
	for _, e := range all {
		if state[e.id] == 0 {
			visit(e)
		}
	}
}
