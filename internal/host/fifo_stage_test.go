package host_test

import (
	"bytes"
	"fmt"
	"testing"

	"shmkit/internal/host"
	"shmkit/internal/wire"
)

// fifoStage is a host with one queue, which session 1 has made and all refer to. What calls
// give is kept as text. Another host is given the same operations, and one more begins from
// what was saved, whenever Check is called: all must be equal.
type fifoStage struct {
	t       fataler
	h, twin *host.Host
	kind    wire.Type
	object  uint64
	calls   map[uint64]uint64 // by session, the last
	given   map[string]string // by "session.call"
	after   map[string]wire.Kind
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newFifoStage(t fataler, kind wire.Type, capacity, room uint64, sessions int) *fifoStage {
	s := &fifoStage{t: t, h: host.New(nil), twin: host.New(nil), kind: kind, calls: map[uint64]uint64{}, given: map[string]string{}, after: map[string]wire.Kind{}}
	args := wire.AppendText([]byte{byte(kind)}, "")
	for i := range uint64(sessions) {
		s.open(i + 1)
	}
	s.apply(wire.Frame{Kind: wire.Request, Session: 1, Call: s.next(1), Method: wire.Create, Body: wire.AppendUint(wire.AppendUint(args, capacity), room)})
	s.object = 1
	for i := range uint64(sessions) {
		s.attach(i + 1)
	}
	return s
}

func (s *fifoStage) open(session uint64) {
	s.apply(wire.Frame{Kind: wire.Open, Session: session, Body: wire.AppendLimits(nil, wire.DefaultLimits)})
}

func (s *fifoStage) attach(session uint64) {
	s.apply(wire.Frame{Kind: wire.Request, Session: session, Call: s.next(session), Method: wire.Attach, Body: wire.AppendUint(nil, s.object)})
}

func (s *fifoStage) next(session uint64) uint64 {
	s.calls[session]++
	return s.calls[session]
}

// apply applies an operation to both hosts, and what it proposes.
func (s *fifoStage) apply(f wire.Frame) {
	s.t.Helper()
	for ops := []wire.Frame{f}; len(ops) > 0; ops = ops[1:] {
		s.twin.Apply(&ops[0])
		for _, e := range s.h.Apply(&ops[0]) {
			switch key := fmt.Sprintf("%d.%d", e.Session, e.Call); e.Kind {
			case host.Answer:
				if was, ok := s.given[key]; ok {
					s.t.Fatalf("call %s is answered twice: %s", key, was)
				}
				s.given[key] = fmt.Sprintf("%d %x", e.Op, e.Body)
				if e.Op == wire.Failure {
					fault, err := wire.ReadFault(e.Body)
					if err != nil {
						s.t.Fatalf("%v", err)
					}
					s.given[key] = fmt.Sprintf("code %d", fault.Code)
				}
			case host.Propose:
				ops = append(ops, wire.Frame{Kind: e.Op, Object: e.Object})
			case host.Alarm:
				s.after[key] = e.Op
			}
		}
	}
}

// call calls a method, and gives the key of its answer.
func (s *fifoStage) call(session uint64, m wire.Method, deadline int64, body []byte) string {
	s.t.Helper()
	call := s.next(session)
	s.apply(wire.Frame{Kind: wire.Request, Session: session, Call: call, Object: s.object, Method: m.Of(s.kind), Deadline: deadline, Body: body})
	return fmt.Sprintf("%d.%d", session, call)
}

// tell applies an operation about a call.
func (s *fifoStage) tell(kind wire.Kind, key string) {
	s.t.Helper()
	f := wire.Frame{Kind: kind}
	fmt.Sscanf(key, "%d.%d", &f.Session, &f.Call)
	s.apply(f)
}

// check compares the hosts, and goes on with one that was loaded.
func (s *fifoStage) check() {
	s.t.Helper()
	saved := s.h.Save(nil)
	if !bytes.Equal(saved, s.twin.Save(nil)) {
		s.t.Fatalf("the same operations give different states")
	}
	loaded := host.New(nil)
	if err := loaded.Load(saved); err != nil {
		s.t.Fatalf("Load: %v", err)
	}
	if !bytes.Equal(saved, loaded.Save(nil)) {
		s.t.Fatalf("what was loaded is saved differently")
	}
	s.h = loaded
}

// What is asked, and what is answered.

func item(n int) []byte { return wire.AppendInt64(nil, int64(n)) }

func items(list ...int) []byte {
	b := wire.AppendUint(nil, uint64(len(list)))
	for _, n := range list {
		b = wire.AppendBytes(b, item(n))
	}
	return b
}

func numbers(list ...uint64) (b []byte) {
	for _, n := range list {
		b = wire.AppendUint(b, n)
	}
	return b
}

// lease are the arguments of Ack and Nack.
func lease(first, n uint64) []byte { return wire.AppendBool(numbers(first, n), false) }

func reply(b []byte) string { return fmt.Sprintf("%d %x", wire.Reply, b) }

func gave(code wire.Code) string { return fmt.Sprintf("code %d", code) }

// one is the answer to a Get.
func one(lease, deliveries uint64, n int) string {
	return reply(append(numbers(lease, deliveries), item(n)...))
}

const done = "4 "

func TestFifoStageCompares(t *testing.T) {
	s := newFifoStage(t, wire.TypeQueue, 1, 1000, 2)
	s.check()
	if s.given["1.1"] != reply(numbers(1)) {
		t.Errorf("Create gave %s", s.given["1.1"])
	}
}
