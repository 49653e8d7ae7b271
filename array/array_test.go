package array_test

import (
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"shmkit/array"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func from[T any](t testing.TB, items []T) *array.Array[T] {
	t.Helper()
	a, err := array.From(items)
	must(t, err)
	t.Cleanup(func() { a.Close() })
	return a
}

// conformance: ARR-01
func TestItems(t *testing.T) {
	a := from(t, []int32{5, 6, 7, 8})
	if a.Len() != 4 || a.At(0) != 5 || a.At(3) != 8 {
		t.Errorf("%v", a)
	}
	a.Set(1, 60)
	copy(a.Slice()[2:], []int32{70, 80})
	if got := a.Copy(); !slices.Equal(got, []int32{5, 60, 70, 80}) {
		t.Errorf("%v", got)
	}
	must(t, a.CopyFrom([]int32{1, 2, 3, 4}))
	if err := a.CopyFrom([]int32{1, 2, 3}); !errors.Is(err, array.ErrLength) {
		t.Errorf("CopyFrom of another length: %v", err)
	}
	dst := make([]int32, 4)
	must(t, a.CopyTo(dst))
	a.Fill(9)
	if !slices.Equal(dst, []int32{1, 2, 3, 4}) || a.At(2) != 9 {
		t.Errorf("CopyTo %v, Fill %v", dst, a)
	}
	sum := 0
	for i, v := range a.All() {
		sum += i * int(v)
	}
	for v := range a.Values() {
		sum += int(v)
		break
	}
	if sum != 6*9+9 {
		t.Errorf("iterators: %d", sum)
	}
}

// conformance: ARR-02
func TestZeroed(t *testing.T) {
	for range 3 {
		a, err := array.New[int64](1000)
		must(t, err)
		for i, v := range a.All() {
			if v != 0 {
				t.Fatalf("item %d of a new array is %d", i, v)
			}
		}
		a.Fill(-1)
		must(t, a.Close())
	}
}

// conformance: ARR-04
func TestLock(t *testing.T) {
	a := from(t, []float64{1, 2})
	must(t, a.Lock())
	if ok, err := a.Mutex().TryLock(); ok || err != nil {
		t.Errorf("TryLock of a held lock: %v, %v", ok, err)
	}
	a.Set(0, 5) // items do not look at the lock
	must(t, a.Unlock())
	if err := a.Unlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("second Unlock: %v", err)
	}
	must(t, a.With(func(items []float64, died bool) error {
		if died || len(items) != 2 || items[0] != 5 {
			t.Errorf("With: %v %v", items, died)
		}
		return nil
	}))
}

func TestBounds(t *testing.T) {
	a := from(t, []int16{1, 2, 3})
	for _, i := range []int{-1, 3, math.MaxInt, math.MinInt} {
		_, err := a.Get(i)
		var b *array.BoundsError
		if !errors.As(err, &b) || !errors.Is(err, array.ErrBounds) || b.From != i || b.Len != 3 {
			t.Errorf("Get(%d): %v", i, err)
		}
		if err := a.Put(i, 1); !errors.Is(err, array.ErrBounds) {
			t.Errorf("Put(%d): %v", i, err)
		}
		for what, f := range map[string]func(){
			"At": func() { a.At(i) }, "Set": func() { a.Set(i, 1) }, "AddAt": func() { a.AddAt(i, 1) }, "LoadAt": func() { a.LoadAt(i) },
		} {
			func() {
				defer func() {
					if err, ok := recover().(runtime.Error); !ok || !errors.Is(err, array.ErrBounds) {
						t.Errorf("%s(%d) panicked with %v", what, i, err)
					}
				}()
				f()
			}()
		}
	}
	for _, r := range [][2]int{{-1, 2}, {2, 1}, {0, 4}, {4, 4}} {
		if _, err := a.View(r[0], r[1]); !errors.Is(err, array.ErrBounds) {
			t.Errorf("View(%d, %d): %v", r[0], r[1], err)
		}
	}
	if _, err := array.New[int](-1); !errors.Is(err, array.ErrLength) {
		t.Errorf("negative length: %v", err)
	}
	if _, err := array.New[int64](math.MaxInt); !errors.Is(err, shm.ErrTooLarge) {
		t.Errorf("overflowing length: %v", err)
	}
}

func TestEmpty(t *testing.T) {
	a := from(t, []float64{})
	if a.Len() != 0 || len(a.Slice()) != 0 || len(a.Copy()) != 0 {
		t.Errorf("%v", a)
	}
	for range a.All() {
		t.Error("an item")
	}
	a.Fill(1)
	v, err := a.View(0, 0)
	must(t, err)
	must(t, v.Close())
}

func TestViews(t *testing.T) {
	a := from(t, []int{0, 1, 2, 3, 4, 5})
	v, err := a.View(2, 5)
	must(t, err)
	defer v.Close()
	v.Set(0, 20)
	if a.At(2) != 20 || v.Len() != 3 {
		t.Errorf("%v %v", a, v)
	}
	w, err := v.View(1, 2)
	must(t, err)
	defer w.Close()
	w.Fill(7)
	if !slices.Equal(a.Copy(), []int{0, 1, 20, 7, 4, 5}) {
		t.Errorf("%v", a.Copy())
	}
	b, err := v.MarshalText()
	must(t, err)
	x := new(array.Array[int])
	must(t, x.UnmarshalText(b))
	defer x.Close()
	if !slices.Equal(x.Copy(), []int{20, 7, 4}) {
		t.Errorf("a view that was sent: %v", x.Copy())
	}
}

func TestAtomicItems(t *testing.T) {
	type pair struct{ A, B int16 }
	n, f, b := from(t, make([]int32, 3)), from(t, make([]float64, 3)), from(t, make([]uint8, 5))
	p := from(t, make([]pair, 3))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				n.AddAt(1, 1)
				f.AddAt(1, 0.5)
				b.AddAt(2, 1)
			}
		})
	}
	all.Wait()
	if n.LoadAt(1) != 100 || f.LoadAt(1) != 50 || b.LoadAt(2) != 100 || b.At(1) != 0 || b.At(3) != 0 {
		t.Errorf("%v %v %v", n.Copy(), f.Copy(), b.Copy())
	}
	if p.SwapAt(1, pair{1, 2}) != (pair{}) || p.CompareAndSwapAt(1, pair{}, pair{}) || !p.CompareAndSwapAt(1, pair{1, 2}, pair{3, 4}) {
		t.Errorf("%v", p.Copy())
	}
	n.StoreAt(0, 5)
	if n.At(0) != 5 {
		t.Error("StoreAt")
	}
}

func TestChars(t *testing.T) {
	c, err := array.FromString(8, "hello")
	must(t, err)
	defer c.Close()
	if c.Text() != "hello" || string(c.Raw()) != "hello\x00\x00\x00" {
		t.Errorf("%q %q", c.Text(), c.Raw())
	}
	must(t, c.SetString("12345678"))
	if err := c.SetString("123456789"); !errors.Is(err, array.ErrLength) || !strings.Contains(err.Error(), "9") || !strings.Contains(err.Error(), "8") {
		t.Errorf("text that is too long: %v", err)
	}
	must(t, c.SetString("x"))
	if string(c.Raw()) != "x\x00\x00\x00\x00\x00\x00\x00" {
		t.Errorf("%q", c.Raw())
	}
}

func TestNamed(t *testing.T) {
	type point struct{ X, Y float32 }
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	a, err := array.FromIn(seg, "points", []point{{1, 2}, {3, 4}})
	must(t, err)
	defer a.Close()
	b, err := array.Open[point](seg, "points")
	must(t, err)
	defer b.Close()
	b.Slice()[1].Y = 9
	if a.At(1) != (point{3, 9}) {
		t.Errorf("%v", a.Copy())
	}
	_, err = array.Open[float64](seg, "points")
	var both *shm.TypeError
	if !errors.As(err, &both) || both.Have == both.Want {
		t.Errorf("opened as another type: %v", err)
	}
	if _, err := array.NewIn[int](seg, "points", 1); !errors.Is(err, shm.ErrExists) {
		t.Errorf("second NewIn: %v", err)
	}
	if _, err := array.Open[int](seg, "none"); !errors.Is(err, shm.ErrNotFound) {
		t.Errorf("Open of nothing: %v", err)
	}
}

func TestClosed(t *testing.T) {
	a, err := array.From([]int{1})
	must(t, err)
	must(t, a.Close())
	_, getErr := a.Get(0)
	for what, err := range map[string]error{
		"Close": a.Close(), "Get": getErr, "Put": a.Put(0, 1), "Lock": a.Lock(), "CopyFrom": a.CopyFrom([]int{1}),
	} {
		if !errors.Is(err, array.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("At of a closed array did not panic")
		}
	}()
	a.At(0)
}

func TestAllocations(t *testing.T) {
	a := from(t, make([]int64, 10))
	for what, run := range map[string]func(){
		"At": func() { a.At(3) }, "Set": func() { a.Set(3, 4) }, "AddAt": func() { a.AddAt(3, 1) }, "Slice": func() { _ = a.Slice() },
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
}

// An array does what a slice does.
func TestLikeASlice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		model := rapid.SliceOfN(rapid.Int16(), 0, 50).Draw(r, "items")
		a, err := array.From(model)
		must(t, err)
		defer a.Close()
		model = slices.Clone(model)
		r.Repeat(map[string]func(*rapid.T){
			"set": func(r *rapid.T) {
				i, v := rapid.IntRange(-1, 50).Draw(r, "i"), rapid.Int16().Draw(r, "v")
				if err := a.Put(i, v); (err == nil) != (i >= 0 && i < len(model)) {
					r.Fatalf("Put(%d): %v", i, err)
				} else if err == nil {
					model[i] = v
				}
			},
			"view": func(r *rapid.T) {
				from, to := rapid.IntRange(0, len(model)).Draw(r, "from"), rapid.IntRange(0, len(model)).Draw(r, "to")
				w, err := a.View(from, to)
				if (err == nil) != (from <= to) {
					r.Fatalf("View(%d, %d): %v", from, to, err)
				}
				if err == nil {
					w.Fill(3)
					for i := from; i < to; i++ {
						model[i] = 3
					}
					must(t, w.Close())
				}
			},
			"": func(r *rapid.T) {
				if !slices.Equal(a.Copy(), model) {
					r.Fatalf("%v, want %v", a.Copy(), model)
				}
			},
		})
	})
}
