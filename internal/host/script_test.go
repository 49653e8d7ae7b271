package host

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shmkit/internal/wire"
)

// A script is played with one Host by actors, "1a", "1b", "2a", …: the number is the session,
// the letter tells actors of a session apart. Each makes one call at a time.
//
// After each step the Grants that were proposed are applied, one after the other, unless the
// call ends with "!": then they are left until the next step.
type script struct {
	t       testing.TB
	h       *Host
	object  uint64
	perform performer

	log      []wire.Frame // all operations
	proposed []wire.Frame
	next     map[uint64]uint64 // call of a session
	calls    map[string]*scriptCall
}

// performer tells what frame a call is, and what its answer is in words.
type performer func(s *script, who string, args []string) (m wire.Method, body []byte, answer func(r *wire.Reader) string)

type scriptCall struct {
	session, id uint64
	answer      func(r *wire.Reader) string
	got         string // waits until there is an answer
}

// A step is one line: an actor makes a call and is answered with want. Instead of a call there
// may be "ends", of one that waited; "cancel" and "timeout" of the actor's call; "expire" and
// "goodbye" of the session, "close" and "forget" of its last handle; "grant", of what is proposed.
type step struct{ who, call, want string }

const waits = "waits" // there is no answer yet

func newScript(t testing.TB, sessions int, perform performer) *script {
	s := &script{t: t, h: New(nil), perform: perform, next: map[uint64]uint64{}, calls: map[string]*scriptCall{}}
	s.apply(wire.Frame{Kind: wire.Begin, Object: 1})
	for i := range sessions {
		s.apply(wire.Frame{Kind: wire.Open, Session: uint64(i + 1), Body: wire.AppendLimits(nil, wire.DefaultLimits)})
	}
	return s
}

// create makes an object of session 1, to which the others attach. It gives 0 and the code if
// that fails.
func (s *script) create(kind wire.Type, args []byte) (id uint64, code string) {
	c := &scriptCall{session: 1, answer: func(r *wire.Reader) string { id = r.Uint(); return "ok" }}
	s.request("create", c, wire.Create, 0, append(wire.AppendText([]byte{byte(kind)}, ""), args...))
	if c.got != "ok" {
		return 0, c.got
	}
	for _, session := range s.h.Sessions()[1:] {
		c := &scriptCall{session: session, answer: func(r *wire.Reader) string { r.Byte(); return "ok" }}
		s.request("attach", c, wire.Attach, 0, wire.AppendUint(nil, id))
	}
	return id, ""
}

// on makes the object that the calls are about.
func (s *script) on(kind wire.Type, args []byte) *script {
	s.t.Helper()
	id, code := s.create(kind, args)
	if id == 0 {
		s.t.Fatal(code)
	}
	s.object = id
	return s
}

func (s *script) request(who string, c *scriptCall, m wire.Method, object uint64, body []byte) {
	s.next[c.session]++
	c.id, c.got = s.next[c.session], waits
	s.calls[who] = c
	s.apply(wire.Frame{Kind: wire.Request, Method: m, Session: c.session, Call: c.id, Object: object, Body: body})
}

func (s *script) apply(f wire.Frame) {
	f.Body = slices.Clone(f.Body)
	s.log = append(s.log, f)
	for _, e := range s.h.Apply(&f) {
		switch e.Kind {
		case Propose:
			s.proposed = append(s.proposed, wire.Frame{Kind: e.Op, Object: e.Object})
		case Answer:
			s.answered(&e)
		}
	}
}

func (s *script) answered(e *Effect) {
	for _, c := range s.calls {
		if c.session != e.Session || c.id != e.Call {
			continue
		}
		if e.Op == wire.Failure {
			f, err := wire.ReadFault(e.Body)
			if err != nil {
				s.t.Fatal(err)
			}
			c.got = codeNames[f.Code]
			continue
		}
		r := wire.Read(e.Body)
		c.got = c.answer(&r)
		if err := r.End(); err != nil {
			s.t.Fatalf("answer %x: %v", e.Body, err)
		}
	}
}

var codeNames = map[wire.Code]string{
	wire.CodeCancelled: "cancelled", wire.CodeTimedOut: "timed out", wire.CodeWouldWait: "would wait", wire.CodeNotHeld: "not held",
	wire.CodeNotRecoverable: "lost", wire.CodeConsistent: "consistent", wire.CodeCount: "count", wire.CodeTooMany: "too many",
	wire.CodeArgument: "argument", wire.CodeBadBody: "body", wire.CodeReleased: "released", wire.CodeNoObject: "no object", wire.CodeWrongType: "type",
}

// grant applies what is proposed, and what that proposes.
func (s *script) grant() {
	for len(s.proposed) > 0 {
		f := s.proposed[0]
		s.proposed = s.proposed[1:]
		s.apply(f)
	}
}

func sessionOf(who string) uint64 { return uint64(who[0] - '0') }

// play plays a script and then looks whether the state can be saved, loaded and had again.
func (s *script) play(steps ...step) {
	s.t.Helper()
	for i, st := range steps {
		call, held := strings.CutSuffix(st.call, "!")
		s.do(st.who, strings.Fields(call))
		if !held {
			s.grant()
		}
		if st.want == "" {
			continue
		}
		if c := s.calls[st.who]; c == nil || c.got != st.want {
			s.t.Fatalf("step %d: %v: got %q", i, st, c.got)
		}
	}
	s.same()
}

func (s *script) do(who string, args []string) {
	session, c := uint64(0), s.calls[who]
	if who != "" {
		session = sessionOf(who)
	}
	switch args[0] {
	case "ends", "grant":
	case "cancel":
		s.apply(wire.Frame{Kind: wire.Cancel, Session: session, Call: c.id})
	case "timeout":
		s.apply(wire.Frame{Kind: wire.Timeout, Session: session, Call: c.id})
	case "goodbye":
		s.apply(wire.Frame{Kind: wire.Goodbye, Session: session})
	case "expire":
		s.apply(wire.Frame{Kind: wire.Expire, Session: session})
	case "close":
		s.apply(wire.Frame{Kind: wire.Request, Method: wire.Part, Session: session, Body: wire.AppendUint(nil, s.object)})
	case "forget":
		s.apply(wire.Frame{Kind: wire.Request, Method: wire.Release, Session: session, Body: wire.AppendUint(nil, s.object)})
	default:
		m, body, answer := s.perform(s, who, args)
		if answer == nil {
			answer = func(*wire.Reader) string { return "ok" }
		}
		object := s.object
		if m.Type() != s.h.objects[object].kind {
			object = s.lockOf()
		}
		s.request(who, &scriptCall{session: session, answer: answer}, m, object, body)
	}
}

// lockOf is the lock of the Cond that the calls are about.
func (s *script) lockOf() uint64 { return s.h.objects[s.object].object.(*cond).lock }

// same fails unless a host that loads the state is equal, and one that had all operations.
func (s *script) same() {
	s.t.Helper()
	state := s.h.Save(nil)
	loaded, again := New(nil), New(nil)
	if err := loaded.Load(state); err != nil {
		s.t.Fatal(err)
	}
	for i := range s.log {
		again.Apply(&s.log[i])
	}
	if !bytes.Equal(loaded.Save(nil), state) {
		s.t.Fatal("a host that was saved and loaded is another")
	}
	if !bytes.Equal(again.Save(nil), state) {
		s.t.Fatal("a host that had the same operations is another")
	}
	s.h = loaded // and all goes on with what was loaded
}

func said(format string, read func(r *wire.Reader) []any) func(r *wire.Reader) string {
	return func(r *wire.Reader) string { return fmt.Sprintf(format, read(r)...) }
}
