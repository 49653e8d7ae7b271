package host

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"shmkit/internal/wire"
)

// anyWorld is a host of all types of objects, to which sessions do anything.
//
// Laws, after each operation:
//
//   - nothing panics, and Check finds nothing;
//   - a second host that is given the same has the same effects, and saves the same. Now and
//     then it is replaced by one that has loaded that;
//   - a call that comes again changes nothing, and is answered as before;
//   - a call that fails has changed nothing but its result and the number of the next object;
//   - a method that reads has changed nothing;
//   - nobody waits for what is free, unless a Grant is proposed;
//
// and when all sessions have expired, names are removed and hand-overs are forgotten, nothing
// is left.
type anyWorld struct {
	fail     func(format string, args ...any)
	pick     chooser
	g        *grammar
	h, twin  *Host
	proposed []wire.Frame
	made     []wire.Frame // calls that may come again
	call     uint64
	log      []string
	ops      []byte // the same as frames
	damaged  bool   // the state was: what is only right, not needed, may not hold
}

const anySessions = 4

func newAnyWorld(g *grammar, pick chooser, fail func(format string, args ...any)) *anyWorld {
	a := &anyWorld{fail: fail, pick: pick, g: g, h: New(nil), twin: New(nil), call: 1}
	for i := range anySessions {
		a.apply(a.open(uint64(i + 1)))
	}
	a.populate()
	return a
}

// populate makes an object of each type that can be made, to which all sessions refer.
func (a *anyWorld) populate() {
	m := a.body()
	sound := body{pick: func(n int) int { return n / 2 }, g: a.g, kind: m.kind}
	for t, k := range a.g.kinds {
		if makers[t] == nil || a.pick(3) == 0 {
			continue
		}
		args := sound.of(k.Created)
		switch wire.Type(t) {
		case wire.TypeArray:
			args = wire.AppendBytes(wire.AppendUint([]byte{'q'}, 2), nil)
		case wire.TypeBarrier:
			args = wire.AppendInt(wire.AppendInt(nil, 2), 0)
		case wire.TypeQueue, wire.TypeJoinable:
			args = wire.AppendUint(wire.AppendUint(nil, 2), 2000)
		case wire.TypeSemaphore, wire.TypeBoundedSemaphore:
			args = wire.AppendInt(nil, 2)
		case wire.TypeCond:
			args = wire.AppendUint(nil, a.mutex())
		}
		for session := range uint64(anySessions) {
			f := wire.Frame{Kind: wire.Request, Session: session + 1, Call: a.call, Method: wire.Attach, Body: wire.AppendUint(nil, a.h.next-1)}
			if session == 0 {
				f.Method, f.Body = wire.Create, append(wire.AppendText([]byte{byte(t)}, ""), args...)
			}
			a.apply(f)
			a.call++
		}
	}
}

// mutex is one, or 0.
func (a *anyWorld) mutex() uint64 {
	for _, e := range a.h.eachEntry() {
		if _, ok := e.object.(*lock); ok {
			return e.id
		}
	}
	return 0
}

func (a *anyWorld) open(session uint64) wire.Frame {
	limits := wire.Limits{Frame: 1 << 16, Calls: 12, Objects: 40, Results: 4096}
	return wire.Frame{Kind: wire.Open, Session: session, Body: wire.AppendLimits(nil, limits)}
}

// body makes arguments.
func (a *anyWorld) body() *body {
	m := &body{pick: a.pick, g: a.g, kind: func(id uint64) wire.Type {
		if e := a.h.objects[id]; e != nil {
			return e.kind
		}
		return 0
	}}
	for _, e := range a.h.eachEntry() {
		m.objects = append(m.objects, e.id)
	}
	return m
}

// step does something.
func (a *anyWorld) step() {
	session := uint64(1 + a.pick(anySessions))
	switch n := a.pick(100); {
	case n < 60:
		a.request(session)
	case n < 76 && len(a.proposed) > 0:
		f := a.proposed[0]
		a.proposed = a.proposed[1:]
		a.apply(f)
	case n < 82 && len(a.made) > 0:
		a.again(a.made[a.pick(len(a.made))])
	case n < 86:
		a.apply(wire.Frame{Kind: a.of(wire.Cancel, wire.Timeout), Session: session, Call: a.waiting(session)})
	case n < 90:
		a.acknowledge(session)
	case n < 93:
		a.apply(wire.Frame{Kind: a.of(wire.Expire, wire.Goodbye), Session: session})
	case n < 95:
		a.apply(a.open(session))
	case n < 96:
		a.apply(wire.Frame{Kind: wire.Begin, Object: uint64(a.pick(3)) * a.h.next})
	case n < 98:
		a.apply(wire.Frame{Kind: wire.Forget, Session: session, Call: uint64(a.pick(int(a.call) + 1))})
	default:
		a.apply(wire.Frame{Kind: wire.Kind(a.pick(80)), Session: session, Call: uint64(a.pick(4)), Object: uint64(a.pick(20)), Method: wire.Method(a.pick(1 << 13))})
	}
}

func (a *anyWorld) of(kinds ...wire.Kind) wire.Kind { return kinds[a.pick(len(kinds))] }

// waiting is a call of the session that waits, if there is one.
func (a *anyWorld) waiting(session uint64) uint64 {
	s := a.h.sessions[session]
	if s == nil || len(s.waits) == 0 || a.pick(8) == 0 {
		return uint64(a.pick(int(a.call) + 1))
	}
	all := s.eachWait()
	return all[a.pick(len(all))].call
}

func (a *anyWorld) request(session uint64) {
	m := a.body()
	f := wire.Frame{Kind: wire.Request, Session: session, Call: a.call}
	if len(m.objects) > 0 && a.pick(5) > 0 {
		f.Object = m.objects[a.pick(len(m.objects))]
	}
	switch a.pick(20) {
	case 0:
		f.Call = 0
	case 1:
		f.Call = uint64(a.pick(int(a.call) + 3))
	case 2:
		f.Session = uint64(a.pick(7))
	}
	if f.Call == a.call {
		a.call++
	}
	f.Deadline = []int64{0, 0, 0, -1, 1e9, -1 << 63, 1<<63 - 1}[a.pick(7)]
	method := m.method(m.kind(f.Object))
	f.Method = wire.Method(method.Number)
	f.Body = m.spoil(m.of(method.Body))
	if wire.Method(method.Number) == wire.Path {
		inner := m.method(wire.Type(a.pick(wire.Types)))
		b := m.of("uint n, n × key")
		f.Body = m.spoil(append(wire.AppendUint(b, uint64(inner.Number)), m.of(inner.Body)...))
	}
	a.made = append(a.made, f)
	if a.h.sessions[f.Session] == nil || f.Call == 0 {
		a.made = a.made[:len(a.made)-1]
	}
	a.apply(f)
}

// acknowledge: the client has answers, and asks again all the same.
func (a *anyWorld) acknowledge(session uint64) {
	if len(a.made) == 0 || a.pick(3) == 0 {
		a.apply(wire.Frame{Kind: wire.Ack, Session: session, Call: uint64(a.pick(int(a.call) + 1))})
		return
	}
	f := a.made[a.pick(len(a.made))]
	if s := a.h.sessions[f.Session]; s.waits[f.Call] == nil { // a client acknowledges what it has
		a.apply(wire.Frame{Kind: wire.Ack, Session: f.Session, Call: f.Call})
	}
	a.again(f)
}

// again: the client got no answer, and asks again.
func (a *anyWorld) again(f wire.Frame) {
	before := a.h.Save(nil)
	s := a.h.sessions[f.Session]
	var want *result
	if r := s.results.find(f.Call); r != nil && !Reads(&f) {
		want = &result{f.Call, r.kind, bytes.Clone(r.body)}
	}
	answers := a.apply(f)
	if !bytes.Equal(a.h.Save(nil), before) {
		a.fail("the same call again changed something: %v", words(&f))
	}
	if want != nil && (len(answers) != 1 || answers[0].Op != want.kind || !bytes.Equal(answers[0].Body, want.body)) {
		a.fail("the same call again has another answer: %v", words(&f))
	}
}

// apply applies an operation to both hosts, and looks at the laws.
func (a *anyWorld) apply(f wire.Frame) []Effect {
	a.log = append(a.log, words(&f))
	a.ops = wire.Append(a.ops, &f)
	before, next, reads := a.h.Save(nil), a.h.next, Reads(&f)
	effects := copied(a.h.Apply(&f))
	if twin := copied(a.twin.Apply(&f)); fmt.Sprint(effects) != fmt.Sprint(twin) {
		a.fail("two hosts do not do the same:\n%v\n%v", effects, twin)
	}
	if a.h.sessions[f.Session] == nil {
		a.made = slices.DeleteFunc(a.made, func(g wire.Frame) bool { return g.Session == f.Session })
	}
	if v := a.h.Check(); len(v) > 0 {
		a.fail("Check: %s", strings.Join(v, "; "))
	}
	after := a.h.Save(nil)
	if !bytes.Equal(after, a.twin.Save(nil)) {
		a.fail("two hosts are not equal")
	}
	if reads && !bytes.Equal(after, before) {
		a.fail("a method that reads has changed something")
	}
	for _, e := range effects {
		switch {
		case e.Kind == Propose:
			a.proposed = append(a.proposed, wire.Frame{Kind: e.Op, Object: e.Object})
		case e.Kind == Answer && e.Op == wire.Failure && f.Kind == wire.Request && e.Call == f.Call && !bytes.Equal(after, before):
			a.undone(before, next, f.Session)
		}
	}
	if a.pick(6) == 0 {
		a.reload(after)
		if !a.damaged {
			a.idle()
		}
	}
	return effects
}

// undone: a call has failed, and all is as before but for its result.
func (a *anyWorld) undone(before []byte, next, session uint64) {
	r := &a.h.sessions[session].results
	last, bytesWere, nextIs := r.at(r.n-1), r.bytes, a.h.next
	r.n, r.bytes, a.h.next = r.n-1, r.bytes-uint64(len(last.body)), next
	now := a.h.Save(nil)
	r.n, r.bytes, a.h.next = r.n+1, bytesWere, nextIs
	if !bytes.Equal(now, before) && r.floor == 0 { // else a result was dropped for it
		a.fail("a call that fails has changed something")
	}
}

// reload makes the second host one that has loaded the state.
func (a *anyWorld) reload(state []byte) {
	a.twin = New(nil)
	if err := a.twin.Load(state); err != nil {
		a.fail("Load: %v", err)
	}
	if !bytes.Equal(a.twin.Save(nil), state) {
		a.fail("Load and Save do not give the same")
	}
}

// idle: a Grant that nobody proposed has nothing to do.
func (a *anyWorld) idle() {
	copy := New(nil)
	if err := copy.Load(a.h.Save(nil)); err != nil {
		a.fail("Load: %v", err)
	}
	before := copy.Save(nil)
	for _, e := range copy.eachEntry() {
		if slices.ContainsFunc(a.proposed, func(f wire.Frame) bool { return f.Object == e.id }) {
			continue
		}
		copy.Apply(&wire.Frame{Kind: wire.Grant, Object: e.id})
		if !bytes.Equal(copy.Save(nil), before) {
			a.fail("somebody waits for what is free of %v %#x: %s", e.kind, e.id, e.object.info())
		}
	}
}

// end: all go, and nothing is left.
func (a *anyWorld) end() {
	for i := range uint64(anySessions) {
		a.apply(wire.Frame{Kind: wire.Expire, Session: i + 1})
	}
	for _, key := range sortedHandings(a.h.handed) {
		a.apply(wire.Frame{Kind: wire.Forget, Session: key.session, Call: key.call})
	}
	a.apply(a.open(99))
	for _, e := range a.h.eachEntry() {
		if e.name != "" {
			a.call++
			a.apply(wire.Frame{Kind: wire.Request, Session: 99, Call: a.call, Method: wire.Remove, Body: wire.AppendText(nil, e.name)})
		}
	}
	a.apply(wire.Frame{Kind: wire.Expire, Session: 99})
	if len(a.h.objects)+len(a.h.sessions)+len(a.h.names)+len(a.h.handed) > 0 {
		a.fail("all have gone, and there is still %v: %v", a.h, a.h.eachEntry())
	}
}

// copied are effects that stay, without what cannot be compared.
func copied(effects []Effect) []Effect {
	effects = slices.Clone(effects)
	for i := range effects {
		effects[i].Body, effects[i].Job = bytes.Clone(effects[i].Body), nil
	}
	return effects
}

// words is an operation for people.
func words(f *wire.Frame) string {
	s := fmt.Sprintf("kind %d session %d call %d", f.Kind, f.Session, f.Call)
	if f.Kind == wire.Request {
		s += fmt.Sprintf(" object %#x %v deadline %d body %x", f.Object, f.Method, f.Deadline, f.Body)
	} else if f.Object != 0 {
		s += fmt.Sprintf(" object %#x", f.Object)
	}
	return s
}
