package host

import (
	"cmp"
	"maps"
	"slices"

	"shmkit/internal/wire"
)

// A session is a client, over as many connections as it needs one after the other.
type session struct {
	id      uint64
	limits  wire.Limits
	results results
	waits   map[uint64]*wait  // by call
	holds   map[uint64]uint64 // how many references it has to an object
	leases  map[uint64]uint64 // how many things of an object it holds: locks, permits, messages, places
	held    uint64            // sum of holds
	told    uint64            // the last Tell that was applied
}

// open begins a session. One that lives goes on, with its limits.
func (h *Host) open(f *wire.Frame) {
	if f.Session == 0 || h.sessions[f.Session] != nil {
		return
	}
	r := wire.Read(f.Body)
	limits := r.Limits()
	if r.Err() != nil {
		limits = wire.DefaultLimits
	}
	h.counts.Sessions++
	h.sessions[f.Session] = &session{id: f.Session, limits: limits, waits: map[uint64]*wait{}, holds: map[uint64]uint64{}, leases: map[uint64]uint64{}}
}

// expire ends a session: its waits end unanswered, then what it holds is given back, then its
// references go. In this order nothing that is given back can come to a wait of its own.
func (h *Host) expire(id uint64) {
	s := h.sessions[id]
	if s == nil {
		return
	}
	delete(h.sessions, id)
	for _, w := range s.eachWait() {
		w.e.object.abandon(h, w)
	}
	for _, object := range slices.Sorted(maps.Keys(s.leases)) {
		e := h.objects[object]
		e.object.leave(h, e, s)
	}
	for _, object := range slices.Sorted(maps.Keys(s.leases)) {
		h.unref(h.objects[object], 1)
	}
	for _, object := range slices.Sorted(maps.Keys(s.holds)) {
		h.unref(h.objects[object], s.holds[object])
	}
}

func (h *Host) eachSession() []*session {
	return slices.SortedFunc(maps.Values(h.sessions), func(a, b *session) int { return cmp.Compare(a.id, b.id) })
}

func (s *session) eachWait() []*wait {
	return slices.SortedFunc(maps.Values(s.waits), func(a, b *wait) int { return cmp.Compare(a.call, b.call) })
}

// hold makes s refer to e once more.
// Errors: CodeTooMuch.
func (h *Host) hold(s *session, e *entry) error {
	if s.held >= s.limits.Objects {
		return wire.NewFault(wire.CodeTooMuch, "manager: the session refers to %d objects, which is its limit", s.held)
	}
	s.held++
	s.holds[e.id]++
	h.ref(e, 1)
	return nil
}

// release makes s refer to an object once less. What it does not refer to is ignored.
func (h *Host) release(s *session, object uint64) {
	if s.holds[object] == 0 {
		return
	}
	s.held--
	if s.holds[object]--; s.holds[object] == 0 {
		delete(s.holds, object)
	}
	h.unref(h.objects[object], 1)
}

// part is release by a client that says that it does not use the object any more.
func (h *Host) part(s *session, object uint64) {
	if s.holds[object] == 0 {
		return
	}
	h.release(s, object)
	e := h.objects[object]
	if o, ok := e.object.(leaver); ok && s.holds[object] == 0 && (s.leases[object] > 0 || len(s.waits) > 0) {
		o.left(h, e, s)
	}
}

// farewell ends a session whose client parts with all objects.
func (h *Host) farewell(id uint64) {
	s := h.sessions[id]
	if s == nil {
		return
	}
	for _, object := range slices.Sorted(maps.Keys(s.leases)) {
		e := h.objects[object]
		if o, ok := e.object.(leaver); ok {
			o.left(h, e, s)
		}
	}
	h.expire(id)
}

// A leaver is an object to which it matters that a session parts with it, by its last
// reference: what that holds and waits for there it does not use any more. A reference that is
// released otherwise was forgotten, and who forgets the handle of a lock may still rely on it.
type leaver interface {
	left(h *Host, e *entry, s *session)
}

// endWaits ends the waits of s at e.
func endWaits(h *Host, e *entry, s *session) {
	for _, w := range s.eachWait() {
		if w.e == e {
			e.object.giveUp(h, w, wire.NewFault(wire.CodeReleased, "manager: %s: the handle was closed", e.title(w.method)))
		}
	}
}

// lease notes that s holds something of e, which e keeps until unlease.
func (h *Host) lease(s *session, e *entry) { h.leaseN(s, e, 1) }

// leaseN is lease of n things, at least one.
func (h *Host) leaseN(s *session, e *entry, n uint64) {
	if s.leases[e.id] == 0 {
		h.ref(e, 1)
	}
	s.leases[e.id] += n
}

// unlease notes that s has given back something of e.
func (h *Host) unlease(s *session, e *entry) { h.unleaseN(s, e, 1) }

// unleaseN is unlease of n things, at least one and no more than it has.
func (h *Host) unleaseN(s *session, e *entry, n uint64) {
	if s.leases[e.id] -= n; s.leases[e.id] == 0 {
		delete(s.leases, e.id)
		h.unref(e, 1)
	}
}
