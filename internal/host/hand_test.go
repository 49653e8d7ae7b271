package host

import (
	"testing"

	"shmkit/internal/wire"
)

// TestHandingsEnd: what a session hands over is bounded, and nothing stays for ever, also if a
// session before had the same number.
func TestHandingsEnd(t *testing.T) {
	b := newBench(t)
	limits := wire.DefaultLimits
	limits.Objects = 3
	again := func() {
		b.apply(wire.Frame{Kind: wire.Open, Session: 2, Body: wire.AppendLimits(nil, limits)})
	}
	first, second := b.create(wire.TypeEvent, nil), b.create(wire.TypeEvent, nil)
	hand := func(call, object uint64) wire.Kind {
		t.Helper()
		got := b.apply(wire.Frame{Kind: wire.Request, Session: 2, Call: call, Method: wire.Hand, Body: wire.AppendUint(nil, object)})
		return got[len(got)-1].Op
	}
	again()
	for call := range uint64(3) {
		if op := hand(call+1, first); op != wire.Reply {
			t.Fatalf("Hand %d: %v", call+1, op)
		}
	}
	if op := hand(4, first); op != wire.Failure {
		t.Fatalf("Hand beyond the limit: %v", op)
	}
	b.apply(wire.Frame{Kind: wire.Forget, Session: 2, Call: 1})
	if op := hand(5, first); op != wire.Reply {
		t.Fatalf("Hand after one has ended: %v", op)
	}
	b.apply(wire.Frame{Kind: wire.Expire, Session: 2})
	again()
	b.apply(wire.Frame{Kind: wire.Forget, Session: 2, Call: 5})
	if op := hand(2, second); op != wire.Reply {
		t.Fatalf("Hand of the next session of that number: %v", op)
	}
	for call := range uint64(6) {
		b.apply(wire.Frame{Kind: wire.Forget, Session: 2, Call: call})
	}
	b.release(first)
	b.release(second)
	b.objects(0)
	b.check()
}
