package host

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/wire"
)

type keyValue struct {
	key   wire.Key
	value int
}

func readPairs(t testing.TB, body []byte) (more bool, all []keyValue) {
	t.Helper()
	r := wire.Read(body)
	more = r.Bool()
	for range r.Count(8) {
		key, item := r.Key(), r.Item()
		n, _ := item.Number()
		all = append(all, keyValue{slices.Clone(key), int(n)})
	}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	return more, all
}

// TestDictModel: a dict is what a map is, in the order of keys, whatever is done to it; and a
// picture stays what it was.
func TestDictModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t)
		model := map[string]int{}
		d := b.create(wire.TypeDict, wire.AppendUint(nil, 0))
		var picture uint64
		var pictured map[string]int
		for range rapid.IntRange(1, 200).Draw(r, "steps") {
			key := wire.AppendKeyInt(nil, int64(rapid.IntRange(-99, 99).Draw(r, "key")))
			v := rapid.IntRange(0, 9).Draw(r, "value")
			_, is := model[string(key)]
			switch rapid.IntRange(0, 8).Draw(r, "what") {
			case 0, 1, 2:
				b.must(d, wire.DictSet, entryOf(key, number(v)))
				model[string(key)] = v
			case 3:
				b.must(d, wire.DictAdd, entryOf(key, number(v)))
				model[string(key)] += v
			case 4:
				if !is {
					b.fails(d, wire.DictPop, key, wire.CodeNotFound)
				} else {
					b.must(d, wire.DictPop, key)
				}
				delete(model, string(key))
			case 5:
				swap := append(wire.AppendBytes(wire.AppendBytes(nil, key), number(v)), wire.AppendBytes(nil, number(v+100))...)
				swapped := b.must(d, wire.DictCompareAndSwap, swap)[0] == 1
				if swapped != (is && model[string(key)] == v) {
					t.Fatal("CompareAndSwap")
				}
				if swapped {
					model[string(key)] = v + 100
				}
			case 6:
				if picture != 0 {
					b.release(picture)
				}
				picture, pictured = wire.PeekUint(b.must(d, wire.DictIterate, nil)), maps.Clone(model)
			default:
				rangeStep(r, b, d, wire.DictRange, model)
				if picture != 0 {
					rangeStep(r, b, picture, wire.IteratorRange, pictured)
				}
			}
		}
		b.check()
	})
}

func rangeStep(r *rapid.T, b *bench, object uint64, m wire.Method, model map[string]int) {
	at := rapid.IntRange(-120, 120)
	s := wire.Span{HasFrom: rapid.Bool().Draw(r, "has from"), HasTo: rapid.Bool().Draw(r, "has to"), After: rapid.Bool().Draw(r, "after"),
		Through: rapid.Bool().Draw(r, "through"), Reverse: rapid.Bool().Draw(r, "reverse"), Limit: uint64(rapid.IntRange(0, 5).Draw(r, "limit")),
		From: wire.AppendKeyInt(nil, int64(at.Draw(r, "from"))), To: wire.AppendKeyInt(nil, int64(at.Draw(r, "to"))), Bytes: uint64(rapid.SampledFrom([]int{0, 100, 1 << 20}).Draw(r, "bytes"))}
	var want []keyValue
	for key, v := range model {
		from, to := cmp.Compare(key, string(s.From)), cmp.Compare(key, string(s.To))
		if s.HasFrom && (from < 0 || from == 0 && s.After) || s.HasTo && (to > 0 || to == 0 && !s.Through) {
			continue
		}
		want = append(want, keyValue{wire.Key(key), v})
	}
	slices.SortFunc(want, func(x, y keyValue) int { return cmp.Compare(string(x.key), string(y.key)) })
	if s.Reverse {
		slices.Reverse(want)
	}
	if s.Limit != 0 {
		want = want[:min(len(want), int(s.Limit))]
	}
	more, got := readPairs(b.t, b.must(object, m, wire.AppendSpan(nil, &s)))
	if more {
		if len(got) == 0 || len(got) >= len(want) {
			b.t.Fatalf("%d of %d, and more", len(got), len(want))
		}
		want = want[:len(got)]
	}
	if !slices.EqualFunc(got, want, func(x, y keyValue) bool { return string(x.key) == string(y.key) && x.value == y.value }) {
		b.t.Fatalf("%+v gives %v, want %v", s, got, want)
	}
}

// TestCommit: all or nothing.
func TestCommit(t *testing.T) {
	b := newBench(t)
	d := b.create(wire.TypeDict, wire.AppendUint(nil, 0))
	inner := b.create(wire.TypeList, ints(1))
	b.must(d, wire.DictSet, entryOf(text("old"), ref(inner, wire.TypeList)))
	b.must(d, wire.DictSet, entryOf(text("n"), number(1)))
	b.release(inner)
	before := b.h.Save(nil)

	step := func(what byte, key string, item wire.Item) []byte {
		return wire.AppendBytes(wire.AppendBytes([]byte{what}, text(key)), item)
	}
	txn := func(ifs, does [][]byte) []byte {
		body := append(wire.AppendUint(nil, uint64(len(ifs))), slices.Concat(ifs...)...)
		return append(wire.AppendUint(body, uint64(len(does))), slices.Concat(does...)...)
	}
	other := b.create(wire.TypeList, ints(2))
	for name, body := range map[string]struct {
		body []byte
		code wire.Code
	}{
		"absent":                   {txn([][]byte{step(wire.IfAbsent, "n", nil)}, nil), wire.CodeChanged},
		"exists":                   {txn([][]byte{step(wire.IfExists, "m", nil)}, nil), wire.CodeChanged},
		"equal":                    {txn([][]byte{step(wire.IfEqual, "n", number(2))}, nil), wire.CodeChanged},
		"a condition that is none": {txn([][]byte{step(9, "n", nil)}, nil), wire.CodeArgument},
		"late":                     {txn(nil, [][]byte{step(wire.DoSet, "a", ref(other, wire.TypeList)), step(wire.DoDelete, "old", nil), step(wire.DoAdd, "a", number(1))}), wire.CodeWrongType},
		"gone":                     {txn(nil, [][]byte{step(wire.DoSet, "a", ref(other, wire.TypeList)), step(wire.DoSet, "b", ref(999, wire.TypeList))}), wire.CodeNoObject},
		"self":                     {txn(nil, [][]byte{step(wire.DoSet, "a", ref(other, wire.TypeList)), step(wire.DoSet, "b", ref(d, wire.TypeDict))}), wire.CodeArgument},
		"rest":                     {append(txn(nil, [][]byte{step(wire.DoSet, "a", ref(other, wire.TypeList))}), 0), wire.CodeBadBody},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			b.fails(d, wire.DictCommit, body.body, body.code)
			b.weigh()
		})
	}
	b.t = t
	b.release(other)
	b.objects(2)
	if state := b.h.Save(nil); !sameObjects(t, before, state) {
		t.Fatal("a transaction that failed has changed something")
	}
	b.must(d, wire.DictCommit, txn([][]byte{step(wire.IfExists, "old", nil)}, [][]byte{step(wire.DoDelete, "old", nil), step(wire.DoAdd, "n", number(4)), step(wire.DoAdd, "n", number(5)), step(wire.DoSet, "l", nested(3))}))
	b.objects(2) // the old list went, and one came
	if got := b.must(d, wire.DictGet, text("n")); string(got) != string(number(10)) {
		t.Fatalf("n is %x", got)
	}
	b.check()
}

// nested is a list literal.
func nested(all ...int) wire.Item {
	return append(wire.Item{byte(wire.TagListLiteral)}, ints(all...)...)
}

// sameObjects compares the objects of two states, and not the sessions.
func sameObjects(t *testing.T, a, b []byte) bool {
	t.Helper()
	x, y := New(nil), New(nil)
	if err := x.Load(a); err != nil {
		t.Fatal(err)
	}
	if err := y.Load(b); err != nil {
		t.Fatal(err)
	}
	return slices.EqualFunc(x.eachEntry(), y.eachEntry(), func(e, f *entry) bool {
		return e.id == f.id && e.refs == f.refs && string(e.object.save(nil)) == string(f.object.save(nil))
	})
}
