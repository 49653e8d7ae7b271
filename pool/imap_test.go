package pool_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"shmkit/array"
	"shmkit/pool"
	"shmkit/process"
)

var (
	double = pool.RegisterFor("double", func(_ context.Context, items []int64, from int) error {
		for i := range items {
			items[i] = 2 * int64(from+i)
		}
		return nil
	})
	power = pool.Register2("power", func(_ context.Context, x, n int) (int, error) {
		v := 1
		for range n {
			v *= x
		}
		return v, nil
	})
	unlucky = process.RegisterFunc("unlucky", func(_ context.Context, x int) (int, error) {
		if x == 13 {
			return 0, errors.New("not that one")
		}
		return x, nil
	})
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func wantSquares(t testing.TB, got []int, n int) {
	t.Helper()
	if len(got) != n {
		t.Fatalf("%d results, want %d", len(got), n)
	}
	for i, v := range got {
		if v != i*i {
			t.Fatalf("result %d is %d", i, v)
		}
	}
}

// conformance: PL-11, PL-13
func TestImap(t *testing.T) {
	p := newPool(t, 3)
	for _, options := range [][]pool.CallOption{nil, {pool.ChunkSize(100)}, {pool.InFlight(1)}} {
		for name, imap := range map[string]func(context.Context, *pool.Pool, *process.Func[int, int], iter.Seq[int], ...pool.CallOption) iter.Seq2[int, error]{
			"ordered": pool.Imap[int, int], "unordered": pool.ImapUnordered[int, int],
		} {
			var got []int
			for v, err := range imap(t.Context(), p, square, count(1000), options...) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, v)
			}
			if name == "unordered" {
				slices.Sort(got)
			}
			wantSquares(t, got, 1000)
		}
	}
}

func TestImapBreak(t *testing.T) {
	p := newPool(t, 2)
	taken := 0
	in := func(yield func(int) bool) {
		for ; ; taken++ {
			if !yield(taken) {
				return
			}
		}
	}
	for v := range pool.Imap(t.Context(), p, square, in) {
		if v > 100 {
			break
		}
	}
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if taken > 11+8+1 {
		t.Errorf("%d items were taken for 11", taken)
	}
}

func TestImapPanics(t *testing.T) {
	p := newPool(t, 2)
	defer func() {
		if recover() != "in the input" {
			t.Error("the panic of the input got lost")
		}
	}()
	for range pool.Imap(t.Context(), p, square, func(yield func(int) bool) { yield(1); panic("in the input") }) {
	}
}

func TestFor(t *testing.T) {
	p := newPool(t, 2)
	arr, err := array.New[int64](1001)
	if err != nil {
		t.Fatal(err)
	}
	defer arr.Close()
	for _, options := range [][]pool.CallOption{nil, {pool.ChunkSize(10)}} {
		arr.Fill(-1)
		if err := pool.For(t.Context(), p, arr, double, options...); err != nil {
			t.Fatal(err)
		}
		for i, v := range arr.All() {
			if v != 2*int64(i) {
				t.Fatalf("item %d is %d", i, v)
			}
		}
	}
}

// conformance: PL-03
func TestStarmap(t *testing.T) {
	p := newPool(t, 2)
	got, err := pool.Starmap(t.Context(), p, power, pool.Zip2([]int{2, 3, 4}, []int{3, 2, 1}))
	if err != nil || !slices.Equal(got, []int{8, 9, 4}) {
		t.Error(got, err)
	}
	got, err = pool.StarmapAsync(p, power, pool.Zip2([]int{2, 3, 4}, []int{3, 2, 1})).Get(t.Context())
	if err != nil || !slices.Equal(got, []int{8, 9, 4}) {
		t.Error(got, err)
	}
}
