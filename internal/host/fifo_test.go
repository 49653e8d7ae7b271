package host_test

import (
	"strings"
	"testing"

	"shmkit/internal/wire"
)

const large = 1 << 20

// fifoStep is an operation of a session: what is called, or happens to an earlier call, and
// what is answered then: "" if that waits. With "name=" the answer is looked at later, by
// "?name".
type fifoStep struct {
	session  uint64
	do       string
	method   wire.Method
	deadline int64
	body     []byte
	want     string
}

// play plays steps. do is empty or a name for a call, or one of
//
//	expire         the session ends
//	cancel NAME    and  timeout NAME
//	?NAME          what that call has given is want
func (s *fifoStage) play(t *testing.T, steps []fifoStep) {
	t.Helper()
	names := map[string]string{}
	for i, step := range steps {
		verb, name, _ := strings.Cut(step.do, " ")
		key := ""
		switch {
		case verb == "expire":
			s.apply(wire.Frame{Kind: wire.Expire, Session: step.session})
		case verb == "cancel":
			key = names[name]
			s.tell(wire.Cancel, key)
		case verb == "timeout":
			key = names[name]
			s.tell(wire.Timeout, key)
		case strings.HasPrefix(step.do, "?"):
			key = names[step.do[1:]]
		default:
			key = s.call(step.session, step.method, step.deadline, step.body)
			names[step.do] = key
		}
		s.check()
		if key != "" && s.given[key] != step.want {
			t.Fatalf("step %d, %+v: got %q, want %q", i, step, s.given[key], step.want)
		}
	}
}

// TestFifoTable goes through the rows of the tables above the type, one after the other.
//
// conformance
func TestFifoTable(t *testing.T) {
	const put, putN, get, getN, ack, nack = wire.QueuePut, wire.QueuePutN, wire.QueueGet, wire.QueueGetN, wire.QueueAck, wire.QueueNack
	for name, steps := range map[string][]fifoStep{
		"first in, first out": {
			{1, "", put, 0, item(5), done}, {2, "", put, 0, item(6), done},
			{2, "", get, 0, nil, one(0, 0, 5)}, {1, "", get, 0, nil, one(1, 0, 6)},
			{1, "", get, -1, nil, gave(wire.CodeEmpty)},
		},
		"full": {
			{1, "", putN, 0, items(1, 2), reply(numbers(2, 0))}, {1, "", put, -1, item(3), gave(wire.CodeFull)},
			{1, "p", put, 0, item(3), ""}, {2, "q", put, 0, item(4), ""},
			{3, "", get, 0, nil, one(0, 0, 1)}, {1, "?p", 0, 0, nil, done}, {2, "?q", 0, 0, nil, ""},
			{3, "", get, 0, nil, one(1, 0, 2)}, {2, "?q", 0, 0, nil, done}, {3, "", get, 0, nil, one(2, 0, 3)},
		},
		"getters in order": {
			{1, "a", get, 0, nil, ""}, {2, "b", getN, 0, numbers(9), ""}, {3, "c", get, 0, nil, ""},
			{4, "", putN, 0, items(1, 2), reply(numbers(2, 0))},
			{1, "?a", 0, 0, nil, one(0, 0, 1)},
			{2, "?b", 0, 0, nil, reply(append(numbers(1, 1, 0), wire.AppendBytes(nil, item(2))...))},
			{3, "?c", 0, 0, nil, ""},
		},
		"a taken message is back when its session expires": {
			{1, "", putN, 0, items(1, 2), reply(numbers(2, 0))}, {2, "", get, 0, nil, one(0, 0, 1)}, {2, "", get, 0, nil, one(1, 0, 2)},
			{1, "", put, 0, item(3), done}, {2, "expire", 0, 0, nil, ""},
			{3, "", get, 0, nil, one(2, 1, 1)}, {3, "", get, 0, nil, one(3, 1, 2)}, {3, "", get, 0, nil, one(4, 0, 3)},
		},
		"and goes to who waits": {
			{1, "", put, 0, item(1), done}, {2, "", get, 0, nil, one(0, 0, 1)}, {3, "w", get, 0, nil, ""},
			{2, "expire", 0, 0, nil, ""}, {3, "?w", 0, 0, nil, one(1, 1, 1)},
		},
		"what is dealt with does not come back": {
			{1, "", put, 0, item(1), done}, {2, "", get, 0, nil, one(0, 0, 1)}, {3, "", ack, 0, lease(0, 1), gave(wire.CodeNoItem)},
			{2, "", ack, 0, lease(0, 1), done}, {2, "", ack, 0, lease(0, 1), gave(wire.CodeNoItem)},
			{2, "expire", 0, 0, nil, ""}, {3, "", get, -1, nil, gave(wire.CodeEmpty)},
		},
		"given back": {
			{1, "", putN, 0, items(1, 2), reply(numbers(2, 0))}, {2, "", getN, 0, numbers(1), reply(append(numbers(0, 1, 0), wire.AppendBytes(nil, item(1))...))},
			{2, "", nack, 0, lease(0, 1), done}, {2, "", nack, 0, lease(0, 1), gave(wire.CodeNoItem)},
			{3, "", get, 0, nil, one(1, 1, 1)},
		},
		"a cancelled Get takes nothing": {
			{1, "a", get, 0, nil, ""}, {1, "cancel a", 0, 0, nil, gave(wire.CodeCancelled)},
			{2, "", put, 0, item(1), done}, {3, "", get, 0, nil, one(0, 0, 1)},
		},
		"a cancelled Put puts nothing": {
			{1, "", putN, 0, items(1, 2), reply(numbers(2, 0))}, {1, "a", put, 0, item(3), ""}, {2, "b", put, 0, item(4), ""},
			{1, "timeout a", 0, 0, nil, gave(wire.CodeTimedOut)}, {3, "", get, 0, nil, one(0, 0, 1)}, {2, "?b", 0, 0, nil, done},
			{3, "", get, 0, nil, one(1, 0, 2)}, {3, "", get, 0, nil, one(2, 0, 4)},
		},
		"part of a PutN": {
			{1, "a", putN, 0, items(1, 2, 3, 4), ""}, {2, "", get, 0, nil, one(0, 0, 1)},
			{1, "cancel a", 0, 0, nil, reply(numbers(3, uint64(wire.CodeCancelled)))},
			{1, "b", putN, -1, items(7), gave(wire.CodeFull)},
			{2, "", getN, 0, numbers(9), reply(append(append(numbers(1, 2, 0), wire.AppendBytes(nil, item(2))...), append(numbers(0), wire.AppendBytes(nil, item(3))...)...))},
			{1, "", putN, -1, items(7, 8, 9), reply(numbers(2, uint64(wire.CodeFull)))},
		},
		"a Put of the dead": {
			{1, "", putN, 0, items(1, 2), reply(numbers(2, 0))}, {2, "a", putN, 0, items(3), ""}, {2, "expire", 0, 0, nil, ""},
			{3, "", get, 0, nil, one(0, 0, 1)}, {3, "", get, 0, nil, one(1, 0, 2)}, {3, "", get, -1, nil, gave(wire.CodeEmpty)},
		},
		"closed": {
			{1, "", put, 0, item(1), done}, {1, "", put, 0, item(2), done}, {2, "p", putN, 0, items(3), ""},
			{3, "", wire.QueueClose, 0, nil, done}, {2, "?p", 0, 0, nil, gave(wire.CodeClosed)}, {2, "", put, 0, item(4), gave(wire.CodeClosed)},
			{3, "", get, 0, nil, one(0, 0, 1)}, {3, "", get, 0, nil, one(1, 0, 2)}, {3, "", get, 0, nil, gave(wire.CodeClosed)},
			{1, "w", get, 0, nil, ""}, {1, "", get, -1, nil, gave(wire.CodeEmpty)}, {3, "", nack, 0, lease(0, 1), done},
			{1, "?w", 0, 0, nil, one(2, 1, 1)}, {2, "v", get, 0, nil, ""},
			{3, "", ack, 0, lease(1, 1), done}, {2, "?v", 0, 0, nil, ""}, {1, "", ack, 0, lease(2, 1), done}, {2, "?v", 0, 0, nil, gave(wire.CodeClosed)},
		},
		"closed while somebody waits": {
			{1, "a", get, 0, nil, ""}, {3, "", wire.QueueClose, 0, nil, done}, {1, "?a", 0, 0, nil, gave(wire.CodeClosed)},
		},
		"join": {
			{1, "", wire.QueueJoin, 0, nil, done}, {1, "", put, 0, item(1), done}, {2, "j", wire.QueueJoin, 0, nil, ""},
			{3, "", get, 0, nil, one(0, 0, 1)}, {2, "?j", 0, 0, nil, ""}, {3, "expire", 0, 0, nil, ""}, {2, "?j", 0, 0, nil, ""},
			{1, "", get, 0, nil, one(1, 1, 1)}, {1, "", ack, 0, lease(1, 1), done}, {2, "?j", 0, 0, nil, done},
			{1, "", put, 0, item(1), done}, {2, "k", wire.QueueJoin, 0, nil, ""}, {2, "cancel k", 0, 0, nil, gave(wire.CodeCancelled)},
		},
		"bad arguments": {
			{1, "", putN, 0, numbers(1 << 60), gave(wire.CodeBadBody)}, {1, "", getN, 0, numbers(0), gave(wire.CodeArgument)},
			{1, "", get, 0, numbers(1), gave(wire.CodeBadBody)}, {1, "", ack, 0, lease(0, 1<<63), gave(wire.CodeNoItem)},
			{1, "", put, 0, make([]byte, large), gave(wire.CodeFull)}, {1, "", put, 0, wire.AppendRef(nil, 99, wire.TypeValue), gave(wire.CodeNoObject)},
			{1, "", wire.QueueClose, 0, numbers(1), gave(wire.CodeBadBody)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			newFifoStage(t, wire.TypeJoinable, 2, large, 4).play(t, steps)
		})
	}
}

// TestFifoUnbounded: a queue without a capacity has room for as many messages as take the
// bytes that it may have, and those that are taken count until they are dealt with.
func TestFifoUnbounded(t *testing.T) {
	s := newFifoStage(t, wire.TypeQueue, 0, 1000, 2)
	n := 0
	for ; n < 1000; n++ {
		if s.given[s.call(1, wire.QueuePut, 0, item(n))] != done {
			break
		}
	}
	if want := 1000 / (9 + 64); n != want {
		t.Fatalf("%d messages are put, want %d", n, want)
	}
	if got := s.given[s.call(2, wire.QueueGet, 0, nil)]; got != one(0, 0, 0) {
		t.Fatalf("Get: %s", got)
	}
	if got := s.given[s.call(1, wire.QueuePut, 0, item(n))]; got != gave(wire.CodeFull) {
		t.Fatalf("Put: %s", got)
	}
	s.call(2, wire.QueueAck, 0, lease(0, 1))
	if got := s.given[s.call(1, wire.QueuePut, 0, item(n))]; got != done {
		t.Fatalf("Put after Ack: %s", got)
	}
	s.check()
}

// TestFifoReferences: what a message refers to stays while the message is somewhere, and
// goes with it.
//
// conformance: MC-07
func TestFifoReferences(t *testing.T) {
	s := newFifoStage(t, wire.TypeQueue, 2, large, 3)
	value := func() uint64 {
		id := s.h.Next()
		body := append(wire.AppendText([]byte{byte(wire.TypeValue)}, ""), wire.AppendBytes(nil, item(7))...)
		s.apply(wire.Frame{Kind: wire.Request, Session: 1, Call: s.next(1), Method: wire.Create, Body: body})
		return id
	}
	release := func(session, id uint64) {
		s.apply(wire.Frame{Kind: wire.Request, Session: session, Method: wire.Release, Body: wire.AppendUint(nil, id)})
	}
	check := func(want int, what string) {
		t.Helper()
		s.check()
		if s.h.Len() != want {
			t.Fatalf("%d objects %s, want %d", s.h.Len(), what, want)
		}
	}
	id := value()
	ref := wire.AppendRef(nil, id, wire.TypeValue)
	for range 2 {
		s.call(1, wire.QueuePut, 0, ref)
	}
	waits := s.call(1, wire.QueuePut, 0, ref)
	release(1, id)
	check(2, "while messages refer to it")
	s.call(2, wire.QueueGetN, 0, numbers(5)) // admits the third
	if s.given[waits] != done {
		t.Fatalf("Put: %s", s.given[waits])
	}
	s.apply(wire.Frame{Kind: wire.Expire, Session: 2})
	check(2, "after they came back")
	s.call(3, wire.QueueGetN, 0, numbers(5))
	s.call(3, wire.QueueAck, 0, lease(2, 3))
	check(2, "while the receiver refers to it")
	for range 3 {
		release(3, id)
	}
	check(1, "when nobody does")
	seen := value()
	s.call(1, wire.QueuePut, 0, wire.AppendRef(nil, seen, wire.TypeValue))
	release(1, seen)
	s.call(3, wire.QueueGet, 0, nil)
	s.call(3, wire.QueueNack, 0, wire.AppendBool(numbers(5, 1), true))
	s.call(3, wire.QueueGet, 0, nil)
	check(2, "while the message is taken")
	s.call(3, wire.QueueAck, 0, wire.AppendBool(numbers(6, 1), true))
	check(1, "when the receiver did not want it")
	other := value()
	s.call(1, wire.QueuePutN, 0, append(numbers(1), wire.AppendBytes(nil, wire.AppendRef(nil, other, wire.TypeValue))...))
	for _, session := range []uint64{1, 3} {
		s.apply(wire.Frame{Kind: wire.Expire, Session: session})
	}
	check(0, "when all are gone")
}

// TestFifoInfo: what a queue tells of itself.
//
// conformance: Q-04
func TestFifoInfo(t *testing.T) {
	s := newFifoStage(t, wire.TypeQueue, 3, large, 3)
	s.call(1, wire.QueuePutN, 0, items(1, 2, 3, 4))
	s.call(2, wire.QueueGet, 0, nil)
	s.call(2, wire.QueueNack, 0, lease(0, 1))
	s.call(2, wire.QueueGet, 0, nil)
	s.call(2, wire.QueueClose, 0, nil)
	want := reply(wire.AppendBool(numbers(3, 3, 4, 4*(9+64), large, 4, 1, 1, 4, 0, 0, 0), true))
	if got := s.given[s.call(3, wire.QueueInfo, 0, nil)]; got != want {
		t.Errorf("Info: %s, want %s", got, want)
	}
	b := s.h.Apply(&wire.Frame{Kind: wire.Request, Session: 3, Call: 99, Method: wire.Objects})[0].Body
	if want := "3 messages, 1 taken, closed"; !strings.Contains(string(b), want) {
		t.Errorf("Objects: %q, want %q in it", b, want)
	}
}
