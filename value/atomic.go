package value

import (
	"fmt"
	"reflect"
	"runtime"

	"shmkit/internal/cell"
	"shmkit/internal/race"
)

// Load gives the value. For a T of 1, 2, 4 or 8 bytes it never waits; for others
// it takes the lock for a moment, so the caller must not hold it. It never sees a
// value that is half-written, by any process, dead or alive, except by one that
// writes through [Value.Pointer].
//
// It panics if the Value is closed (as a nil pointer does, for a T of 1, 2, 4 or 8
// bytes), and, for other sizes, if the lock is damaged.
func (v *Value[T]) Load() (x T) {
	x = cell.Load(v.plain.Load(), v.load)
	runtime.KeepAlive(v)
	if race.Enabled {
		v.raceAcquire()
	}
	return
}

// Store sets the value. Waiting is as for [Value.Load]. If the process dies inside,
// the value is the old one or x, never a mixture.
//
// It panics if the Value is closed, and, for other sizes than 1, 2, 4 or 8 bytes, if
// the lock is damaged or not recoverable.
func (v *Value[T]) Store(x T) {
	if race.Enabled {
		v.raceRelease()
	}
	cell.Store(v.plain.Load(), x, v.store)
	runtime.KeepAlive(v)
}

// Swap sets the value and gives the one that it replaced, in one atomic step. It
// waits and panics like [Value.Store].
func (v *Value[T]) Swap(x T) (old T) {
	if race.Enabled {
		v.raceRelease()
		defer v.raceAcquire()
	}
	old = cell.Swap(v.wide.Load(), x, v.swap)
	runtime.KeepAlive(v)
	return
}

// CompareAndSwap sets the value to new if it is old, in one atomic step, and tells
// whether it was. It compares bits: a NaN is equal to itself, and 0 is not -0. The
// bits of padding and of fields called _ do not count. It waits and panics like
// [Value.Store].
func (v *Value[T]) CompareAndSwap(old, new T) (swapped bool) {
	if race.Enabled {
		v.raceRelease()
		defer v.raceAcquire()
	}
	swapped = cell.CompareAndSwap(v.exact.Load(), old, new, v.cas)
	runtime.KeepAlive(v)
	return
}

// Add adds delta and gives the sum, in one atomic step. Integers wrap around. It
// waits and panics like [Value.Store].
//
// Preconditions:
//   - T is a number: an integer, a float or a complex. Else it panics.
func (v *Value[T]) Add(delta T) (sum T) {
	if race.Enabled {
		v.raceRelease()
		defer v.raceAcquire()
	}
	sum = cell.Add(v.count.Load(), delta, v.add)
	runtime.KeepAlive(v)
	return
}

// Update changes the value by f, in one atomic step: f gets a copy, and what it
// leaves there becomes the value. f may run more than once for a T of 1, 2, 4 or 8
// bytes, and runs under the lock for others; it must not use the Value, nor keep
// the pointer. If f panics nothing changes, and the lock is free again. If the
// process dies inside, the value is the old one or the new one.
//
// That a process died inside Update, Store or Load is no error here, because the
// value is whole. That one died between [Value.Lock] and Unlock is none either; it
// is left for the next Lock to tell.
//
// Errors: [ErrClosed]; for other sizes sync.ErrNotRecoverable.
func (v *Value[T]) Update(f func(*T)) error {
	p := v.item.Load()
	if p == nil {
		return ErrClosed
	}
	if !v.form.Atomic() {
		return v.whole(func(item, shadow *T) bool {
			*shadow = *item
			f(shadow)
			return true
		})
	}
	if race.Enabled {
		v.raceRelease()
		defer v.raceAcquire()
	}
	cell.Change(p, func(x T) (T, bool) { f(&x); return x, true })
	runtime.KeepAlive(v)
	return nil
}

// The slow halves are reached when one instruction does not do for T, or the Value
// is closed.

// opened is the item. It panics if the Value is closed.
func (v *Value[T]) opened() *T {
	p := v.item.Load()
	if p == nil {
		panic(errUse)
	}
	return p
}

func (v *Value[T]) loadSlow() T {
	v.opened()
	return v.loadLarge()
}

func (v *Value[T]) storeSlow(x T) {
	v.opened()
	v.must("Store", v.whole(func(_, shadow *T) bool { *shadow = x; return true }))
}

func (v *Value[T]) swapSlow(x T) (old T) {
	if p := v.opened(); v.form.Atomic() {
		old, _, _ = cell.Change(p, func(T) (T, bool) { return x, true })
		return old
	}
	v.must("Swap", v.whole(func(item, shadow *T) bool { old, *shadow = *item, x; return true }))
	return old
}

func (v *Value[T]) casSlow(old, new T) (done bool) {
	if p := v.opened(); v.form.Atomic() {
		_, _, done = cell.Change(p, func(x T) (T, bool) { return new, cell.Same(&x, &old) })
		return done
	}
	v.must("CompareAndSwap", v.whole(func(item, shadow *T) bool {
		if done = cell.Same(item, &old); done {
			*shadow = new
		}
		return done
	}))
	return done
}

func (v *Value[T]) addSlow(delta T) (sum T) {
	p := v.opened()
	if !v.form.Number() {
		panic(fmt.Sprintf("value: Add of %v", reflect.TypeFor[T]()))
	}
	if v.form.Atomic() {
		_, sum, _ = cell.Change(p, func(x T) (T, bool) { return cell.Sum(v.form.Kind, x, delta), true })
		return sum
	}
	v.must("Add", v.whole(func(item, shadow *T) bool {
		sum = cell.Sum(v.form.Kind, *item, delta)
		*shadow = sum
		return true
	}))
	return sum
}

// must panics with the error of a method that has no error result.
func (v *Value[T]) must(method string, err error) {
	if err == ErrClosed {
		panic(errUse)
	}
	if err != nil {
		panic(fmt.Errorf("value: %s: %w", method, err))
	}
}
