package host

import (
	"slices"
	"testing"

	"shmkit/internal/wire"
)

// waiting makes session 2, of which few results are kept, and n Gets of it that wait in a queue.
func waiting(b *bench, n int) (queue uint64) {
	queue = b.create(wire.TypeQueue, wire.AppendUint(wire.AppendUint(nil, 0), 1<<20))
	limits := wire.DefaultLimits
	limits.Results = 1
	b.apply(wire.Frame{Kind: wire.Open, Session: 2, Body: wire.AppendLimits(nil, limits)})
	b.apply(wire.Frame{Kind: wire.Request, Session: 2, Call: 1, Method: wire.Attach, Body: wire.AppendUint(nil, queue)})
	for call := range uint64(n) {
		f := wire.Frame{Kind: wire.Request, Session: 2, Call: call + 2, Object: queue, Method: wire.QueueGet.Of(wire.TypeQueue)}
		if got := b.apply(f); len(got) != 0 {
			b.t.Fatalf("Get of an empty queue: effects %v", got)
		}
	}
	return queue
}

// TestAnswersOfOneOperation: one Grant answers more calls of a session than it keeps results
// of, and each gets its own answer.
func TestAnswersOfOneOperation(t *testing.T) {
	const calls = 40
	b := newBench(t)
	queue := waiting(b, calls)
	body := wire.AppendUint(nil, calls)
	for i := range calls {
		body = wire.AppendBytes(body, wire.AppendInt64(nil, int64(i)))
	}
	b.mustPut(queue, wire.QueuePutN.Of(wire.TypeQueue), body)
	got := b.apply(wire.Frame{Kind: wire.Grant, Object: queue})
	if len(got) != calls {
		t.Fatalf("a Grant of %d messages has %d effects", calls, len(got))
	}
	for i, e := range got {
		want := wire.AppendInt64(nil, int64(i))
		if e.Call != uint64(i)+2 || e.Op != wire.Reply || !slices.Equal(e.Body[16:], want) {
			t.Fatalf("answer %d is that of call %d: %x, want message %x", i, e.Call, e.Body, want)
		}
	}
	b.check()
}

// mustPut is must of a call that proposes a Grant besides.
func (b *bench) mustPut(object uint64, m wire.Method, body []byte) {
	b.t.Helper()
	b.call++
	effects := b.apply(wire.Frame{Kind: wire.Request, Session: 1, Call: b.call, Object: object, Method: m, Body: body})
	if len(effects) != 2 || effects[0].Kind == effects[1].Kind || effects[0].Op == wire.Failure || effects[1].Op == wire.Failure {
		b.t.Fatalf("%v: effects %v", m, effects)
	}
}
