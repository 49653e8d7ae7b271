package manager_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"shmkit/manager"
)

func newDict[K comparable, V any](t testing.TB, c *manager.Client, all map[K]V) *manager.Dict[K, V] {
	t.Helper()
	d, err := manager.NewDict(c, all)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// conformance: MC-04
func TestDict(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		d := newDict[int, string](t, dial(), nil)
		for i := 65; i < 70; i++ {
			must(t, d.Set(i, string(rune(i))))
		}
		same, err := d.Copy()
		must(t, err)
		must(t, d.Set(70, "x"))
		want(t, "Map", map[int]string{65: "A", 66: "B", 67: "C", 68: "D", 69: "E"})(same.Map())
		want(t, "Keys", []int{65, 66, 67, 68, 69})(same.Keys())
		want(t, "Values", []string{"A", "B", "C", "D", "E"})(same.Values())
		want(t, "Items", []manager.Pair[int, string]{{65, "A"}, {66, "B"}, {67, "C"}, {68, "D"}, {69, "E"}})(same.Items())
		keys, err := manager.DictFromKeys(dial(), []int{1, 2}, "x")
		must(t, err)
		want(t, "FromKeys", map[int]string{1: "x", 2: "x"})(keys.Map())
	})
}

// conformance: MC-05, as Go has it: a loop sees the dictionary as it is when it begins, and no
// change is an error.
func TestDictLoops(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		d := newDict(t, dial(), map[int]string{3: "c", 1: "a", 2: "b"})
		r := d.All()
		var got []int
		for key, x := range r.All() {
			got = append(got, key)
			must(t, d.Set(key+10, x))
			must(t, d.Delete(key))
		}
		must(t, r.Err())
		if !slices.Equal(got, []int{1, 2, 3}) {
			t.Errorf("loop gave %v", got)
		}
		want(t, "Keys", []int{11, 12, 13})(d.Keys())
	})
}

func TestDictMethods(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		d := newDict(t, c, map[string]int{"a": 1, "b": 2, "c": 3})
		want(t, "Get", 2)(d.Get("b"))
		fails[int](t, "Get", manager.ErrNotFound)(d.Get("x"))
		want(t, "GetOr", 7)(d.GetOr("x", 7))
		now, was, err := d.SetDefault("b", 9)
		if now != 2 || !was || err != nil {
			t.Errorf("SetDefault = %v, %v, %v", now, was, err)
		}
		now, was, err = d.SetDefault("d", 9)
		if now != 9 || was || err != nil {
			t.Errorf("SetDefault = %v, %v, %v", now, was, err)
		}
		want(t, "Pop", 9)(d.Pop("d"))
		fails[int](t, "Pop", manager.ErrNotFound)(d.Pop("d"))
		want(t, "PopOr", 8)(d.PopOr("d", 8))
		want(t, "Contains", true)(d.Contains("a"))
		want(t, "Contains", false)(d.Contains("d"))
		want(t, "Len", 3)(d.Len())
		must(t, d.SetMany(map[string]int{"c": 4, "e": 5}))
		must(t, d.Merge(newDict(t, c, map[string]int{"f": 6, "a": 0})))
		want(t, "Map", map[string]int{"a": 0, "b": 2, "c": 4, "e": 5, "f": 6})(d.Map())
		key, x, err := d.PopItem()
		if key != "f" || x != 6 || err != nil {
			t.Errorf("PopItem = %v, %v, %v", key, x, err)
		}
		key, x, err = d.PopFirst()
		if key != "a" || x != 0 || err != nil {
			t.Errorf("PopFirst = %v, %v, %v", key, x, err)
		}
		is(t, "Delete", d.Delete("a"), manager.ErrNotFound)
		must(t, d.Clear())
		_, _, err = d.PopItem()
		is(t, "PopItem", err, manager.ErrNotFound)
		_, _, err = d.First()
		is(t, "First", err, manager.ErrNotFound)
	})
}

func TestDictRanges(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		d := newDict[int, int](t, dial(), nil)
		for i := -3; i < 3; i++ {
			must(t, d.Set(i, i*i))
		}
		for _, x := range []struct {
			what string
			r    *manager.Range[int, int]
			want []int
		}{
			{"all", d.All(), []int{-3, -2, -1, 0, 1, 2}},
			{"from 0", d.From(0), []int{0, 1, 2}},
			{"to 0", d.To(0), []int{-3, -2, -1}},
			{"-1 to 2", d.Range(-1, 2), []int{-1, 0, 1}},
			{"-1 to 2, reverse", d.Range(-1, 2).Reverse(), []int{1, 0, -1}},
			{"two", d.All().Limit(2), []int{-3, -2}},
			{"the last two", d.All().Reverse().Limit(2), []int{2, 1}},
			{"beyond", d.From(5), nil},
			{"turned round", d.Range(2, -1), nil},
		} {
			if got := slices.Collect(x.r.Keys()); !slices.Equal(got, x.want) || x.r.Err() != nil {
				t.Errorf("%s: %v, %v; want %v", x.what, got, x.r.Err(), x.want)
			}
		}
		key, x, err := d.First()
		if key != -3 || x != 9 || err != nil {
			t.Errorf("First = %v, %v, %v", key, x, err)
		}
		key, x, err = d.Last()
		if key != 2 || x != 4 || err != nil {
			t.Errorf("Last = %v, %v, %v", key, x, err)
		}
	})
}

// TestLongRange: what does not fit into a piece is read from a picture, which goes at the end.
func TestLongRange(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		const n = 10000
		c := dial()
		all := map[int]string{}
		for i := range n {
			all[i] = fmt.Sprint(i)
		}
		d := newDict(t, c, all)
		before := objects(t, c)
		for _, reverse := range []bool{false, true} {
			r, i := d.All().Limit(n-1), 0
			if reverse {
				r.Reverse()
			}
			for key, x := range r.All() {
				if i == 0 {
					must(t, d.Clear())
				}
				at := i
				if reverse {
					at = n - 1 - i
				}
				if key != at || x != fmt.Sprint(at) {
					t.Fatalf("%d: %q, want %d", key, x, at)
				}
				i++
			}
			must(t, r.Err())
			if i != n-1 {
				t.Errorf("loop gave %d pairs", i)
			}
			must(t, d.SetMany(all))
		}
		for range d.All().All() {
			break
		}
		same(t, "objects", objects(t, c), before)
	})
}

func TestDictChanges(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		d := newDict[string, int](t, c, nil)
		want(t, "Add", 2)(d.Add("n", 2))
		want(t, "Add", -1)(d.Add("n", -3))
		want(t, "CompareAndSwap", false)(d.CompareAndSwap("n", 0, 5))
		want(t, "CompareAndSwap", true)(d.CompareAndSwap("n", -1, 5))
		want(t, "CompareAndSwap", false)(d.CompareAndSwap("m", 0, 5))

		s := newDict[string, string](t, c, nil)
		want(t, "Update", "x")(s.Update("k", "append", "x"))
		want(t, "Update", "xy")(s.Update("k", "append", "y"))
		fails[string](t, "Update", manager.ErrPanic)(s.Update("k", "panic", "y"))

		must(t, d.Txn().IfAbsent("m").IfEqual("n", 5).IfExists("n").Set("m", 1).Add("m", 2).Add("new", 7).Delete("n").Commit(background))
		want(t, "Map", map[string]int{"m": 3, "new": 7})(d.Map())
		err := d.Txn().IfExists("m").IfEqual("new", 8).Set("m", 0).Commit(background)
		is(t, "Commit", err, manager.ErrChanged)
		if err == nil || !strings.Contains(err.Error(), `"new"`) {
			t.Errorf("Commit: %v does not name the key", err)
		}
		a := newDict(t, c, map[string]any{"text": "x"})
		is(t, "Commit", a.Txn().Set("a", 1).Add("text", 1).Commit(background), manager.ErrType)
		want(t, "Map", map[string]any{"text": "x"})(a.Map())
	})
}

type celsius float64

type point struct {
	X, Y int
	Name string
}

func TestKeysAndItems(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		roundTrip(t, c, map[int8]celsius{-128: 1.5, 127: -0.1})
		roundTrip(t, c, map[uint64]uint16{1<<64 - 1: 1<<16 - 1, 0: 0})
		roundTrip(t, c, map[celsius]point{-1.5: {1, 2, "a"}, 0: {}, 1.5: {3, 4, "b"}})
		roundTrip(t, c, map[bool]*point{false: nil, true: {1, 2, "x"}})
		roundTrip(t, c, map[[3]byte][]byte{{1, 2, 3}: {}, {1, 2, 2}: {1, 2}, {}: nil})
		roundTrip(t, c, map[point]map[string][]int{{1, 2, "a"}: {"a": {1}}, {}: nil})
		roundTrip(t, c, map[any]any{1: "int", "a": 1.5, true: nil, uint(7): []byte{1}, -0.5: uint(3), [2]byte{1, 2}: false})

		l, err := manager.NewList(c, []any{1, uint(300), 1.5, "x"})
		must(t, err)
		must(t, refer(t, c, l))
	})
}

// refer opens the list as others, which some items are not.
func refer(t *testing.T, c *manager.Client, l *manager.List[any]) error {
	small, err := manager.NewValue(c, l)
	if err != nil {
		return err
	}
	b, err := l.MarshalBinary()
	if err != nil {
		return err
	}
	var as manager.List[int8]
	if err := as.UnmarshalBinary(b); err != nil {
		return err
	}
	want(t, "int8", int8(1))(as.At(0))
	fails[int8](t, "int8 of uint(300)", manager.ErrType)(as.At(1))
	fails[int8](t, "int8 of 1.5", manager.ErrType)(as.At(2))
	fails[int8](t, "int8 of text", manager.ErrType)(as.At(3))
	_, err = small.Load()
	return errors.Join(err, as.Close(), small.Close())
}

func roundTrip[K comparable, V any](t *testing.T, c *manager.Client, all map[K]V) {
	t.Helper()
	d, err := manager.NewDict(c, all)
	must(t, err)
	defer d.Close()
	got, err := d.Map()
	must(t, err)
	if !reflect.DeepEqual(got, all) {
		t.Errorf("%v came back as %v", all, got)
	}
	for key, x := range all {
		want(t, fmt.Sprint("Get ", key), x)(d.Get(key))
	}
}

func TestTypesThatCannotBeSent(t *testing.T) {
	c := newWorld(t, "unix").dial(t)
	_, err := manager.NewList(c, []func(){})
	is(t, "functions", err, manager.ErrType)
	_, err = manager.NewValue(c, struct{ hidden int }{})
	is(t, "hidden fields", err, manager.ErrType)
	_, err = manager.NewDict(c, map[*int]int{})
	is(t, "pointers as keys", err, manager.ErrType)
	l, err := manager.NewList[any](c, nil)
	must(t, err)
	is(t, "a channel", l.Append(make(chan int)), manager.ErrType)
	want(t, "Len", 0)(l.Len())
}
