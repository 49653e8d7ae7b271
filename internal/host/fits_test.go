package host

import (
	"testing"

	"shmkit/internal/wire"
)

// TestAnswerTooLong: what a client cannot be given, because its frames are short, stays where
// it is, for others.
func TestAnswerTooLong(t *testing.T) {
	b := newBench(t)
	limits := wire.DefaultLimits
	limits.Frame = wire.HeaderLen + 1024
	b.apply(wire.Frame{Kind: wire.Open, Session: 2, Body: wire.AppendLimits(nil, limits)})
	long, key := blobOf(2000), wire.Key{wire.KeyTrue}
	queue := b.create(wire.TypeQueue, wire.AppendUint(wire.AppendUint(nil, 0), 1<<20))
	list := b.create(wire.TypeList, wire.AppendBytes(wire.AppendUint(nil, 1), long))
	dict := b.create(wire.TypeDict, wire.AppendBytes(wire.AppendBytes(wire.AppendUint(nil, 1), key), long))
	value := b.create(wire.TypeValue, wire.AppendBytes(nil, long))
	b.must(queue, wire.QueuePut.Of(wire.TypeQueue), long)
	call := uint64(0)
	refused := func(object uint64, m wire.Method, body []byte) {
		t.Helper()
		call++
		got := b.apply(wire.Frame{Kind: wire.Request, Session: 2, Call: call, Object: object, Method: m, Body: body})
		if len(got) != 1 || got[0].Op != wire.Failure {
			t.Fatalf("%v: %v, want a failure", m, got)
		}
		if f, err := wire.ReadFault(got[0].Body); err != nil || f.Code != wire.CodeTooMuch {
			t.Fatalf("%v: %v, %v, want code %d", m, f, err, wire.CodeTooMuch)
		}
	}
	refused(queue, wire.QueueGet.Of(wire.TypeQueue), nil)
	refused(queue, wire.QueueGetN.Of(wire.TypeQueue), wire.AppendUint(nil, 9))
	refused(list, wire.ListPop, wire.AppendInt(nil, -1))
	refused(dict, wire.DictPop, key)
	refused(dict, wire.DictPopItem, wire.AppendBool(nil, true))
	refused(value, wire.ValueSwap, wire.AppendInt64(nil, 1))
	b.must(queue, wire.QueueGet.Of(wire.TypeQueue), nil)
	b.must(list, wire.ListPop, wire.AppendInt(nil, -1))
	b.must(dict, wire.DictPop, key)
	if got := b.must(value, wire.ValueSwap, wire.AppendInt64(nil, 1)); len(got) != len(long) {
		t.Fatalf("Swap gives %d bytes, want %d", len(got), len(long))
	}
	// Some messages fit where all do not.
	for range 5 {
		b.must(queue, wire.QueuePut.Of(wire.TypeQueue), blobOf(400))
	}
	call++
	got := b.apply(wire.Frame{Kind: wire.Request, Session: 2, Call: call, Object: queue, Method: wire.QueueGetN.Of(wire.TypeQueue), Body: wire.AppendUint(nil, 9)})
	if len(got) != 1 || got[0].Op != wire.Reply || wire.PeekUint(got[0].Body[8:]) != 2 || len(got[0].Body) > 1024 {
		t.Fatalf("GetN: %v, want 2 messages", got)
	}
	b.check()
}

// TestAnswerTooLongForOneWhoWaits: and the next one gets it.
func TestAnswerTooLongForOneWhoWaits(t *testing.T) {
	b := newBench(t)
	limits := wire.DefaultLimits
	limits.Frame = wire.HeaderLen + 1024
	b.apply(wire.Frame{Kind: wire.Open, Session: 2, Body: wire.AppendLimits(nil, limits)})
	b.open(3)
	queue := b.create(wire.TypeQueue, wire.AppendUint(wire.AppendUint(nil, 0), 1<<20))
	for session := uint64(2); session <= 3; session++ {
		b.apply(wire.Frame{Kind: wire.Request, Session: session, Call: 1, Object: queue, Method: wire.QueueGet.Of(wire.TypeQueue)})
	}
	b.mustPut(queue, wire.QueuePut.Of(wire.TypeQueue), blobOf(2000))
	got := b.apply(wire.Frame{Kind: wire.Grant, Object: queue})
	if len(got) != 2 || got[0].Session != 2 || got[0].Op != wire.Failure || got[1].Session != 3 || got[1].Op != wire.Reply {
		t.Fatalf("Grant: %v, want a failure of session 2 and a reply to session 3", got)
	}
	b.check()
}

// blobOf is an item of n bytes and a tag.
func blobOf(n int) wire.Item { return append(wire.Item{byte(wire.TagBlob)}, make([]byte, n)...) }
