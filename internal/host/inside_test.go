package host

import (
	"testing"

	"shmkit/internal/wire"
)

func idOf(t *testing.T, item wire.Item) uint64 {
	t.Helper()
	id, _, ok := item.Ref()
	if !ok {
		t.Fatalf("%x is no reference", []byte(item))
	}
	return id
}

func path(m wire.Method, body []byte, keys ...wire.Key) []byte {
	b := wire.AppendUint(nil, uint64(len(keys)))
	for _, key := range keys {
		b = wire.AppendBytes(b, key)
	}
	return append(wire.AppendUint(b, uint64(m)), body...)
}

// pairsLiteral is a dict literal with one pair.
func pairsLiteral(key wire.Key, item wire.Item) wire.Item {
	b := wire.AppendUint(wire.Item{byte(wire.TagDictLiteral)}, 1)
	return wire.AppendBytes(wire.AppendBytes(b, key), item)
}

// TestLiterals: what is inside becomes objects of its own, which go with what has them.
func TestLiterals(t *testing.T) {
	b := newBench(t)
	d := b.create(wire.TypeDict, wire.AppendUint(nil, 0))
	b.must(d, wire.DictSet, entryOf(text("a"), pairsLiteral(text("b"), nested(1, 2))))
	b.objects(3)
	b.must(d, wire.Path, path(wire.ItemAppend, number(3), text("a"), text("b")))
	b.must(d, wire.Path, path(wire.ItemAdd, append(wire.AppendBytes(nil, wire.AppendKeyInt(nil, -1)), number(10)...), text("a"), text("b")))
	got := b.must(d, wire.Path, path(wire.ListSlice, slice3(0, 9, 1), text("a"), text("b")))
	if all := readInts(t, got); len(all) != 3 || all[2] != 13 {
		t.Fatalf("inside is %v", all)
	}
	b.must(d, wire.Path, path(wire.ItemSet, entryOf(text("c"), number(1)), text("a")))
	b.fails(d, wire.Path, path(wire.ItemSet, entryOf(text("c"), number(1)), text("a"), text("c")), wire.CodeWrongType)
	b.fails(d, wire.Path, path(wire.ItemGet, nil, text("x")), wire.CodeNotFound)
	b.fails(d, wire.Path, path(wire.ItemGet, text("x"), text("a"), text("b")), wire.CodeWrongType)
	b.fails(d, wire.Path, path(wire.ItemDelete, wire.AppendKeyInt(nil, 3), text("a"), text("b")), wire.CodeRange)
	b.fails(0, wire.ItemGet, text("x"), wire.CodeNoMethod)
	b.check()

	plain := wire.Item(b.must(d, wire.ItemPlain, nil))
	if plain.Tag() != wire.TagDictLiteral {
		t.Fatalf("plain is %x", []byte(plain))
	}
	e := b.create(wire.TypeList, append(wire.AppendUint(nil, 1), wire.AppendBytes(nil, plain)...))
	if again := b.must(e, wire.Path, path(wire.ItemPlain, nil, wire.AppendKeyInt(nil, 0))); string(again) != string(plain) {
		t.Fatalf("%x came back as %x", []byte(plain), again)
	}
	b.release(e)
	b.must(d, wire.Path, path(wire.ItemDelete, text("a")))
	b.objects(1)
	b.check()
}

// TestBadLiterals: one that cannot be made leaves nothing.
func TestBadLiterals(t *testing.T) {
	b := newBench(t)
	l := b.create(wire.TypeList, ints(0))
	deep := wire.Item(number(1))
	for range deepest + 1 {
		deep = append(wire.AppendUint(wire.Item{byte(wire.TagListLiteral)}, 1), wire.AppendBytes(nil, deep)...)
	}
	two := wire.AppendUint(wire.Item{byte(wire.TagListLiteral)}, 2)
	two = wire.AppendBytes(wire.AppendBytes(two, nested(1)), ref(999, wire.TypeList))
	for _, x := range []struct {
		item wire.Item
		code wire.Code
	}{
		{deep, wire.CodeArgument}, {two, wire.CodeNoObject}, {pairsLiteral(text("a"), two), wire.CodeNoObject},
		{wire.Item{byte(wire.TagListLiteral), 1}, wire.CodeBadBody}, {append(nested(1), 0), wire.CodeBadBody},
		{wire.AppendUint(wire.Item{byte(wire.TagDictLiteral)}, 1<<60), wire.CodeBadBody},
		{wire.Item{byte(wire.TagRef), 1}, wire.CodeBadBody},
	} {
		b.fails(l, wire.ListAppend, x.item, x.code)
		b.fails(l, wire.ListSet, append(wire.AppendInt(nil, 0), x.item...), x.code)
		b.fails(l, wire.ListExtend, append(wire.AppendUint(nil, 2), wire.AppendBytes(wire.AppendBytes(nil, nested(5)), x.item)...), x.code)
		b.objects(1)
	}
	if got := b.must(l, wire.ListLen, nil); wire.PeekUint(got) != 1 {
		t.Fatal("the list has changed")
	}
	b.check()
}

// TestCycles: nothing gets into itself, however long the way.
func TestCycles(t *testing.T) {
	b := newBench(t)
	d := b.create(wire.TypeDict, wire.AppendUint(nil, 0))
	l := b.create(wire.TypeList, ints())
	v := b.create(wire.TypeValue, wire.AppendBytes(nil, number(0)))
	b.must(d, wire.DictSet, entryOf(text("l"), ref(l, wire.TypeList)))
	b.must(l, wire.ListAppend, ref(v, wire.TypeValue))
	for _, x := range []struct {
		object uint64
		method wire.Method
		body   []byte
	}{
		{v, wire.ValueSet, ref(d, wire.TypeDict)},
		{v, wire.ValueSet, ref(v, wire.TypeValue)},
		{v, wire.ValueSwap, ref(l, wire.TypeList)},
		{l, wire.ListAppend, pairsLiteral(text("x"), ref(d, wire.TypeDict))},
		{d, wire.DictSetMany, append(wire.AppendUint(nil, 1), wire.AppendBytes(wire.AppendBytes(nil, text("x")), ref(d, wire.TypeDict))...)},
		{d, wire.Path, path(wire.ItemAppend, ref(l, wire.TypeList), text("l"))},
	} {
		b.fails(x.object, x.method, x.body, wire.CodeArgument)
	}
	// Through another: that what is copied from has it does not make it good.
	other := b.create(wire.TypeList, ints())
	b.must(other, wire.ListAppend, ref(d, wire.TypeDict))
	b.fails(l, wire.ListExtendFrom, wire.AppendUint(nil, other), wire.CodeArgument)
	b.weigh()
	b.release(other)
	b.release(l)
	b.release(v)
	b.objects(3)
	b.check()
	b.release(d)
	b.objects(0)
}

// TestPicturesKeep: what a picture refers to stays as long as the picture; a session that ends
// lets it go.
func TestPicturesKeep(t *testing.T) {
	b := newBench(t)
	l := b.create(wire.TypeList, append(wire.AppendUint(nil, 1), wire.AppendBytes(nil, nested(1))...))
	inner := idOf(t, b.must(l, wire.ListGet, wire.AppendInt(nil, 0)))
	it := wire.PeekUint(b.must(l, wire.ListIterate, nil))
	b.must(l, wire.ListClear, nil)
	b.objects(3)
	b.must(0, wire.Attach, wire.AppendUint(nil, inner))
	b.release(inner)
	b.check()
	b.release(it)
	b.objects(1)

	b.must(l, wire.ListAppend, nested(2))
	item := wire.Item(b.must(l, wire.ListPop, wire.AppendInt(nil, 0))) // which the session has now
	b.objects(2)
	b.weigh()
	b.release(idOf(t, item))
	b.objects(1)
	b.must(l, wire.ListIterate, nil)
	b.apply(wire.Frame{Kind: wire.Expire, Session: 1})
	b.objects(0)
	b.open(1)
	b.check()
}

// TestUpdates: a function makes a new item, or nothing changes.
func TestUpdates(t *testing.T) {
	RegisterUpdate("count", func(old wire.Item, exists bool, arg wire.Item) (wire.Item, error) {
		if !exists {
			return arg, nil
		}
		return plus(old, arg)
	})
	RegisterUpdate("panic", func(wire.Item, bool, wire.Item) (wire.Item, error) { panic("on purpose") })
	b := newBench(t)
	d := b.create(wire.TypeDict, wire.AppendUint(nil, 0))
	update := func(name string, arg wire.Item) []byte {
		return append(wire.AppendText(wire.AppendBytes(nil, text("k")), name), arg...)
	}
	b.must(d, wire.DictUpdate, update("count", number(2)))
	if got := b.must(d, wire.DictUpdate, update("count", number(3))); string(got) != string(number(5)) {
		t.Fatalf("got %x", got)
	}
	b.fails(d, wire.DictUpdate, update("panic", number(3)), wire.CodePanic)
	b.fails(d, wire.DictUpdate, update("no such", number(3)), wire.CodeNoType)
	b.fails(d, wire.DictUpdate, update("count", wire.Item("x")), wire.CodeWrongType)
	if got := b.must(d, wire.DictGet, text("k")); string(got) != string(number(5)) {
		t.Fatalf("got %x", got)
	}
	b.check()
}
