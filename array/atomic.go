package array

import (
	"fmt"
	"reflect"
	"runtime"

	"shmkit/internal/cell"
	"shmkit/internal/race"
)

// The operations below treat one item as package value treats a Value: lock-free,
// atomic against each other and against C's, for a T of 1, 2, 4 or 8 bytes. Nobody
// who dies inside leaves anything behind. In the terminology of the Go memory model,
// a StoreAt synchronizes before the LoadAt that observes it, across processes too.
//
// Preconditions of all:
//   - 0 <= i < Len(), and the Array is open. Else they panic as At does.
//   - T is 1, 2, 4 or 8 bytes, for AddAt also a number. Else they panic.

// LoadAt is item i, read atomically.
func (a *Array[T]) LoadAt(i int) T {
	v := cell.Get(a.cell("LoadAt", i))
	runtime.KeepAlive(a)
	if race.Enabled {
		a.raceAcquire()
	}
	return v
}

// StoreAt makes v item i, atomically.
func (a *Array[T]) StoreAt(i int, v T) {
	p := a.cell("StoreAt", i)
	if race.Enabled {
		a.raceRelease()
	}
	if a.form.Wide() {
		cell.Store(p, v, nil)
	} else {
		cell.Change(p, func(T) (T, bool) { return v, true })
	}
	runtime.KeepAlive(a)
}

// SwapAt makes v item i and gives what it was, in one atomic step.
func (a *Array[T]) SwapAt(i int, v T) (old T) {
	p := a.cell("SwapAt", i)
	if race.Enabled {
		a.raceRelease()
		defer a.raceAcquire()
	}
	old, _, _ = cell.Change(p, func(T) (T, bool) { return v, true })
	runtime.KeepAlive(a)
	return old
}

// CompareAndSwapAt makes item i new if it is old, in one atomic step, and tells
// whether it was. It compares bits; those of padding do not count.
func (a *Array[T]) CompareAndSwapAt(i int, old, new T) (swapped bool) {
	p := a.cell("CompareAndSwapAt", i)
	if race.Enabled {
		a.raceRelease()
		defer a.raceAcquire()
	}
	if a.form.Exact() {
		swapped = cell.CompareAndSwap(p, old, new, nil)
	} else {
		_, _, swapped = cell.Change(p, func(v T) (T, bool) { return new, cell.Same(&v, &old) })
	}
	runtime.KeepAlive(a)
	return swapped
}

// AddAt adds delta to item i and gives the sum, in one atomic step. Integers wrap
// around.
func (a *Array[T]) AddAt(i int, delta T) (sum T) {
	p := a.cell("AddAt", i)
	if !a.form.Number() {
		a.misuse("AddAt")
	}
	if race.Enabled {
		a.raceRelease()
		defer a.raceAcquire()
	}
	if a.form.Counts() {
		sum = cell.Add(p, delta, nil)
	} else {
		_, sum, _ = cell.Change(p, func(v T) (T, bool) { return cell.Sum(a.form.Kind, v, delta), true })
	}
	runtime.KeepAlive(a)
	return sum
}

// cell is item i for an atomic operation.
func (a *Array[T]) cell(method string, i int) *T {
	if !a.form.Atomic() && a.hold != nil {
		a.misuse(method)
	}
	return item(a.base.Load(), i, a.n, a.outside)
}

func (a *Array[T]) misuse(method string) {
	panic(fmt.Sprintf("array: %s of %v", method, reflect.TypeFor[T]()))
}
