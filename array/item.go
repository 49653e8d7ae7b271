package array

import "runtime"

// At is item i. It is a plain read, as of a slice.
//
// Preconditions:
//   - 0 <= i < Len(). Else it panics with a [*BoundsError].
//   - The Array is open. Else it panics.
func (a *Array[T]) At(i int) (v T) {
	v = *item(a.base.Load(), i, a.n, a.fail)
	runtime.KeepAlive(a)
	return
}

// Set makes v item i. It is a plain write, as to a slice; if the process dies inside,
// an item of more than a machine word may be half-written.
//
// Preconditions: as for [Array.At].
func (a *Array[T]) Set(i int, v T) {
	*item(a.base.Load(), i, a.n, a.fail) = v
	runtime.KeepAlive(a)
}

// Get is [Array.At] with errors in place of panics: [*BoundsError], [ErrClosed].
func (a *Array[T]) Get(i int) (v T, err error) {
	if err := a.check(i); err != nil {
		return v, err
	}
	return a.At(i), nil
}

// Put is [Array.Set] with errors in place of panics: [*BoundsError], [ErrClosed].
func (a *Array[T]) Put(i int, v T) error {
	if err := a.check(i); err != nil {
		return err
	}
	a.Set(i, v)
	return nil
}

func (a *Array[T]) check(i int) error {
	switch {
	case a.base.Load() == nil:
		return ErrClosed
	case i < 0 || i >= a.n:
		return &BoundsError{From: i, To: i, Len: a.n}
	}
	return nil
}

// outside is where item ends when there is no item i.
func (a *Array[T]) outside(i int) *T {
	err := a.check(i)
	if err == ErrClosed {
		err = errUse
	}
	panic(err)
}
