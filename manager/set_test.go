package manager_test

import (
	"runtime"
	"testing"

	"shmkit/manager"
)

func newSet[T comparable](t testing.TB, c *manager.Client, all ...T) *manager.Set[T] {
	t.Helper()
	s, err := manager.NewSet(c, all)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// conformance: MC-09
func TestSet(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		s := newSet(t, c, 3, 1, 2, 1)
		want(t, "Len", 3)(s.Len())
		want(t, "Members", []int{1, 2, 3})(s.Members())
		want(t, "Contains", true)(s.Contains(2))
		want(t, "Contains", false)(s.Contains(4))
		want(t, "Add", 1)(s.Add(3, 4))
		want(t, "Discard", 1)(s.Discard(4, 5))
		must(t, s.Remove(3))
		is(t, "Remove", s.Remove(3), manager.ErrNotFound)
		want(t, "Pop", 1)(s.Pop())
		other, err := s.Copy()
		must(t, err)
		must(t, s.Clear())
		fails[int](t, "Pop", manager.ErrNotFound)(s.Pop())
		want(t, "Members of the copy", []int{2})(other.Members())
		before := objects(t, c)
		long := newSet(t, c, upTo(20000)...)
		want(t, "Members", upTo(20000))(long.Members())
		same(t, "objects", objects(t, c), before+1)
		runtime.KeepAlive(other)
	})
}

// conformance: MC-09
func TestSetOperators(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		a, b := newSet(t, c, 1, 2, 3, 4), newSet(t, c, 3, 4, 5)
		small := manager.Of(3, 4)
		for name, x := range map[string]struct {
			f    func(...manager.Operand[int]) (*manager.Set[int], error)
			with []manager.Operand[int]
			want []int
		}{
			"a | b":           {a.Union, []manager.Operand[int]{b}, []int{1, 2, 3, 4, 5}},
			"a | b | {9}":     {a.Union, []manager.Operand[int]{b, manager.Of(9)}, []int{1, 2, 3, 4, 5, 9}},
			"a | a":           {a.Union, []manager.Operand[int]{a}, []int{1, 2, 3, 4}},
			"a | nothing":     {a.Union, nil, []int{1, 2, 3, 4}},
			"a & b":           {a.Intersection, []manager.Operand[int]{b}, []int{3, 4}},
			"a & b & {4, 5}":  {a.Intersection, []manager.Operand[int]{b, manager.Of(4, 5)}, []int{4}},
			"a & {}":          {a.Intersection, []manager.Operand[int]{manager.Of[int]()}, nil},
			"a - b":           {a.Difference, []manager.Operand[int]{b}, []int{1, 2}},
			"a - {0, …, 3}":   {a.Difference, []manager.Operand[int]{manager.Of(upTo(4)...)}, []int{4}},
			"a - {0, …, 999}": {a.Difference, []manager.Operand[int]{manager.Of(upTo(1000)...)}, nil},
			"a ^ b":           {func(o ...manager.Operand[int]) (*manager.Set[int], error) { return a.SymmetricDifference(o[0]) }, []manager.Operand[int]{b}, []int{1, 2, 5}},
			"a ^ a":           {func(o ...manager.Operand[int]) (*manager.Set[int], error) { return a.SymmetricDifference(o[0]) }, []manager.Operand[int]{a}, nil},
		} {
			got, err := x.f(x.with...)
			must(t, err)
			want(t, name, x.want)(got.Members())
			got.Close()
		}
		want(t, "a", []int{1, 2, 3, 4})(a.Members())
		yes := func(what string, wanted bool) func(bool, error) { return want(t, what, wanted) }
		yes("a <= b", false)(a.IsSubset(b))
		yes("a <= a", true)(a.IsSubset(a))
		yes("a < a", false)(a.IsProperSubset(a))
		yes("a < {0, …, 9}", true)(a.IsProperSubset(manager.Of(upTo(10)...)))
		yes("a >= {3, 4}", true)(a.IsSuperset(small))
		yes("a > {3, 4}", true)(a.IsProperSuperset(small))
		yes("a > a", false)(a.IsProperSuperset(a))
		yes("a == {4, 3, 2, 1}", true)(a.Equal(manager.Of(4, 3, 2, 1)))
		yes("a == b", false)(a.Equal(b))
		yes("a and b are disjoint", false)(a.IsDisjoint(b))
		yes("a and {7} are disjoint", true)(a.IsDisjoint(manager.Of(7)))

		must(t, a.Update(b, manager.Of(7)))
		want(t, "a |= b, {7}", []int{1, 2, 3, 4, 5, 7})(a.Members())
		must(t, a.IntersectionUpdate(manager.Of(1, 3, 5, 7, 9)))
		want(t, "a &= …", []int{1, 3, 5, 7})(a.Members())
		must(t, a.DifferenceUpdate(b))
		want(t, "a -= b", []int{1, 7})(a.Members())
		must(t, a.SymmetricDifferenceUpdate(manager.Of(1, 2)))
		want(t, "a ^= {1, 2}", []int{2, 7})(a.Members())
		must(t, a.DifferenceUpdate(a))
		want(t, "a -= a", 0)(a.Len())
		texts := newSet(t, c, "a", "b")
		want(t, "Members", []string{"a", "b"})(texts.Members())
	})
}
