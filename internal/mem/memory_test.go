package mem_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"shmkit/internal/mem"
)

func TestAtBounds(t *testing.T) {
	m := mem.Fixed(make([]byte, 4096))
	for _, c := range []struct {
		off  uint64
		want error
	}{
		{0, nil}, {4088, nil}, {4089, mem.ErrBounds}, {4096, mem.ErrBounds}, {math.MaxUint64, mem.ErrBounds},
		{math.MaxUint64 - 7, mem.ErrBounds}, {4, mem.ErrAlign}, {1, mem.ErrAlign},
	} {
		if _, err := mem.At[uint64](m, c.off); !errors.Is(err, c.want) {
			t.Errorf("At(%d): %v, want %v", c.off, err, c.want)
		}
	}
}

func TestSliceBounds(t *testing.T) {
	m := mem.Fixed(make([]byte, 4096))
	for _, c := range []struct {
		off, n uint64
		want   error
	}{
		{0, 512, nil}, {0, 513, mem.ErrBounds}, {8, 512, mem.ErrBounds}, {1 << 40, 0, nil},
		{0, math.MaxUint64, mem.ErrBounds}, {0, 1 << 61, mem.ErrBounds}, {4088, 2, mem.ErrBounds},
	} {
		s, err := mem.Slice[uint64](m, c.off, c.n)
		if !errors.Is(err, c.want) || err == nil && uint64(len(s)) != c.n {
			t.Errorf("Slice(%d, %d): %d items, %v, want %v", c.off, c.n, len(s), err, c.want)
		}
	}
}

// What is reserved but not backed is out of bounds until the source says more.
func TestBacked(t *testing.T) {
	size, asked := uint64(100), 0
	m := mem.New(make([]byte, 4096), func() (uint64, error) { asked++; return size, nil })
	if _, err := mem.At[uint64](m, 96); !errors.Is(err, mem.ErrBounds) {
		t.Errorf("beyond what is backed: %v", err)
	}
	size = 1 << 30 // more than is reserved: cut down to that
	if _, err := mem.At[uint64](m, 4088); err != nil {
		t.Errorf("after growing: %v", err)
	}
	before := asked
	if _, err := mem.At[uint64](m, 0); err != nil || asked != before {
		t.Errorf("asked again for what is known: %v", err)
	}
}

func TestPointerFree(t *testing.T) {
	type good struct {
		A [3]struct{ X, Y float32 }
		B bool
		C complex128
	}
	type bad struct {
		A int
		B [2]struct{ P *int }
	}
	for _, c := range []struct {
		t    reflect.Type
		want bool
	}{
		{reflect.TypeFor[good](), true}, {reflect.TypeFor[bad](), false}, {reflect.TypeFor[string](), false},
		{reflect.TypeFor[uintptr](), false}, {reflect.TypeFor[any](), false}, {reflect.TypeFor[map[int]int](), false},
	} {
		if got := mem.PointerFree(c.t); got != c.want {
			t.Errorf("PointerFree(%v) = %v", c.t, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("At of a type with pointers did not panic")
		}
	}()
	mem.At[bad](mem.Fixed(make([]byte, 4096)), 0)
}
