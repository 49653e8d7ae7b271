package host

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/wire"
)

// TestListModel: a list is what a slice is, whatever is done to it.
func TestListModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBench(t)
		var model []int
		for range rapid.IntRange(0, 1500).Draw(r, "init") {
			model = append(model, len(model))
		}
		l := b.create(wire.TypeList, ints(model...))
		pictures := map[uint64][]int{}
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			model = listStep(r, b, l, model)
			if rapid.IntRange(0, 5).Draw(r, "picture") == 0 {
				p := wire.PeekUint(b.must(l, wire.ListCopy, nil))
				pictures[p] = slices.Clone(model)
			}
			if len(pictures) > 0 && rapid.Bool().Draw(r, "other") { // a picture lives its own life
				for p := range pictures {
					pictures[p] = listStep(r, b, p, pictures[p])
					break
				}
			}
		}
		pictures[l] = model
		for p, want := range pictures {
			if got := readInts(t, b.must(p, wire.ListSlice, slice3(0, math.MaxInt, 1))); !slices.Equal(got, want) {
				t.Fatalf("list is %v, want %v", got, want)
			}
		}
		b.check()
	})
}

func slice3(from, to, step int) []byte {
	return wire.AppendInt(wire.AppendInt(wire.AppendInt(nil, int64(from)), int64(to)), int64(step))
}

// pick gives the indices of a slice as the words of Python's reference have it.
func pick(n, from, to, step int) (all []int) {
	low, high := 0, n
	if step < 0 {
		low, high = -1, n-1
	}
	place := func(i int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	for i := place(from); step > 0 && i < place(to) || step < 0 && i > place(to); i += step {
		all = append(all, i)
	}
	return all
}

func listStep(r *rapid.T, b *bench, l uint64, model []int) []int {
	n := len(model)
	at := rapid.IntRange(-n-3, n+3)
	switch rapid.IntRange(0, 9).Draw(r, "what") {
	case 0:
		b.must(l, wire.ListAppend, number(n))
		return append(model, n)
	case 1:
		i := at.Draw(r, "at")
		b.must(l, wire.ListInsert, append(wire.AppendInt(nil, int64(i)), number(-1)...))
		if i < 0 {
			i = max(i+n, 0)
		}
		return slices.Insert(model, min(i, n), -1)
	case 2:
		i := at.Draw(r, "at")
		body := wire.AppendInt(nil, int64(i))
		if i < -n || i >= n {
			b.fails(l, wire.ListPop, body, wire.CodeRange)
			return model
		}
		b.must(l, wire.ListPop, body)
		i = (i + n) % n
		return slices.Delete(model, i, i+1)
	case 3:
		b.must(l, wire.ListReverse, nil)
		slices.Reverse(model)
	case 4:
		b.must(l, wire.ListSort, wire.AppendText(wire.AppendBool(nil, false), ""))
		slices.Sort(model)
	case 5, 6, 7:
		return sliceStep(r, b, l, model, at)
	case 8:
		more := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 700).Draw(r, "more")
		b.must(l, wire.ListExtend, ints(more...))
		return append(model, more...)
	case 9:
		if n < 3000 {
			b.must(l, wire.ListRepeat, wire.AppendInt(nil, 2))
			return slices.Repeat(model, 2)
		}
	}
	return model
}

func sliceStep(r *rapid.T, b *bench, l uint64, model []int, at *rapid.Generator[int]) []int {
	from, to := at.Draw(r, "from"), at.Draw(r, "to")
	step := rapid.SampledFrom([]int{1, 1, 2, 7, -1, -2, -500}).Draw(r, "step")
	places := pick(len(model), from, to, step)
	switch rapid.IntRange(0, 2).Draw(r, "slice") {
	case 0:
		var want []int
		for _, i := range places {
			want = append(want, model[i])
		}
		if got := readInts(b.t, b.must(l, wire.ListSlice, slice3(from, to, step))); !slices.Equal(got, want) {
			b.t.Fatalf("[%d:%d:%d] of %v is %v, want %v", from, to, step, model, got, want)
		}
	case 1:
		b.must(l, wire.ListDeleteSlice, slice3(from, to, step))
		left := model[:0]
		for i, v := range model {
			if !slices.Contains(places, i) {
				left = append(left, v)
			}
		}
		return left
	case 2:
		if step == 1 {
			put := rapid.SliceOfN(rapid.IntRange(10, 19), 0, 20).Draw(r, "put")
			b.must(l, wire.ListSetSlice, append(slice3(from, to, step), ints(put...)...))
			start := from
			if start < 0 {
				start = max(start+len(model), 0)
			}
			start = min(start, len(model))
			return slices.Replace(model, start, start+len(places), put...)
		}
		put := make([]int, len(places))
		for k, i := range places {
			put[k], model[i] = -k, -k
		}
		b.must(l, wire.ListSetSlice, append(slice3(from, to, step), ints(put...)...))
		b.fails(l, wire.ListSetSlice, append(slice3(from, to, step), ints(append(put, 1)...)...), wire.CodeArgument)
	}
	return model
}
