package manager_test

import (
	"math"
	"testing"

	"shmkit/manager"
)

// conformance: MS-14
func TestArray(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.dial(t)
		a, err := manager.ArrayFrom(c, []int32{0, 1, 2, 3, 4}, manager.Named("a"))
		must(t, err)
		p := w.start(t, "array")
		p.Expect("5 [0 1 2 3 4]")
		want(t, "At", int32(-7))(a.At(2))
		want(t, "Copy", []int32{0, 1, -7, 3, 14})(a.Copy())
		_, err = manager.OpenArray[uint32](c, "a")
		is(t, "one of another type", err, manager.ErrType)
	})
}

func TestArrayMethods(t *testing.T) {
	eachFamily(t, func(t *testing.T, dial func() *manager.Client) {
		c := dial()
		a, err := manager.NewArray[uint8](c, 4)
		must(t, err)
		must(t, a.SetSlice(1, []uint8{1, 2, 255}))
		want(t, "AddAt", uint8(4))(a.AddAt(-1, 5))
		want(t, "SwapAt", uint8(2))(a.SwapAt(2, 9))
		want(t, "CompareAndSwapAt", false)(a.CompareAndSwapAt(2, 2, 3))
		want(t, "CompareAndSwapAt", true)(a.CompareAndSwapAt(2, 9, 3))
		want(t, "Slice", []uint8{1, 3})(a.Slice(1, 3))
		fails[[]uint8](t, "Slice", manager.ErrRange)(a.Slice(3, 5))
		fails[[]uint8](t, "Slice", manager.ErrRange)(a.Slice(3, 1))
		fails[uint8](t, "At", manager.ErrRange)(a.At(4))
		is(t, "Set", a.Set(-5, 0), manager.ErrRange)
		is(t, "SetSlice", a.SetSlice(3, []uint8{1, 2}), manager.ErrRange)
		must(t, a.Fill(7))
		want(t, "Copy", []uint8{7, 7, 7, 7})(a.Copy())
		_, err = manager.NewArray[float64](c, 1<<40)
		is(t, "a huge one", err, manager.ErrLimit)
		_, err = manager.NewArray[float64](c, -1)
		is(t, "one of -1", err, manager.ErrArgument)

		f, err := manager.ArrayFrom(c, []float32{1.5, float32(math.Inf(1))})
		must(t, err)
		want(t, "AddAt", float32(1.75))(f.AddAt(0, 0.25))
		b, err := manager.ArrayFrom(c, []bool{true, false})
		must(t, err)
		must(t, b.Set(1, true))
		want(t, "Copy", []bool{true, true})(b.Copy())
		fails[bool](t, "AddAt", manager.ErrType)(b.AddAt(0, true))
		l := newList(t, c, a)
		same, err := l.At(0)
		must(t, err)
		want(t, "Copy of what a list has", []uint8{7, 7, 7, 7})(same.Copy())
	})
}
