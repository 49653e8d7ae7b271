package host

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/wire"
)

// containers are the types whose methods take what may be anything.
var containers = []wire.Type{wire.TypeValue, wire.TypeArray, wire.TypeList, wire.TypeDict, wire.TypeSet, wire.TypeNamespace}

// TestGarbage: whatever a client sends, nothing panics, an error has changed nothing but the
// number of the next object, and the state stays one that can be saved.
func TestGarbage(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t)
		objects := []uint64{
			b.create(wire.TypeValue, wire.AppendBytes(nil, number(1))),
			b.create(wire.TypeArray, wire.AppendBytes(wire.AppendUint([]byte{'h'}, 3), nil)),
			b.create(wire.TypeList, append(wire.AppendUint(nil, 2), wire.AppendBytes(wire.AppendBytes(nil, nested(1, 2)), number(7))...)),
			b.create(wire.TypeDict, append(wire.AppendUint(nil, 1), wire.AppendBytes(wire.AppendBytes(nil, text("k")), number(7))...)),
			b.create(wire.TypeSet, wire.AppendBytes(wire.AppendUint(nil, 1), text("k"))),
			b.create(wire.TypeNamespace, append(wire.AppendUint(nil, 1), wire.AppendBytes(wire.AppendBytes(nil, text("k")), nested(3))...)),
		}
		for range rapid.IntRange(1, 60).Draw(r, "calls") {
			object := rapid.SampledFrom(objects).Draw(r, "object")
			kind := b.h.objects[object].kind
			m := wire.Method(kind)<<8 + wire.Method(rapid.IntRange(0, 30).Draw(r, "method"))
			if rapid.IntRange(0, 3).Draw(r, "of all") == 0 {
				m = wire.Method(rapid.IntRange(int(wire.ItemGet), int(wire.ItemLast)).Draw(r, "item method"))
			}
			body := garbage(r, objects)
			if rapid.IntRange(0, 3).Draw(r, "path") == 0 {
				m, body = wire.Path, path(m, body, text("k"))
			}
			before := b.states()
			if _, fault := b.do(object, m, body); fault == nil {
				continue
			} else if fault.Code == wire.CodeInternal {
				t.Fatalf("%v with %x: %v", m, body, fault)
			}
			if after := b.states(); !bytes.Equal(before, after) {
				t.Fatalf("%v with %x has failed, and changed something", m, body)
			}
		}
		b.check()
	})
}

// states is that of all objects, with their references.
func (b *bench) states() (all []byte) {
	for _, e := range b.h.eachEntry() {
		all = wire.AppendBytes(wire.AppendUint(wire.AppendUint(all, e.id), e.refs), e.object.save(nil))
	}
	return all
}

// garbage is arguments that look like some, mostly.
func garbage(r *rapid.T, objects []uint64) (b []byte) {
	for range rapid.IntRange(0, 5).Draw(r, "arguments") {
		switch rapid.IntRange(0, 9).Draw(r, "argument") {
		case 0:
			b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(r, "bytes")...)
		case 1, 2:
			b = wire.AppendInt(b, int64(rapid.IntRange(-3, 3).Draw(r, "number")))
		case 3:
			b = wire.AppendUint(b, rapid.Uint64().Draw(r, "big number"))
		case 4:
			b = wire.AppendBytes(b, text("k"))
		case 5:
			b = wire.AppendBytes(b, number(rapid.IntRange(0, 9).Draw(r, "item")))
		case 6:
			b = append(b, number(3)...)
		case 7:
			b = wire.AppendUint(b, rapid.SampledFrom(objects).Draw(r, "object"))
		case 8:
			object := rapid.IntRange(0, len(objects)-1).Draw(r, "reference")
			b = wire.AppendBytes(b, ref(objects[object], containers[object]))
		case 9:
			b = wire.AppendBytes(b, pairsLiteral(text("k"), nested(1)))
		}
	}
	return b
}
