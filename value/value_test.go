package value_test

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"shmkit/shm"
	shsync "shmkit/sync"
	"shmkit/value"
)

func newValue[T any](t testing.TB, init T) *value.Value[T] {
	t.Helper()
	v, err := value.New(init)
	must(t, err)
	t.Cleanup(func() { v.Close() })
	return v
}

// number tests every operation on one type of number.
func number[T interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint | ~float32 | ~float64
}](t *testing.T) {
	t.Helper()
	v := newValue(t, T(7))
	check := func(what string, got, want T) {
		t.Helper()
		if got != want {
			t.Errorf("%T: %s = %v, want %v", want, what, got, want)
		}
	}
	check("Load", v.Load(), 7)
	v.Store(9)
	check("Load", v.Load(), 9)
	check("Swap", v.Swap(11), 9)
	if v.CompareAndSwap(9, 1) || !v.CompareAndSwap(11, 20) {
		t.Errorf("%T: CompareAndSwap", T(0))
	}
	check("Add", v.Add(5), 25)
	must(t, v.Update(func(p *T) { *p *= 2 }))
	check("Update", v.Load(), 50)
	var all sync.WaitGroup
	v.Store(0)
	for range 4 {
		all.Go(func() {
			for range 30 {
				v.Add(1)
			}
		})
	}
	all.Wait()
	check("sum", v.Load(), 120)
}

// conformance: VAL-01
func TestNumbers(t *testing.T) {
	number[int8](t)
	number[int16](t)
	number[int32](t)
	number[int64](t)
	number[int](t)
	number[uint8](t)
	number[uint16](t)
	number[uint32](t)
	number[uint64](t)
	number[uint](t)
	number[float32](t)
	number[float64](t)
	big := newValue(t, int64(1)<<33)
	if big.Load() != 1<<33 {
		t.Error("2^33 is cut off")
	}
	c := newValue(t, shm.Char('x'))
	if c.Load() != 'x' {
		t.Error("Char")
	}
	b := newValue(t, false)
	if b.Load() || b.Swap(true) || !b.Load() || b.CompareAndSwap(false, true) {
		t.Error("bool")
	}
}

func TestWrap(t *testing.T) {
	v := newValue(t, int8(math.MaxInt8))
	if got := v.Add(1); got != math.MinInt8 {
		t.Errorf("int8 overflow: %d", got)
	}
	u := newValue(t, uint16(0))
	if got := u.Add(math.MaxUint16); got != math.MaxUint16 || u.Add(1) != 0 {
		t.Errorf("uint16 overflow")
	}
	f := newValue(t, math.NaN())
	if !math.IsNaN(f.Load()) || !f.CompareAndSwap(f.Load(), 1) {
		t.Error("a NaN is not equal to itself, bit by bit")
	}
}

// large is a struct that no machine stores at once; all words are equal.
type large [5]uint64

func uniform(x uint64) (l large) {
	for i := range l {
		l[i] = x
	}
	return l
}

func TestStructs(t *testing.T) {
	type small struct{ A, B int32 }
	s := newValue(t, small{1, 2})
	must(t, s.Update(func(p *small) { p.B = 5 }))
	if s.Load() != (small{1, 5}) || !s.CompareAndSwap(small{1, 5}, small{3, 4}) {
		t.Errorf("small struct: %v", s.Load())
	}
	type odd struct{ A, B, C uint8 }
	o := newValue(t, odd{1, 2, 3})
	if o.Swap(odd{4, 5, 6}) != (odd{1, 2, 3}) || o.Load() != (odd{4, 5, 6}) {
		t.Error("three bytes")
	}
	l := newValue(t, uniform(1))
	if l.Swap(uniform(2)) != uniform(1) || l.CompareAndSwap(uniform(1), uniform(9)) || !l.CompareAndSwap(uniform(2), uniform(3)) {
		t.Error("large struct")
	}
	must(t, l.Update(func(p *large) { p[0] = 8 }))
	if l.Load()[0] != 8 || l.Load()[4] != 3 {
		t.Errorf("large struct: %v", l.Load())
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of f did not come through")
			}
		}()
		l.Update(func(p *large) { p[1] = 99; panic("in f") })
	}()
	if l.Load()[1] != 3 {
		t.Error("f panicked, and the value changed")
	}
	defer func() {
		if recover() == nil {
			t.Error("Add of a struct did not panic")
		}
	}()
	s.Add(small{})
}

// conformance: VAL-02
func TestLock(t *testing.T) {
	v := newValue(t, uniform(1))
	must(t, v.Lock())
	if ok, err := v.Mutex().TryLock(); ok || err != nil {
		t.Errorf("TryLock of a held lock: %v, %v", ok, err)
	}
	v.Pointer()[2] = 7
	must(t, v.Unlock())
	if v.Load()[2] != 7 {
		t.Error("Pointer is not the value")
	}
	if err := v.Unlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("second Unlock: %v", err)
	}
	n := newValue(t, 1.5)
	must(t, n.Lock())
	n.Store(n.Load() * 2) // scalars do not look at the lock
	must(t, n.Unlock())
	if n.Load() != 3 {
		t.Error("scalar under its lock")
	}
}

func TestNamed(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	v, err := value.NewIn(seg, "v", 3.14)
	must(t, err)
	defer v.Close()
	if _, err := value.NewIn(seg, "v", 1.0); !errors.Is(err, shm.ErrExists) {
		t.Errorf("second NewIn: %v", err)
	}
	w, err := value.Open[float64](seg, "v")
	must(t, err)
	defer w.Close()
	w.Store(2.5)
	if v.Load() != 2.5 {
		t.Error("not the same value")
	}
	_, err = value.Open[int64](seg, "v")
	var both *shm.TypeError
	if !errors.As(err, &both) || !strings.Contains(both.Have, "d (8") || !strings.Contains(both.Want, "q (8") {
		t.Errorf("opened as another type: %v", err)
	}
	if _, err := value.New("text"); !errors.Is(err, shm.ErrType) {
		t.Errorf("a Value of string: %v", err)
	}
}

func TestHandles(t *testing.T) {
	v := newValue(t, 1)
	b, err := v.MarshalBinary()
	must(t, err)
	text, err := v.MarshalText()
	must(t, err)
	w, x := new(value.Value[int]), new(value.Value[int])
	must(t, w.UnmarshalBinary(b))
	must(t, x.UnmarshalText(text))
	w.Add(1)
	x.Add(1)
	if v.Load() != 3 {
		t.Errorf("three handles of one value see %d", v.Load())
	}
	if err := w.UnmarshalBinary(b); !errors.Is(err, value.ErrOpen) {
		t.Errorf("decoding into an open Value: %v", err)
	}
	if err := new(value.Value[float64]).UnmarshalText(text); !errors.Is(err, shm.ErrType) {
		t.Errorf("decoding as another type: %v", err)
	}
	must(t, w.Close())
	must(t, x.Close())
	must(t, v.Close())
	if err := new(value.Value[int]).UnmarshalText(text); !errors.Is(err, shm.ErrGone) {
		t.Errorf("handle of a freed value: %v", err)
	}
}

func TestClosed(t *testing.T) {
	panics := func(what string, f func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s of a closed Value did not panic", what)
			}
		}()
		f()
	}
	v, err := value.New(1)
	must(t, err)
	l, err := value.New(uniform(1))
	must(t, err)
	must(t, v.Close())
	must(t, l.Close())
	panics("Load", func() { v.Load() })
	panics("Store", func() { v.Store(1) })
	panics("Add", func() { v.Add(1) })
	panics("Load", func() { l.Load() })
	panics("Store", func() { l.Store(uniform(1)) })
	for what, err := range map[string]error{
		"Close": v.Close(), "Update": v.Update(func(*int) {}), "Lock": v.Lock(), "large Update": l.Update(func(*large) {}),
	} {
		if !errors.Is(err, value.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
}

// Hot paths allocate nothing.
func TestAllocations(t *testing.T) {
	v, f, b := newValue(t, int64(1)), newValue(t, 1.5), newValue(t, uint8(1))
	for what, run := range map[string]func(){
		"Load": func() { v.Load(); f.Load(); b.Load() }, "Store": func() { v.Store(2); f.Store(2); b.Store(2) },
		"Add": func() { v.Add(1); f.Add(1); b.Add(1) }, "Swap": func() { v.Swap(1) },
		"CompareAndSwap": func() { v.CompareAndSwap(1, 1) },
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
}
