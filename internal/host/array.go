package host

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"shmkit/internal/wire"
)

// An array is a fixed number of items of one width, one after the other.
type array struct {
	still
	code  byte
	width int
	data  []byte
}

func init() {
	define(wire.TypeArray, makeArray, loadArray, map[wire.Method]method{
		wire.ArrayGet:            {"LoadAt", true, arrayGet},
		wire.ArraySet:            {"StoreAt", false, arraySet},
		wire.ArraySwap:           {"SwapAt", false, arraySwap},
		wire.ArrayAdd:            {"AddAt", false, arrayAdd},
		wire.ArrayCompareAndSwap: {"CompareAndSwapAt", false, arrayCompareAndSwap},
		wire.ArraySlice:          {"Slice", true, arraySlice},
		wire.ArraySetSlice:       {"SetSlice", false, arraySetSlice},
		wire.ArrayFill:           {"Fill", false, arrayFill},
		wire.ArrayInfo:           {"Info", true, arrayInfo},
	})
}

func makeArray(c *Call) (object, error) {
	code, n, data := c.in.Byte(), c.in.Uint(), c.in.Bytes()
	if err := c.in.End(); err != nil {
		return nil, err
	}
	a := &array{code: code, width: wire.ArrayWidth(code)}
	switch most := min(c.s.limits.Frame, wire.MaxFrame) - wire.HeaderLen; {
	case a.width == 0:
		return nil, wire.NewFault(wire.CodeArgument, "manager: no item of an Array has the code %q", code)
	case n > most/uint64(a.width):
		return nil, wire.NewFault(wire.CodeTooMuch, "manager: an Array of %d items of %d bytes is longer than the %d bytes that a frame may have", n, a.width, most)
	case len(data) != 0 && (uint64(len(data)) != n*uint64(a.width) || !a.good(data)):
		return nil, wire.NewFault(wire.CodeArgument, "manager: %d bytes are not %d items of %d", len(data), n, a.width)
	}
	a.data = make([]byte, n*uint64(a.width))
	copy(a.data, data)
	return a, nil
}

func loadArray(_ *Host, r *wire.Reader) (object, error) {
	a := &array{code: r.Byte()}
	a.width, a.data = wire.ArrayWidth(a.code), append([]byte(nil), r.Bytes()...)
	if r.Err() == nil && (a.width == 0 || len(a.data)%a.width != 0) {
		return nil, wire.ErrBody
	}
	return a, r.Err()
}

func (a *array) save(b []byte) []byte { return wire.AppendBytes(append(b, a.code), a.data) }
func (a *array) info() string         { return fmt.Sprintf("%d items of code %c", a.len(), a.code) }
func (a *array) len() int             { return len(a.data) / a.width }

// item reads int index, and gives the memory of the item.
// Errors: CodeRange; ErrBody.
func (a *array) item(c *Call) ([]byte, error) {
	i := c.in.Int()
	if err := c.in.Err(); err != nil {
		return nil, err
	}
	at := i
	if at < 0 {
		at += int64(a.len())
	}
	if at < 0 || at >= int64(a.len()) {
		return nil, wire.NewFault(wire.CodeRange, "manager: %s: index %d, but it has %d items", c.e.title(c.method), i, a.len())
	}
	return a.data[int(at)*a.width:][:a.width], nil
}

// good tells whether b is some items: bools are 0 or 1.
func (a *array) good(b []byte) bool {
	if a.code == '?' {
		for _, v := range b {
			if v > 1 {
				return false
			}
		}
	}
	return len(b)%a.width == 0
}

// itemAnd is item, and reads the rest, which is another one.
func (a *array) itemAnd(c *Call) (item, arg []byte, err error) {
	if item, err = a.item(c); err != nil {
		return nil, nil, err
	}
	if arg = c.in.Rest(); len(arg) != a.width || !a.good(arg) {
		return nil, nil, wire.ErrBody
	}
	return item, arg, nil
}

func arrayGet(c *Call) error {
	item, err := c.e.object.(*array).item(c)
	c.out = append(c.out, item...)
	if err != nil {
		return err
	}
	return c.in.End()
}

func arraySet(c *Call) error {
	item, arg, err := c.e.object.(*array).itemAnd(c)
	copy(item, arg)
	return err
}

func arraySwap(c *Call) error {
	item, arg, err := c.e.object.(*array).itemAnd(c)
	c.out = append(c.out, item...)
	copy(item, arg)
	return err
}

func arrayAdd(c *Call) error {
	a := c.e.object.(*array)
	item, arg, err := a.itemAnd(c)
	if err != nil {
		return err
	}
	switch a.code {
	case '?':
		return errNoNumber
	case 'f':
		sum := math.Float32frombits(binary.LittleEndian.Uint32(item)) + math.Float32frombits(binary.LittleEndian.Uint32(arg))
		binary.LittleEndian.PutUint32(item, math.Float32bits(sum))
	case 'd':
		sum := math.Float64frombits(binary.LittleEndian.Uint64(item)) + math.Float64frombits(binary.LittleEndian.Uint64(arg))
		binary.LittleEndian.PutUint64(item, math.Float64bits(sum))
	default:
		carry := uint(0)
		for i := range item {
			sum := uint(item[i]) + uint(arg[i]) + carry
			item[i], carry = byte(sum), sum>>8
		}
	}
	c.out = append(c.out, item...)
	return nil
}

func arrayCompareAndSwap(c *Call) error {
	a := c.e.object.(*array)
	item, err := a.item(c)
	if err != nil {
		return err
	}
	args := c.in.Rest()
	if len(args) != 2*a.width || !a.good(args) {
		return wire.ErrBody
	}
	swap := bytes.Equal(item, args[:a.width])
	if swap {
		copy(item, args[a.width:])
	}
	c.out = wire.AppendBool(c.out, swap)
	return nil
}

// errSlice tells that from to to-1 is no part of a.
func (a *array) errSlice(c *Call, from, to int64) error {
	return wire.NewFault(wire.CodeRange, "manager: %s: items %d up to %d, but it has %d", c.e.title(c.method), from, to, a.len())
}

func arraySlice(c *Call) error {
	a, from, to := c.e.object.(*array), c.in.Int(), c.in.Int()
	if err := c.in.End(); err != nil {
		return err
	}
	if from < 0 || from > to || to > int64(a.len()) {
		return a.errSlice(c, from, to)
	}
	c.out = append(c.out, a.data[int(from)*a.width:int(to)*a.width]...)
	return nil
}

func arraySetSlice(c *Call) error {
	a, from := c.e.object.(*array), c.in.Int()
	items := c.in.Rest()
	if err := c.in.Err(); err != nil {
		return err
	}
	n := int64(len(items) / a.width)
	switch {
	case !a.good(items):
		return wire.ErrBody
	case from < 0 || from > int64(a.len())-n:
		return a.errSlice(c, from, from+n)
	}
	copy(a.data[int(from)*a.width:], items)
	return nil
}

func arrayFill(c *Call) error {
	a, item := c.e.object.(*array), c.in.Rest()
	if len(item) != a.width || !a.good(item) {
		return wire.ErrBody
	}
	for i := 0; i < len(a.data); i += a.width {
		copy(a.data[i:], item)
	}
	return nil
}

func arrayInfo(c *Call) error {
	a := c.e.object.(*array)
	c.out = wire.AppendUint(append(c.out, a.code), uint64(a.len()))
	return c.in.End()
}
