package manager

import (
	"context"
	"fmt"
	"iter"
	"reflect"

	"shmkit/internal/wire"
)

// A Scalar is what an Array may be of.
type Scalar interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint | ~float32 | ~float64 | ~bool
}

// An Array is a handle of a fixed number of numbers, or bools, at the server.
//
// Use NewArray, ArrayFrom or OpenArray. A handle may be copied, and used by several goroutines;
// those of several clients and processes may be of one Array. Each method is one atomic step.
// An index less than 0 counts from the end, but not in slices. Nobody holds anything of an
// Array, so that nothing happens to it when a client dies.
//
// Numbers may be in shared memory, see Value: then slices and Fill are not one step, but each
// item is.
type Array[T Scalar] struct {
	proxy
	n int
}

// code is the letter of T; see wire.ArrayWidth.
func code[T Scalar]() byte {
	switch t := reflect.TypeFor[T](); t.Kind() {
	case reflect.Bool:
		return '?'
	case reflect.Float32:
		return 'f'
	case reflect.Float64:
		return 'd'
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return [...]byte{1: 'b', 2: 'h', 4: 'i', 8: 'q'}[t.Size()]
	default:
		return [...]byte{1: 'B', 2: 'H', 4: 'I', 8: 'Q'}[t.Size()]
	}
}

// NewArray makes an Array of n zeros.
// Errors: ErrLimit; ErrExists; ErrServerGone.
func NewArray[T Scalar](c *Client, n int, options ...Option) (*Array[T], error) {
	return newArray[T](c, n, nil, options)
}

// ArrayFrom makes an Array of these items.
// Errors: as NewArray.
func ArrayFrom[T Scalar](c *Client, all []T, options ...Option) (*Array[T], error) {
	return newArray(c, len(all), all, options)
}

func newArray[T Scalar](c *Client, n int, all []T, options []Option) (*Array[T], error) {
	if n < 0 {
		return nil, fmt.Errorf("%w: an Array of %d items", ErrArgument, n)
	}
	body := wire.AppendUint([]byte{code[T]()}, uint64(n))
	body = wire.AppendBytes(body, plain(all))
	if shareCode[T]() != 0 && c.shares() {
		body = wire.AppendBool(body, true)
	}
	p, err := create(c, wire.TypeArray, options, body)
	return &Array[T]{p, n}, err
}

// OpenArray opens the Array of that name.
// Errors: ErrNotFound; ErrType if it is not one of T; ErrServerGone.
func OpenArray[T Scalar](c *Client, name string) (*Array[T], error) {
	p, err := open(c, wire.TypeArray, name)
	if err != nil {
		return nil, err
	}
	a := &Array[T]{proxy: p}
	if err := a.inquire(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// inquire asks the server how long it is.
// Errors: ErrType if it is of something else.
func (a *Array[T]) inquire() error {
	k, r, err := a.call(inherit, wire.ArrayInfo, nil, 0)
	if err != nil {
		return err
	}
	defer k.free()
	got, n := r.Byte(), r.Uint()
	if err := r.End(); err != nil {
		return err
	}
	if got != code[T]() {
		return &TypeError{Name: "array", Got: fmt.Sprintf("of items with code %c", got), Want: fmt.Sprintf("of %v, code %c", reflect.TypeFor[T](), code[T]())}
	}
	a.n = int(n)
	return nil
}

// Ctx is the same Array, whose calls end with ctx.
func (a *Array[T]) Ctx(ctx context.Context) *Array[T] {
	b := *a
	b.ctx = ctx
	return &b
}

// Len is how many items there are, which does not change.
func (a *Array[T]) Len() int { return a.n }

// At is LoadAt.
func (a *Array[T]) At(i int) (T, error) { return a.LoadAt(i) }

// Set is StoreAt.
func (a *Array[T]) Set(i int, x T) error { return a.StoreAt(i, x) }

// LoadAt gives an item.
// Errors: ErrRange; ErrServerGone.
func (a *Array[T]) LoadAt(i int) (T, error) {
	if m, i := a.shared(i); m != nil {
		return ofBits[T](m.Load(i)), nil
	}
	return a.one(wire.ArrayGet, i)
}

// StoreAt sets an item.
// Errors: ErrRange; ErrServerGone.
func (a *Array[T]) StoreAt(i int, x T) error {
	if m, i := a.shared(i); m != nil {
		m.Store(i, bitsAs(&x))
		return nil
	}
	var room [16]byte
	return a.exec(inherit, wire.ArraySet, append(wire.AppendInt(room[:0], int64(i)), memory(&x)...), 0)
}

// SwapAt sets an item and gives the one before.
// Errors: ErrRange; ErrServerGone.
func (a *Array[T]) SwapAt(i int, x T) (old T, err error) {
	if m, i := a.shared(i); m != nil {
		return ofBits[T](m.Swap(i, bitsAs(&x))), nil
	}
	return a.one(wire.ArraySwap, i, x)
}

// AddAt adds delta to an item and gives the sum. Integers wrap around.
// Errors: ErrRange; ErrType for bools; ErrServerGone.
func (a *Array[T]) AddAt(i int, delta T) (sum T, err error) {
	if m, i := a.shared(i); m != nil {
		return ofBits[T](m.Add(i, bitsAs(&delta))), nil
	}
	return a.one(wire.ArrayAdd, i, delta)
}

// one calls a method that takes an index, and items, and gives an item.
func (a *Array[T]) one(m wire.Method, i int, args ...T) (x T, err error) {
	var room [24]byte
	body := append(wire.AppendInt(room[:0], int64(i)), plain(args)...)
	k, r, err := a.call(inherit, m, body, 0)
	if err != nil {
		return x, err
	}
	defer k.free()
	var all [1]T
	if !fill(all[:], r.Rest()) {
		return x, fmt.Errorf("%w: that is no %T", ErrProtocol, x)
	}
	return all[0], nil
}

// CompareAndSwapAt sets an item to x if it is old, and tells whether it was. It compares bits: a
// NaN is equal to itself, and 0 is not -0.
// Errors: ErrRange; ErrServerGone.
func (a *Array[T]) CompareAndSwapAt(i int, old, x T) (swapped bool, err error) {
	if m, i := a.shared(i); m != nil {
		return m.CompareAndSwap(i, bitsAs(&old), bitsAs(&x)), nil
	}
	return a.ask(wire.ArrayCompareAndSwap, append(wire.AppendInt(nil, int64(i)), plain([]T{old, x})...))
}

// Fill sets all items to x.
func (a *Array[T]) Fill(x T) error {
	if m := a.proxy.memory(wire.ArrayShare, shareCode[T]()); m != nil {
		for i := range a.n {
			m.Store(i, bitsAs(&x))
		}
		return nil
	}
	return a.exec(inherit, wire.ArrayFill, plain([]T{x}), 0)
}

// Copy gives all items, as they are at one instant.
// Errors: ErrServerGone.
func (a *Array[T]) Copy() ([]T, error) { return a.Slice(0, a.n) }

// Slice gives the items from from up to to, as they are at one instant.
// Errors: ErrRange unless 0 ≤ from ≤ to ≤ Len; ErrServerGone.
func (a *Array[T]) Slice(from, to int) ([]T, error) {
	if m := a.proxy.memory(wire.ArrayShare, shareCode[T]()); m != nil && 0 <= from && from <= to && to <= a.n {
		all := make([]T, to-from)
		for i := range all {
			all[i] = ofBits[T](m.Load(from + i))
		}
		return all, nil
	}
	k, r, err := a.call(inherit, wire.ArraySlice, wire.AppendInt(wire.AppendInt(nil, int64(from)), int64(to)), 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	all := make([]T, to-from)
	if !fill(all, r.Rest()) {
		return nil, fmt.Errorf("%w: those are not %d of %T", ErrProtocol, to-from, *new(T))
	}
	return all, nil
}

// SetSlice sets the items from from on, all at one instant.
// Errors: ErrRange if there are not so many; ErrServerGone.
func (a *Array[T]) SetSlice(from int, all []T) error {
	if m := a.proxy.memory(wire.ArrayShare, shareCode[T]()); m != nil && 0 <= from && from <= a.n-len(all) {
		for i := range all {
			m.Store(from+i, bitsAs(&all[i]))
		}
		return nil
	}
	return a.exec(inherit, wire.ArraySetSlice, append(wire.AppendInt(nil, int64(from)), plain(all)...), 0)
}

// All loops over a copy of all items, which is made when the loop begins. An error comes alone,
// with a zero T.
func (a *Array[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		all, err := a.Copy()
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, x := range all {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func (*Array[T]) want() wire.Type { return wire.TypeArray }

// adopted completes a handle that was made of an item.
func (a *Array[T]) adopted() error { return a.inquire() }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes a, which is new, a handle of
// the Array whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (a *Array[T]) UnmarshalBinary(b []byte) error {
	if err := a.decode(a.want(), b); err != nil {
		return err
	}
	return a.inquire()
}

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (a *Array[T]) UnmarshalText(text []byte) error {
	if err := a.decodeText(a.want(), text); err != nil {
		return err
	}
	return a.inquire()
}
