package manager

import (
	"fmt"
	"reflect"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
)

// deepest is how many containers may be in each other.
const deepest = 64

// handles makes handles of objects that come as an any. A type that is not there cannot.
var handles [wire.Types]func() handle

// appendAny appends what x is. A map becomes a Dict, a slice or an array a List.
func appendAny(c *Client, b []byte, x any, depth int) ([]byte, error) {
	switch x := x.(type) {
	case nil:
		return append(b, byte(wire.TagNothing)), nil
	case int:
		return wire.AppendInt64(b, int64(x)), nil
	case string:
		return append(append(b, byte(wire.TagText)), x...), nil
	case float64:
		return wire.AppendFloat64(b, x), nil
	case []byte:
		return append(append(b, byte(wire.TagBlob)), x...), nil
	case handle:
		return appendHandle(c, b, x)
	}
	v := reflect.ValueOf(x)
	switch k := v.Kind(); {
	case k == reflect.Bool:
		return wire.AppendBool(append(b, byte(wire.TagBool)), v.Bool()), nil
	case v.CanInt():
		return wire.AppendInt64(b, v.Int()), nil
	case v.CanUint() && k != reflect.Uintptr:
		return wire.AppendUint64(b, v.Uint()), nil
	case v.CanFloat():
		return wire.AppendFloat64(b, v.Float()), nil
	case k == reflect.String:
		return append(append(b, byte(wire.TagText)), v.String()...), nil
	case k == reflect.Map, k == reflect.Slice, k == reflect.Array:
		if depth == deepest {
			return b, fmt.Errorf("%w: more than %d containers in each other", ErrArgument, deepest)
		}
		return appendContainer(c, b, v, depth+1)
	}
	if err := codec.Check(v.Type(), false); err != nil {
		return b, fmt.Errorf("%w: values cannot be sent: %w", ErrType, err)
	}
	return appendEncoded(b, x)
}

// appendContainer appends a literal of a map, a slice or an array.
func appendContainer(c *Client, b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	one := func(x reflect.Value) {
		if err != nil {
			return
		}
		at := len(b)
		b, err = appendAny(c, append(b, 0, 0, 0, 0), x.Interface(), depth)
		wire.PutLength(b[at:], len(b)-at-4)
	}
	if v.Kind() != reflect.Map {
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			return append(append(b, byte(wire.TagBlob)), v.Bytes()...), nil
		}
		b = wire.AppendUint(append(b, byte(wire.TagListLiteral)), uint64(v.Len()))
		for i := range v.Len() {
			one(v.Index(i))
		}
		return b, err
	}
	b = wire.AppendUint(append(b, byte(wire.TagDictLiteral)), uint64(v.Len()))
	for i := v.MapRange(); i.Next() && err == nil; {
		at := len(b)
		b, err = appendAnyKey(append(b, 0, 0, 0, 0), i.Key().Interface())
		wire.PutLength(b[at:], len(b)-at-4)
		one(i.Value())
	}
	return b, err
}

// appendHandle appends a reference. The caller keeps h until the item was sent.
func appendHandle(c *Client, b []byte, h handle) ([]byte, error) {
	if reflect.ValueOf(h).IsNil() {
		return append(b, byte(wire.TagNothing)), nil
	}
	return appendRef(c, b, h.base())
}

func appendRef(c *Client, b []byte, p *proxy) ([]byte, error) {
	switch {
	case c == nil || p.ref == nil || p.ref.closed.Load():
		return b, ErrClosed
	case p.steps > 0:
		return b, fmt.Errorf("%w: a path is no value; get the object that is there", ErrArgument)
	case p.ref.c.server.Load() != c.server.Load():
		return b, fmt.Errorf("%w: %v is at another server", ErrArgument, p)
	}
	return wire.AppendRef(b, p.ref.id, p.ref.kind), nil
}

// readAny gives what an item is: int, uint, float64, bool, string, []byte, a handle, nil, what
// CBOR gives for other values; and of a literal map[string]any, map[any]any or []any.
func readAny(p *proxy, item wire.Item, given bool, depth int) (any, error) {
	data := item.Payload()
	switch tag := item.Tag(); tag {
	case wire.TagNothing:
		return nil, nil
	case wire.TagInt, wire.TagUint, wire.TagFloat:
		var x struct {
			i int
			u uint
			f float64
		}
		switch {
		case tag == wire.TagInt && readItem(p, form(reflect.Int), item, &x.i, false) == nil:
			return x.i, nil
		case tag == wire.TagUint && readItem(p, form(reflect.Uint), item, &x.u, false) == nil:
			return x.u, nil
		case tag == wire.TagFloat && readItem(p, form(reflect.Float64), item, &x.f, false) == nil:
			return x.f, nil
		}
	case wire.TagBool:
		if len(data) == 1 {
			return data[0] != 0, nil
		}
	case wire.TagText:
		return string(data), nil
	case wire.TagBlob:
		return append([]byte{}, data...), nil
	case wire.TagEncoded:
		var x any
		err := codec.Decode(data, &x)
		if err != nil {
			err = fmt.Errorf("manager: %w", err)
		}
		return x, err
	case wire.TagRef:
		return readAnyHandle(p, item, given)
	case wire.TagDictLiteral, wire.TagListLiteral:
		if depth <= deepest {
			return readContainer(p, item, depth+1)
		}
	}
	return nil, &TypeError{Name: "item", Got: itemText(item), Want: "any"}
}

// readContainer reads a literal.
func readContainer(p *proxy, item wire.Item, depth int) (any, error) {
	r := wire.Read(item.Payload())
	if item.Tag() == wire.TagListLiteral {
		list := make([]any, r.Count(4))
		for i := range list {
			var err error
			if list[i], err = readAny(p, r.Item(), false, depth); err != nil {
				return nil, err
			}
		}
		return list, r.End()
	}
	named, other := map[string]any{}, map[any]any{}
	for range r.Count(8) {
		key, err := readAnyKey(r.Key())
		if err != nil {
			return nil, err
		}
		x, err := readAny(p, r.Item(), false, depth)
		if err != nil {
			return nil, err
		}
		if name, ok := key.(string); ok {
			named[name] = x
		}
		other[key] = x
	}
	if len(named) == len(other) {
		return named, r.End()
	}
	return other, r.End()
}

// readHandle makes a handle of a reference. T is a pointer to one.
func readHandle[T any](p *proxy, item wire.Item, v *T, given bool) error {
	h := reflect.New(reflect.TypeFor[T]().Elem()).Interface().(handle)
	if err := adopt(p, h, item, given); err != nil {
		return err
	}
	*v = any(h).(T)
	return nil
}

func readAnyHandle(p *proxy, item wire.Item, given bool) (any, error) {
	_, kind, _ := item.Ref()
	if p == nil || kind >= wire.Types || handles[kind] == nil {
		p.disown(item, given)
		return nil, &TypeError{Name: "item", Got: itemText(item), Want: "what can come as any"}
	}
	h := handles[kind]()
	if err := adopt(p, h, item, given); err != nil {
		return nil, err
	}
	return h, nil
}

// adopt makes h, which is new, a handle of what an item refers to.
// Errors: ErrType; ErrNoObject if it is gone by now; ErrServerGone.
func adopt(p *proxy, h handle, item wire.Item, given bool) error {
	id, kind, _ := item.Ref()
	if kind != h.want() {
		p.disown(item, given)
		return &TypeError{Name: "item", Got: itemText(item), Want: "a " + h.want().String()}
	}
	if x, ok := h.(interface{ prepare() error }); ok {
		if err := x.prepare(); err != nil {
			p.disown(item, given)
			return err
		}
	}
	var fresh proxy
	if given {
		fresh.ref = refer(p.ref.c, id, kind)
	} else {
		var err error
		if fresh, err = attach(p.context(), p.ref.c, id, kind); err != nil {
			return err
		}
	}
	*h.base() = fresh
	if x, ok := h.(interface{ adopted() error }); ok {
		return x.adopted()
	}
	return nil
}

// disown gives back what an item refers to, if the session was given it and cannot use it.
func (p *proxy) disown(item wire.Item, given bool) {
	if id, _, ok := item.Ref(); ok && given && p != nil {
		lent{c: p.ref.c, id: id}.back()
	}
}
