package manager

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"shmkit/internal/wire"
)

// A Value is a handle of one value at the server.
//
// Use NewValue or OpenValue. A handle may be copied, and used by several goroutines; those of
// several clients and processes may be of one Value. Each method is one atomic step. Nobody
// holds anything of a Value, so that nothing happens to it when a client dies.
//
// A number that a client on the machine of the server has made is in shared memory, unless the
// server has a log, or WithoutSharedMemory: clients on that machine read and change it there,
// without asking, in nanoseconds; all others ask the server, which does the same. When the server
// is gone it is as any other.
type Value[T any] struct{ items[T] }

// NewValue makes a Value. T is any type of which all can be sent; a handle in it is one of this
// server, and what it refers to stays as long as the Value has it.
// Errors: ErrType; ErrExists; ErrServerGone.
func NewValue[T any](c *Client, init T, options ...Option) (*Value[T], error) {
	v := &Value[T]{}
	if err := v.prepare(); err != nil {
		return nil, err
	}
	body, err := v.appendSized(c, nil, &init)
	if err != nil {
		return nil, err
	}
	if v.code() != 0 && c.shares() {
		body = wire.AppendBool(body, true)
	}
	v.proxy, err = create(c, wire.TypeValue, options, body)
	runtime.KeepAlive(init)
	return v, err
}

// OpenValue opens the Value of that name. That it holds a T is seen when it is used.
// Errors: ErrNotFound; ErrType; ErrServerGone.
func OpenValue[T any](c *Client, name string) (*Value[T], error) {
	v := &Value[T]{}
	if err := v.prepare(); err != nil {
		return nil, err
	}
	var err error
	v.proxy, err = open(c, wire.TypeValue, name)
	return v, err
}

// Load gives the value.
// Errors: ErrType if it is no T; ErrNoObject; ErrClosed; ErrServerGone.
func (v *Value[T]) Load() (x T, err error) {
	if m := v.memory(wire.ValueShare, v.code()); m != nil {
		return v.number(m.Load(0))
	}
	k, r, err := v.call(inherit, wire.ValueGet, nil, 0)
	if err != nil {
		return x, err
	}
	return v.reply(k, r, false)
}

// Store sets the value.
// Errors: ErrType; ErrNoObject; ErrClosed; ErrServerGone.
func (v *Value[T]) Store(x T) error {
	if m := v.memory(wire.ValueShare, v.code()); m != nil {
		m.Store(0, bits(v.form, &x))
		return nil
	}
	var room [64]byte
	item, err := v.append(v.ref.client(), room[:0], &x)
	if err != nil {
		return err
	}
	err = v.exec(inherit, wire.ValueSet, item, 0)
	runtime.KeepAlive(x)
	return err
}

// Swap sets the value and gives the one before.
// Errors: as Store and Load.
func (v *Value[T]) Swap(x T) (old T, err error) {
	if m := v.memory(wire.ValueShare, v.code()); m != nil {
		return v.number(m.Swap(0, bits(v.form, &x)))
	}
	item, err := v.append(v.ref.client(), nil, &x)
	if err != nil {
		return old, err
	}
	k, r, err := v.call(inherit, wire.ValueSwap, item, 0)
	runtime.KeepAlive(x)
	if err != nil {
		return old, err
	}
	return v.reply(k, r, true)
}

// CompareAndSwap sets the value to x if it is old, and tells whether it was. It compares bits:
// a NaN is equal to itself, and 0 is not -0.
// Errors: as Store.
func (v *Value[T]) CompareAndSwap(old, x T) (swapped bool, err error) {
	if m := v.memory(wire.ValueShare, v.code()); m != nil {
		return m.CompareAndSwap(0, bits(v.form, &old), bits(v.form, &x)), nil
	}
	body, err := v.appendSized(v.ref.client(), nil, &old)
	if err == nil {
		body, err = v.appendSized(v.ref.client(), body, &x)
	}
	if err != nil {
		return false, err
	}
	swapped, err = v.ask(wire.ValueCompareAndSwap, body)
	runtime.KeepAlive(x)
	return swapped, err
}

// Add adds delta and gives the sum. Integers wrap around.
// Errors: ErrType if the value is no number of the kind of T; as Store.
func (v *Value[T]) Add(delta T) (sum T, err error) {
	if m := v.memory(wire.ValueShare, v.code()); m != nil {
		return v.number(m.Add(0, bits(v.form, &delta)))
	}
	var room [16]byte
	item, err := v.append(v.ref.client(), room[:0], &delta)
	if err != nil {
		return sum, err
	}
	k, r, err := v.call(inherit, wire.ValueAdd, item, 0)
	if err != nil {
		return sum, err
	}
	return v.reply(k, r, false)
}

// Update changes the value by a function of the server, see RegisterUpdate, and gives what it
// is then. arg is of the type that the function takes. Of a number in shared memory that others
// change all the time, without asking, it is tried until none has in between.
// Errors: ErrNoType; ErrPanic; what the function gives; as Store.
func (v *Value[T]) Update(function string, arg any) (now T, err error) {
	body, err := appendUpdate(v.ref.client(), nil, function, arg)
	if err != nil {
		return now, err
	}
	k, r, err := v.call(inherit, wire.ValueUpdate, body, 0)
	for contended(err) { // others have their turn at the server between the tries
		k, r, err = v.call(inherit, wire.ValueUpdate, body, 0)
	}
	runtime.KeepAlive(arg)
	if err != nil {
		return now, err
	}
	return v.reply(k, r, true)
}

// contended tells whether the server has given up an Update because others were faster.
func contended(err error) bool {
	var e *RemoteError
	return errors.As(err, &e) && e.kind == ErrChanged
}

// code is the letter as which the number may be shared, 0 if T is none.
func (v *Value[T]) code() byte { return numberCode(v.form) }

// number is a T of its bits.
func (v *Value[T]) number(bits uint64) (x T, err error) {
	if !setBits(v.form, &x, bits) {
		return x, &TypeError{Name: "value", Got: fmt.Sprintf("a number out of the range of %T", x), Want: fmt.Sprintf("%T", x)}
	}
	return x, nil
}

// Ctx is the same Value, whose calls end with ctx.
func (v *Value[T]) Ctx(ctx context.Context) *Value[T] {
	w := *v
	w.ctx = ctx
	return &w
}

func (*Value[T]) want() wire.Type { return wire.TypeValue }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes v, which is new, a handle of
// the Value whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (v *Value[T]) UnmarshalBinary(b []byte) error { return v.unmarshal(v.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (v *Value[T]) UnmarshalText(text []byte) error { return v.unmarshalText(v.want(), text) }
