package array

import (
	"fmt"
	"iter"
	"runtime"
)

// The methods below are plain access, item after item: what another process
// changes meanwhile is seen in part. Take the lock where that matters.

// Slice is the array itself as a slice, without a copy: what is written to it every
// process sees. The memory stays mapped for the life of the process, but belongs to
// the array only while a is open and reachable. It panics if a is closed.
func (a *Array[T]) Slice() []T {
	s := a.items()
	a.hold.Object.Pin()
	runtime.KeepAlive(a)
	return s
}

// Copy is a copy of all items, in memory of this process. It panics if a is closed.
func (a *Array[T]) Copy() []T {
	s := append(make([]T, 0, a.n), a.items()...)
	runtime.KeepAlive(a)
	return s
}

// CopyFrom sets all items to those of src. Errors: [ErrLength] if src has not
// exactly Len items, and then nothing changes; [ErrClosed].
func (a *Array[T]) CopyFrom(src []T) error {
	if err := a.checkLen(len(src)); err != nil {
		return err
	}
	copy(a.items(), src)
	runtime.KeepAlive(a)
	return nil
}

// CopyTo copies all items to dst. Errors as CopyFrom.
func (a *Array[T]) CopyTo(dst []T) error {
	if err := a.checkLen(len(dst)); err != nil {
		return err
	}
	copy(dst, a.items())
	runtime.KeepAlive(a)
	return nil
}

func (a *Array[T]) checkLen(n int) error {
	switch {
	case a.base.Load() == nil:
		return ErrClosed
	case n != a.n:
		return fmt.Errorf("%w: slice of %d items, array of %d", ErrLength, n, a.n)
	}
	return nil
}

// Fill sets all items to v. It panics if a is closed.
func (a *Array[T]) Fill(v T) {
	s := a.items()
	for i := range s {
		s[i] = v
	}
	runtime.KeepAlive(a)
}

// All iterates over indexes and items. It panics if a is closed.
func (a *Array[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i := range a.n {
			if !yield(i, a.At(i)) {
				return
			}
		}
	}
}

// Values iterates over the items. It panics if a is closed.
func (a *Array[T]) Values() iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range a.n {
			if !yield(a.At(i)) {
				return
			}
		}
	}
}
