package manager_test

import (
	"reflect"
	"testing"

	"shmkit/manager"
)

// conformance: MC-01
func TestNested(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		d := newDict[string, any](t, c, nil)
		must(t, d.Set("a", map[string]any{"b": 0, "l": []int{1, 2}}))
		must(t, d.At("a").Set("b", 1))
		want[any](t, "a.b", 1)(d.At("a").Get("b"))
		must(t, d.At("a").At("l").Append("x"))
		must(t, d.At("a").At("l").Set(0, []any{true}))
		must(t, d.At("a").At("l").At(0).Append(nil))
		want[any](t, "a.n", 5)(d.At("a").Add("n", 5))
		want[any](t, "a.n", 7)(d.At("a").Add("n", 2))
		want[any](t, "a.l[1]", 12)(d.At("a").At("l").Add(1, 10))
		want(t, "Len", 3)(d.At("a").At("l").Len())
		want[any](t, "Value", map[string]any{"a": map[string]any{"b": 1, "n": 7, "l": []any{[]any{true, nil}, 12, "x"}}})(d.Value())
		must(t, d.At("a").At("l").Delete(0))
		want[any](t, "Value of a.l", []any{12, "x"})(d.At("a").At("l").Value())

		inner, err := d.Get("a") // a handle, of what others see too
		must(t, err)
		must(t, inner.(*manager.Dict[any, any]).Set("b", 2))
		want[any](t, "a.b", 2)(d.At("a").Get("b"))
		typed, err := manager.DictAt[string, any](d.At("a"))
		must(t, err)
		want(t, "Keys", []string{"b", "l", "n"})(typed.Keys())
		list, err := manager.ListAt[any](d.At("a").At("l"))
		must(t, err)
		want(t, "Items", []any{12, "x"})(list.Items())
		want[any](t, "Pop", "x")(list.Pop())
		must(t, d.Delete("a"))
		fails[any](t, "a.b", manager.ErrNotFound)(d.At("a").Get("b"))
		fails[int](t, "Len", manager.ErrNotFound)(list.Len())
		want[any](t, "b of what is gone from d", 2)(inner.(*manager.Dict[any, any]).Get("b"))
		must(t, d.Set("plain", 1))
		fails[any](t, "plain.b", manager.ErrType)(d.At("plain").Get("b"))
		fails[any](t, "a key that is none", manager.ErrType)(d.At("plain").Get(func() {}))
	})
}

// TestHandlesInside: what a container has stays as long as it has it, and no longer.
func TestHandlesInside(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, other := w.dial(t), w.dial(t)
		before := objects(t, c)
		d, err := manager.NewDict[string, any](c, nil, manager.Named("d"))
		must(t, err)
		l := newList(t, other, 1, 2)
		v, err := manager.NewValue(other, "v")
		must(t, err)
		mutex, err := manager.NewMutex(other)
		must(t, err)
		e, err := manager.OpenDict[string, any](other, "d")
		must(t, err)
		must(t, e.SetMany(map[string]any{"l": l, "v": v, "m": mutex}))
		must(t, other.Close())
		same(t, "objects", objects(t, c), before+4)

		back, err := d.Get("l")
		must(t, err)
		want(t, "Items", []any{1, 2})(back.(*manager.List[any]).Items())
		all, err := d.Map()
		must(t, err)
		want[any](t, "Load", "v")(all["v"].(*manager.Value[any]).Load())
		must(t, all["m"].(*manager.Mutex).Lock())
		must(t, all["m"].(*manager.Mutex).Unlock())
		for _, x := range all {
			x.(interface{ Close() error }).Close()
		}
		must(t, back.(*manager.List[any]).Close())
		popped, err := d.Pop("l")
		must(t, err)
		want(t, "Len", 2)(popped.(*manager.List[any]).Len())
		must(t, popped.(*manager.List[any]).Close())
		same(t, "objects", objects(t, c), before+3)
		must(t, d.Clear())
		same(t, "objects", objects(t, c), before+1)

		elsewhere := newList(t, newWorld(t, "unix").dial(t), 1)
		is(t, "of another server", d.Set("x", elsewhere), manager.ErrArgument)
		is(t, "in itself", d.Set("x", d), manager.ErrArgument)
		is(t, "a path", d.Set("x", d.At("x")), manager.ErrArgument)
		lists := newDict[string, *manager.List[int]](t, c, map[string]*manager.List[int]{"nil": nil})
		want[*manager.List[int]](t, "nil", nil)(lists.Get("nil"))
		fails[*manager.List[int]](t, "not a list", manager.ErrType)(mixed(t, c, lists).Get("set"))
	})
}

// mixed is a Dict of lists, of which one is a set.
func mixed(t *testing.T, c *manager.Client, lists *manager.Dict[string, *manager.List[int]]) *manager.Dict[string, *manager.List[int]] {
	b, err := lists.MarshalBinary()
	must(t, err)
	var as manager.Dict[string, any]
	must(t, as.UnmarshalBinary(b))
	must(t, as.Set("set", newSet(t, c, 1)))
	if _, err := as.Get("set"); err != nil || reflect.ValueOf(as).IsZero() {
		t.Fatal(err)
	}
	return lists
}
