package manager

import (
	"fmt"
	"reflect"
	"strings"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
)

// items is a proxy of what has items of type T. Who makes one calls prepare.
type items[T any] struct {
	proxy
	form form
}

// prepare chooses the form of T.
// Errors: ErrType if not all of a T can be sent.
func (p *items[T]) prepare() error {
	f := formsOf(reflect.TypeFor[T]())
	p.form = f.item
	return f.itemErr
}

// unmarshal is decode and prepare.
func (p *items[T]) unmarshal(want wire.Type, b []byte) error {
	if err := p.prepare(); err != nil {
		return err
	}
	return p.decode(want, b)
}

func (p *items[T]) unmarshalText(want wire.Type, text []byte) error {
	if err := p.prepare(); err != nil {
		return err
	}
	return p.decodeText(want, text)
}

// append appends v as an Item for the server of c, without its length. It does not change v.
// Errors: ErrType; ErrArgument and ErrClosed for handles.
func (p *items[T]) append(c *Client, b []byte, v *T) ([]byte, error) {
	return appendItem(c, b, p.form, v)
}

// read reads an Item. given tells that the session has been given what it refers to, which is
// what methods do that change something.
// Errors: ErrType; as attach.
func (p *items[T]) read(item wire.Item, given bool) (x T, err error) {
	err = readItem(&p.proxy, p.form, item, &x, given)
	return x, err
}

// reply reads the rest of what a call gave as an Item, and frees the call.
func (p *items[T]) reply(k *call, r wire.Reader, given bool) (T, error) {
	x, err := p.read(r.Rest(), given)
	k.free()
	return x, err
}

// appendSized appends v as an Item, with its length.
func (p *items[T]) appendSized(c *Client, b []byte, v *T) ([]byte, error) {
	at := len(b)
	b, err := p.append(c, append(b, 0, 0, 0, 0), v)
	wire.PutLength(b[at:], len(b)-at-4)
	return b, err
}

// appendAll appends uint n, n × item.
func (p *items[T]) appendAll(c *Client, b []byte, all []T) ([]byte, error) {
	b = wire.AppendUint(b, uint64(len(all)))
	for i := range all {
		var err error
		if b, err = p.appendSized(c, b, &all[i]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// readAll reads n items with their lengths.
func (p *items[T]) readAll(to []T, r *wire.Reader, n int) ([]T, error) {
	for range n {
		x, err := p.read(r.Item(), false)
		if err != nil {
			return to, err
		}
		to = append(to, x)
	}
	return to, r.Err()
}

func appendItem[T any](c *Client, b []byte, f form, v *T) ([]byte, error) {
	switch k := reflect.Kind(f); {
	case k == reflect.String:
		return append(append(b, byte(wire.TagText)), *text(v)...), nil
	case k == reflect.Bool:
		return append(b, byte(wire.TagBool), byte(bits(f, v))), nil
	case k <= reflect.Int64:
		return wire.AppendInt64(b, int64(bits(f, v))), nil
	case k <= reflect.Uint64:
		return wire.AppendUint64(b, bits(f, v)), nil
	case k <= reflect.Float64:
		return wire.AppendUint(append(b, byte(wire.TagFloat)), bits(f, v)), nil
	case f == formBytes && *blob(v) == nil:
		return append(b, byte(wire.TagNothing)), nil
	case f == formBytes:
		return append(append(b, byte(wire.TagBlob)), *blob(v)...), nil
	}
	on := *v // the heap, which v and b need not be on
	var item []byte
	var err error
	if f == formEncoded {
		item, err = appendEncoded(nil, &on)
	} else {
		item, err = appendAny(c, nil, on, 0)
	}
	return append(b, item...), err
}

func appendEncoded(b []byte, v any) ([]byte, error) {
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.Encode(buf, v); err != nil {
		return b, fmt.Errorf("manager: %w", err)
	}
	return append(append(b, byte(wire.TagEncoded)), buf.Bytes()...), nil
}

func readItem[T any](p *proxy, f form, item wire.Item, v *T, given bool) error {
	number, isNumber := item.Number()
	k, tag, data := reflect.Kind(f), item.Tag(), item.Payload()
	switch {
	case k == reflect.String && tag == wire.TagText:
		*text(v) = strings.Clone(string(data))
		return nil
	case k == reflect.Bool && tag == wire.TagBool && len(data) == 1:
		if setBits(f, v, uint64(data[0])) {
			return nil
		}
	case k <= reflect.Bool: // another one
	case k <= reflect.Int64 && isNumber && tag != wire.TagFloat:
		if (tag == wire.TagInt || int64(number) >= 0) && setBits(f, v, number) {
			return nil
		}
	case k > reflect.Int64 && k <= reflect.Uint64 && isNumber && tag != wire.TagFloat:
		if (tag == wire.TagUint || int64(number) >= 0) && setBits(f, v, number) {
			return nil
		}
	case k > reflect.Uint64 && k <= reflect.Float64 && isNumber && tag == wire.TagFloat:
		if setBits(f, v, number) {
			return nil
		}
	case f == formBytes && tag == wire.TagBlob:
		*blob(v) = append([]byte{}, data...)
		return nil
	case f == formBytes && tag == wire.TagNothing:
		*blob(v) = nil
		return nil
	case f == formEncoded && tag == wire.TagEncoded:
		on := new(T)
		err := codec.Decode(data, on)
		*v = *on
		if err != nil {
			return fmt.Errorf("manager: %w", err)
		}
		return nil
	case f == formAny:
		x, err := readAny(p, item, given, 0)
		if x, ok := x.(T); ok {
			*v = x
		}
		return err
	case f == formHandle && tag == wire.TagNothing:
		return nil
	case f == formHandle && tag == wire.TagRef:
		return readHandle(p, item, v, given)
	}
	p.disown(item, given)
	return &TypeError{Name: "item", Got: itemText(item), Want: reflect.TypeFor[T]().String()}
}

// itemText tells what an item is, for people.
func itemText(item wire.Item) string {
	switch tag := item.Tag(); tag {
	case wire.TagInt:
		return "an integer"
	case wire.TagUint:
		return "an unsigned integer"
	case wire.TagFloat:
		return "a float"
	case wire.TagBool:
		return "a bool"
	case wire.TagText:
		return "text"
	case wire.TagBlob:
		return "bytes"
	case wire.TagRef:
		_, t, _ := item.Ref()
		return "a " + t.String()
	case wire.TagEncoded:
		text, err := codec.Text(item.Payload())
		if err == nil && len(text) <= 100 {
			return text
		}
		return "something else"
	case wire.TagNothing:
		return "nothing"
	default:
		return fmt.Sprintf("an item with tag %d", tag)
	}
}
