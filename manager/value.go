package manager

import (
	"context"

	"shmkit/internal/wire"
)

// A Value is a handle of one value at the server.
type Value[T any] struct{ proxy }

// NewValue makes a Value.
func NewValue[T any](c *Client, init T, options ...Option) (*Value[T], error) {
	item, err := appendItem(nil, &init)
	if err != nil {
		return nil, err
	}
	p, err := create(c, wire.TypeValue, options, wire.AppendBytes(nil, item))
	return &Value[T]{p}, err
}

// Load gives the value.
func (v *Value[T]) Load() (x T, err error) {
	k, r, err := v.call(inherit, wire.ValueGet, nil, 0)
	if err != nil {
		return x, err
	}
	defer k.free()
	err = readItem(wire.Item(r.Rest()), &x)
	return x, err
}

// Store sets the value.
func (v *Value[T]) Store(x T) error {
	var room [64]byte
	item, err := appendItem(room[:0], &x)
	if err != nil {
		return err
	}
	return v.exec(inherit, wire.ValueSet, item, 0)
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
func (v *Value[T]) UnmarshalBinary(b []byte) error { return v.decode(v.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (v *Value[T]) UnmarshalText(text []byte) error { return v.decodeText(v.want(), text) }
