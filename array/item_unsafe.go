package array

import "unsafe"

// item is the address of item i of the n from p on. Where there is none it calls
// fail, which panics. fail is a parameter because the inliner counts a call of a
// parameter for little, and At and Set must inline.
func item[T any](p *T, i, n int, fail func(int) *T) *T {
	if uint(i) >= uint(n) || p == nil {
		return fail(i)
	}
	return (*T)(unsafe.Add(unsafe.Pointer(p), uintptr(i)*unsafe.Sizeof(*p)))
}

// first is the address where items start, not nil even if there are none.
func first[T any](items []T) *T { return unsafe.SliceData(items) }

// items is the array as a slice. It panics if the Array is closed.
func (a *Array[T]) items() []T {
	p := a.base.Load()
	if p == nil {
		panic(errUse)
	}
	return unsafe.Slice(p, a.n)
}
