package manager_test

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"shmkit/manager"
)

func init() {
	manager.RegisterOrder("by length", func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	manager.RegisterUpdate("append", func(old string, exists bool, arg string) (string, error) { return old + arg, nil })
	manager.RegisterUpdate("fail", func(old string, exists bool, arg string) (string, error) { return "", errors.New(arg) })
	manager.RegisterUpdate("panic", func(old string, exists bool, arg string) (string, error) { panic(arg) })
}

// want fails unless a call gave what is wanted.
func want[T any](t testing.TB, what string, wanted T) func(T, error) {
	return func(got T, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s = %v, %v; want %v", what, got, err, wanted)
		}
	}
}

// fails fails unless a call gave that error.
func fails[T any](t testing.TB, what string, wanted error) func(T, error) {
	return func(_ T, err error) {
		t.Helper()
		is(t, what, err, wanted)
	}
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// objects is how many there are at the server.
func objects(t testing.TB, c *manager.Client) int {
	t.Helper()
	all, err := c.Objects(background)
	must(t, err)
	return len(all)
}

func same[T comparable](t testing.TB, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: %v, want %v", what, got, wanted)
	}
}

// newList makes a List that is there as long as the test.
func newList[T any](t testing.TB, c *manager.Client, all ...T) *manager.List[T] {
	t.Helper()
	l, err := manager.NewList(c, all)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// conformance: MC-01
func TestList(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		a := newList(t, c, upTo(10)...)
		want(t, "all", upTo(10))(a.Items())
		b := newList[int](t, c)
		must(t, b.Extend(upTo(5)...))
		want(t, "extended", upTo(5))(b.Items())
		want(t, "[2]", 2)(b.At(2))
		want(t, "[2:10]", []int{2, 3, 4})(b.Slice(2, 10))
		must(t, b.Repeat(2))
		want(t, "*= 2", []int{0, 1, 2, 3, 4, 0, 1, 2, 3, 4})(b.Items())
		six := newList(t, c, 5, 6)
		sum, err := b.Concat(six)
		must(t, err)
		want(t, "+", []int{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6})(sum.Items())

		f := newList(t, c, []*manager.List[int]{a, b}...)
		must(t, a.Append(10)) // through one, seen through the other
		inner, err := f.At(0)
		must(t, err)
		want(t, "inner", 10)(inner.At(-1))
		must(t, inner.Append(11))
		want(t, "outer", 11)(a.At(-1))
	})
}

// conformance: MC-02, as Go has it: a loop sees the list as it is when it begins.
func TestListLoops(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		a := newList(t, dial(), upTo(10)...)
		loop := a.All()
		must(t, a.Set(0, 100))
		var got []int
		for x, err := range loop {
			must(t, err)
			got = append(got, x)
			fails[int](t, "Pop", nil)(a.Pop())
		}
		if wanted := append([]int{100}, upTo(10)[1:]...); !slices.Equal(got, wanted) {
			t.Errorf("loop gave %v, want %v", got, wanted)
		}
		want(t, "Len", 0)(a.Len())
		for x := range loop {
			t.Errorf("a loop over nothing gave %v", x)
		}
	})
}

func TestListMethods(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		l := newList(t, dial(), "d", "b", "a")
		must(t, l.Insert(1, "c"))
		must(t, l.Insert(100, "e"))
		must(t, l.Insert(-100, "_"))
		want(t, "all", []string{"_", "d", "c", "b", "a", "e"})(l.Items())
		want(t, "Index", 3)(l.Index("b"))
		fails[int](t, "IndexIn", manager.ErrNotFound)(l.IndexIn(4, manager.Back, "b"))
		fails[int](t, "Index", manager.ErrNotFound)(l.Index("x"))
		want(t, "Count", 1)(l.Count("e"))
		want(t, "Contains", true)(l.Contains("e"))
		want(t, "Contains", false)(l.Contains("x"))
		must(t, l.Remove("_"))
		is(t, "Remove", l.Remove("_"), manager.ErrNotFound)
		must(t, l.Sort())
		want(t, "sorted", []string{"a", "b", "c", "d", "e"})(l.Items())
		must(t, l.SortBy("", true))
		want(t, "sorted down", []string{"e", "d", "c", "b", "a"})(l.Items())
		must(t, l.Reverse())
		want(t, "Pop", "e")(l.Pop())
		want(t, "PopAt", "a")(l.PopAt(0))
		fails[string](t, "PopAt", manager.ErrRange)(l.PopAt(3))
		fails[string](t, "At", manager.ErrRange)(l.At(-4))
		is(t, "Set", l.Set(3, "x"), manager.ErrRange)
		is(t, "Delete", l.Delete(3), manager.ErrRange)
		must(t, l.Delete(-1))
		want(t, "rest", []string{"b", "c"})(l.Items())
		must(t, l.Extend("bb", "aaa", "a"))
		must(t, l.SortBy("by length", false))
		want(t, "by length", []string{"b", "c", "a", "bb", "aaa"})(l.Items())
		is(t, "an order that is not there", l.SortBy("x", false), manager.ErrType)
		must(t, l.Clear())
		want(t, "Len", 0)(l.Len())
		fails[string](t, "Pop", manager.ErrRange)(l.Pop())
	})
}

func TestListSlices(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		l := newList(t, dial(), upTo(10)...)
		want(t, "[::2]", []int{0, 2, 4, 6, 8})(l.SliceStep(manager.Front, manager.Back, 2))
		want(t, "[::-3]", []int{9, 6, 3, 0})(l.SliceStep(manager.Back, manager.Front, -3))
		want(t, "[-3:-1]", []int{7, 8})(l.Slice(-3, -1))
		fails[[]int](t, "[::0]", manager.ErrArgument)(l.SliceStep(0, 10, 0))
		must(t, l.SetSlice(1, 9, []int{-1}))
		want(t, "[1:9] = [-1]", []int{0, -1, 9})(l.Items())
		is(t, "[::2] = [1]", l.SetSliceStep(0, 3, 2, []int{1}), manager.ErrArgument)
		must(t, l.SetSliceStep(manager.Back, manager.Front, -1, []int{1, 2, 3}))
		want(t, "[::-1] = [1, 2, 3]", []int{3, 2, 1})(l.Items())
		must(t, l.Extend(upTo(7)...))
		must(t, l.DeleteSliceStep(0, manager.Back, 3))
		want(t, "del [::3]", []int{2, 1, 1, 2, 4, 5})(l.Items())
		must(t, l.DeleteSlice(2, 4))
		want(t, "del [2:4]", []int{2, 1, 4, 5})(l.Items())
	})
}

func TestListChanges(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		n := newList(t, c, 1, 2, 3)
		want(t, "Add", 12)(n.Add(1, 10))
		want(t, "CompareAndSwap", false)(n.CompareAndSwap(1, 2, 3))
		want(t, "CompareAndSwap", true)(n.CompareAndSwap(1, 12, 3))
		before, err := n.Copy()
		must(t, err)
		must(t, n.Set(0, 100))
		want(t, "copy", []int{1, 3, 3})(before.Items())
		twice, err := n.Repeated(2)
		must(t, err)
		want(t, "repeated", []int{100, 3, 3, 100, 3, 3})(twice.Items())
		must(t, twice.ExtendFrom(twice))
		want(t, "Len", 12)(twice.Len())
		is(t, "Repeat", n.Repeat(1<<30), manager.ErrLimit)

		s := newList(t, c, "a")
		want(t, "Update", "ab")(s.Update(0, "append", "b"))
		fails[string](t, "Update", manager.ErrType)(s.Update(0, "append", 1))
		fails[string](t, "Update", manager.ErrType)(s.Update(0, "no such", "b"))
		fails[string](t, "Update", manager.ErrPanic)(s.Update(0, "panic", "b"))
		if _, err := s.Update(0, "fail", "for this reason"); err == nil || !strings.Contains(err.Error(), "for this reason") {
			t.Errorf("Update = %v", err)
		}
		want(t, "after those", []string{"ab"})(s.Items())
		fails[string](t, "Add", manager.ErrType)(s.Add(0, "b"))
		is(t, "mixed", newList[any](t, c, 1, "a").Sort(), manager.ErrType)
	})
}

// TestLongLoop: what does not fit into a piece is read from a picture, which goes at the end.
func TestLongLoop(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		const n = 20000
		c := dial()
		l := newList(t, c, upTo(n)...)
		before := objects(t, c)
		i := 0
		for x, err := range l.All() {
			must(t, err)
			if i == 0 {
				must(t, l.Clear())
			}
			if x != i {
				t.Fatalf("%d at %d", x, i)
			}
			if i++; i == n-1 {
				same(t, "objects", objects(t, c), before+1)
			}
		}
		if i != n {
			t.Errorf("loop gave %d items", i)
		}
		same(t, "objects", objects(t, c), before)
		must(t, l.Extend(upTo(n)...))
		for range l.All() {
			break
		}
		same(t, "objects after a break", objects(t, c), before)
		if all, err := l.Items(); err != nil || !slices.Equal(all, upTo(n)) {
			t.Errorf("Items: %d of them, %v", len(all), err)
		}
	})
}
