package host

import (
	"fmt"
	"time"

	"shmkit/internal/wire"
)

// HandTime is how long an object stays for whoever is told of it; see wire.Hand.
const HandTime = time.Minute

// A Host is the objects and the sessions of a server.
//
// Use New. It is not safe for concurrent use: whoever has it takes turns.
type Host struct {
	memory   func(code byte, n int) (Memory, error) // nil if there is none
	next     uint64                                 // id of the next object
	sessions map[uint64]*session
	objects  map[uint64]*entry
	names    map[string]*entry
	handed   map[handing]*entry
	handers  map[uint64]uint64 // how many of these are of a session
	effects  []Effect
	call     Call   // of the operation that is applied
	out      []byte // where its reply is written
	dropping []*entry
	counts   Counts
	ops      uint64                                        // that were applied since New; no part of the state
	hire     func(workers uint64, settings []byte) Workers // nil: there are no pools
}

// Counts are what a Host has met since New. They are no part of its state.
type Counts struct {
	Sessions uint64 // that began
	Waits    uint64 // calls that had to wait
}

// handing names what was handed over, by whom.
type handing struct{ session, call uint64 }

// New makes a Host without objects. What memory gives is for clients to read and write without
// asking; nil is for a host that is replayed, or has no clients on its machine.
func New(memory func(code byte, n int) (Memory, error)) *Host {
	return &Host{memory: memory, next: 1, sessions: map[uint64]*session{}, objects: map[uint64]*entry{}, names: map[string]*entry{}, handed: map[handing]*entry{}, handers: map[uint64]uint64{}}
}

// Reads tells whether f is a request that changes nothing, so that no log needs to have it.
func Reads(f *wire.Frame) bool {
	if f.Kind != wire.Request {
		return false
	}
	m := f.Method
	if m == wire.Path {
		m, _ = innermost(f.Body)
	}
	spec := find(m)
	return spec != nil && spec.reads
}

// Apply applies an operation, which may be whatever a client or a log says, and tells what
// follows from it. Effects are good until the next call.
func (h *Host) Apply(f *wire.Frame) []Effect {
	h.effects = h.effects[:0]
	h.ops++
	switch f.Kind {
	case wire.Request:
		h.request(f)
	case wire.Tell:
		h.tell(f)
	case wire.Cancel:
		h.giveUp(f, wire.CodeCancelled, "cancelled")
	case wire.Timeout:
		h.giveUp(f, wire.CodeTimedOut, "deadline passed")
	case wire.Ack:
		if s := h.sessions[f.Session]; s != nil {
			s.results.forget(f.Call)
		}
	case wire.Grant:
		if e := h.objects[f.Object]; e != nil {
			e.object.grant(h, e)
		}
	case wire.Done:
		h.done(f)
	case wire.Open:
		h.open(f)
	case wire.Expire:
		h.expire(f.Session)
	case wire.Goodbye:
		h.farewell(f.Session)
	case wire.Forget:
		h.forget(handing{f.Session, f.Call})
	case wire.Begin:
		h.begin(f)
	}
	h.drop()
	return h.effects
}

// request applies a call, once.
func (h *Host) request(f *wire.Frame) {
	s := h.sessions[f.Session]
	if s == nil {
		h.refuse(f, wire.NewFault(wire.CodeNoSession, "manager: session %#x has expired, or never was", f.Session))
		return
	}
	if f.Call != 0 && !Reads(f) {
		if r := s.results.find(f.Call); r != nil {
			h.effects = append(h.effects, Effect{Kind: Answer, Op: r.kind, Session: s.id, Call: f.Call, Body: r.body})
			return
		}
		if s.waits[f.Call] != nil {
			return
		}
		if f.Call <= s.results.floor {
			h.refuse(f, wire.NewFault(wire.CodeTooOld, "manager: the result of call %d is not kept any more", f.Call))
			return
		}
	}
	c := &h.call
	*c = Call{h: h, s: s, id: f.Call, method: f.Method, object: f.Object, deadline: f.Deadline, in: wire.Read(f.Body), out: h.out[:0]}
	err := c.do()
	h.out = c.out[:0]
	switch {
	case err == errWaits:
	case f.Call == 0: // nobody wants to know
	case err != nil:
		h.answer(s, f.Call, wire.Failure, wire.AppendFault(c.out[:0], faultOf(err)), !Reads(f))
	default:
		h.answer(s, f.Call, wire.Reply, c.out, !Reads(f))
	}
}

// tell applies a call that wants no answer, once: a client that does not know whether one has
// come sends it again.
func (h *Host) tell(f *wire.Frame) {
	s := h.sessions[f.Session]
	if s == nil || f.Call <= s.told {
		return
	}
	s.told = f.Call
	g := *f
	g.Kind, g.Call = wire.Request, 0
	h.request(&g)
}

// answer tells a session what a call gave, and remembers it.
func (h *Host) answer(s *session, call uint64, kind wire.Kind, body []byte, keep bool) {
	if call == 0 {
		return
	}
	if keep {
		body = s.results.record(h.ops, call, kind, body, s.limits)
	}
	h.effects = append(h.effects, Effect{Kind: Answer, Op: kind, Session: s.id, Call: call, Body: body})
}

// refuse answers a call of which nothing is remembered.
func (h *Host) refuse(f *wire.Frame, fault *wire.Fault) {
	h.effects = append(h.effects, Effect{Kind: Answer, Op: wire.Failure, Session: f.Session, Call: f.Call, Body: wire.AppendFault(nil, fault)})
}

// giveUp ends a wait, unless it has ended.
func (h *Host) giveUp(f *wire.Frame, code wire.Code, why string) {
	s := h.sessions[f.Session]
	if s == nil {
		return
	}
	if w := s.waits[f.Call]; w != nil {
		w.e.object.giveUp(h, w, wire.NewFault(code, "manager: %s: %s", w.e.title(w.method), why))
	}
}

// done answers a call that ran beside the host.
func (h *Host) done(f *wire.Frame) {
	s := h.sessions[f.Session]
	if s == nil || s.waits[f.Call] == nil {
		return
	}
	w := s.waits[f.Call]
	if !w.beside {
		return // what ended was of a session before, with the same number
	}
	o, err := wire.ReadOutcome(f.Body)
	switch {
	case err != nil:
		h.finish(w, nil, err)
	case o.Fault != nil:
		h.finish(w, nil, o.Fault)
	default:
		h.finish(w, o.Body, nil)
	}
}

// begin: a server process begins. What ran beside the one before is lost, and alarms are
// set again.
func (h *Host) begin(f *wire.Frame) {
	h.next = max(h.next, f.Object)
	for _, s := range h.eachSession() {
		for _, w := range s.eachWait() {
			switch {
			case w.beside:
				h.finish(w, nil, wire.NewFault(wire.CodeRestarted, "manager: %s: the server was restarted while it ran", w.e.title(w.method)))
			case w.deadline > 0:
				h.alarm(w)
			}
		}
	}
	for _, e := range h.eachEntry() { // the Grant that an operation proposed may be in no log
		for _, q := range e.object.queues() {
			if q.n > 0 {
				h.propose(wire.Grant, e.id)
				break
			}
		}
	}
	for _, key := range sortedHandings(h.handed) {
		h.effects = append(h.effects, Effect{Kind: Alarm, Op: wire.Forget, Session: key.session, Call: key.call, After: HandTime})
	}
}

func (h *Host) alarm(w *wait) {
	h.effects = append(h.effects, Effect{Kind: Alarm, Op: wire.Timeout, Session: w.s.id, Call: w.call, After: time.Duration(w.deadline)})
}

// faultOf is err as it travels.
func faultOf(err error) *wire.Fault {
	switch e := err.(type) {
	case *wire.Fault:
		return e
	case *wire.FrameError:
		return wire.NewFault(wire.CodeBadFrame, "manager: %v", err)
	}
	if err == wire.ErrBody {
		return wire.NewFault(wire.CodeBadBody, "manager: the arguments are not what the method takes")
	}
	return wire.NewFault(wire.CodeInternal, "manager: %v", err)
}

// Session tells whether a session lives.
func (h *Host) Session(id uint64) bool { return h.sessions[id] != nil }

// Sessions are the ids of all that live, ascending.
func (h *Host) Sessions() []uint64 {
	var ids []uint64
	for _, s := range h.eachSession() {
		ids = append(ids, s.id)
	}
	return ids
}

// Counts are those of now.
func (h *Host) Counts() Counts { return h.counts }

// Next is the id of the next object.
func (h *Host) Next() uint64 { return h.next }

// Len is how many objects there are.
func (h *Host) Len() int { return len(h.objects) }

func (h *Host) String() string {
	return fmt.Sprintf("host of %d objects and %d sessions", len(h.objects), len(h.sessions))
}
