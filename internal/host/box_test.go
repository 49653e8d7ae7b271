package host

import (
	"bytes"
	"slices"
	"testing"

	"shmkit/internal/wire"
)

// A bench is a Host with a session, and all operations that it was given.
type bench struct {
	t    testing.TB
	h    *Host
	log  []wire.Frame
	call uint64
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, h: New(nil)}
	b.apply(wire.Frame{Kind: wire.Begin, Object: 1})
	b.open(1)
	return b
}

func (b *bench) open(session uint64) {
	b.apply(wire.Frame{Kind: wire.Open, Session: session, Body: wire.AppendLimits(nil, wire.DefaultLimits)})
}

func (b *bench) apply(f wire.Frame) []Effect {
	f.Body = slices.Clone(f.Body)
	b.log = append(b.log, f)
	return b.h.Apply(&f)
}

// do makes a call of session 1.
func (b *bench) do(object uint64, m wire.Method, body []byte) ([]byte, *wire.Fault) {
	b.t.Helper()
	b.call++
	effects := b.apply(wire.Frame{Kind: wire.Request, Session: 1, Call: b.call, Object: object, Method: m, Body: body})
	if len(effects) != 1 || effects[0].Kind != Answer {
		b.t.Fatalf("%v: effects %v", m, effects)
	}
	if effects[0].Op == wire.Failure {
		f, err := wire.ReadFault(effects[0].Body)
		if err != nil {
			b.t.Fatal(err)
		}
		return nil, f
	}
	return slices.Clone(effects[0].Body), nil
}

// must is do of what may not fail.
func (b *bench) must(object uint64, m wire.Method, body []byte) []byte {
	b.t.Helper()
	got, fault := b.do(object, m, body)
	if fault != nil {
		b.t.Fatalf("%v: %v", m, fault)
	}
	return got
}

// fails is do of what must fail with that code, and change nothing.
func (b *bench) fails(object uint64, m wire.Method, body []byte, code wire.Code) {
	b.t.Helper()
	if _, fault := b.do(object, m, body); fault == nil || fault.Code != code {
		b.t.Fatalf("%v: %v, want code %d", m, fault, code)
	}
}

func (b *bench) create(kind wire.Type, args []byte) uint64 {
	b.t.Helper()
	return wire.PeekUint(b.must(0, wire.Create, append(wire.AppendText([]byte{byte(kind)}, ""), args...)))
}

func (b *bench) release(object uint64) {
	b.t.Helper()
	b.must(0, wire.Release, wire.AppendUint(nil, object))
}

// objects fails unless there are so many.
func (b *bench) objects(n int) {
	b.t.Helper()
	if b.h.Len() != n {
		b.t.Fatalf("there are %d objects, want %d", b.h.Len(), n)
	}
}

// check looks whether the state can be saved, loaded and had again from the log.
func (b *bench) check() {
	b.t.Helper()
	state := b.h.Save(nil)
	loaded := New(nil)
	if err := loaded.Load(state); err != nil {
		b.t.Fatal(err)
	}
	if !bytes.Equal(loaded.Save(nil), state) {
		b.t.Fatal("what was loaded is not what was saved")
	}
	again := New(nil)
	for i := range b.log {
		again.Apply(&b.log[i])
	}
	if !bytes.Equal(again.Save(nil), state) {
		b.t.Fatal("the same operations give another state")
	}
	b.weigh()
}

// weigh looks whether each object has as many references as there are.
func (b *bench) weigh() {
	b.t.Helper()
	refs := map[uint64]uint64{}
	for _, s := range b.h.sessions {
		for id, n := range s.holds {
			refs[id] += n
		}
		for id := range s.leases {
			refs[id]++
		}
	}
	for _, e := range b.h.objects {
		if e.name != "" {
			refs[e.id]++
		}
		if box, ok := e.object.(holder); ok {
			box.refers(func(id uint64) { refs[id]++ })
		}
	}
	for _, e := range b.h.objects {
		if refs[e.id] != e.refs {
			b.t.Fatalf("%v %#x counts %d references, and has %d", e.kind, e.id, e.refs, refs[e.id])
		}
	}
}

func number(v int) wire.Item { return wire.AppendInt64(nil, int64(v)) }

func ints(all ...int) []byte {
	b := wire.AppendUint(nil, uint64(len(all)))
	for _, v := range all {
		b = wire.AppendBytes(b, number(v))
	}
	return b
}

func readInts(t testing.TB, body []byte) []int {
	t.Helper()
	r := wire.Read(body)
	all := make([]int, r.Count(4))
	for i := range all {
		n, ok := r.Item().Number()
		if !ok {
			t.Fatalf("%x is no list of numbers", body)
		}
		all[i] = int(n)
	}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	return all
}

func text(s string) wire.Key { return wire.AppendKeyText(nil, s) }

func ref(id uint64, t wire.Type) wire.Item { return wire.AppendRef(nil, id, t) }

func entryOf(key wire.Key, item wire.Item) []byte { return append(wire.AppendBytes(nil, key), item...) }
