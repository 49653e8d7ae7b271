package host

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"shmkit/internal/wire"
)

// An array is a fixed number of items of one width, one after the other. One that is shared has
// them in memory that clients change too.
type array struct {
	still
	code  byte
	width int
	data  []byte
	mem   Memory // or nil; then there is no data
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
		wire.ArrayShare:          {"Share", true, arrayShare},
	})
}

func makeArray(c *Call) (object, error) {
	code, n, data, shared := c.in.Byte(), c.in.Uint(), c.in.Bytes(), c.in.Len() > 0 && c.in.Bool()
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
	if shared && c.h.memory != nil && code != '?' {
		return a, a.share(c, int(n), data)
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

func (a *array) save(b []byte) []byte {
	return wire.AppendBytes(append(b, a.code), a.appendItems(nil, 0, a.len()))
}
func (a *array) info() string { return fmt.Sprintf("%d items of code %c", a.len(), a.code) }

func (a *array) len() int {
	if a.mem != nil {
		return a.mem.Len()
	}
	return len(a.data) / a.width
}

// index reads int index.
// Errors: CodeRange; ErrBody.
func (a *array) index(c *Call) (int, error) {
	i := c.in.Int()
	if err := c.in.Err(); err != nil {
		return 0, err
	}
	at := i
	if at < 0 {
		at += int64(a.len())
	}
	if at < 0 || at >= int64(a.len()) {
		return 0, wire.NewFault(wire.CodeRange, "manager: %s: index %d, but it has %d items", c.e.title(c.method), i, a.len())
	}
	return int(at), nil
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

// indexAnd is index, and reads the rest, which is an item.
func (a *array) indexAnd(c *Call) (i int, arg []byte, err error) {
	if i, err = a.index(c); err != nil {
		return 0, nil, err
	}
	if arg = c.in.Rest(); len(arg) != a.width || !a.good(arg) {
		return 0, nil, wire.ErrBody
	}
	return i, arg, nil
}

// item is the memory of an item of an array that is not shared.
func (a *array) item(i int) []byte { return a.data[i*a.width:][:a.width] }

func arrayGet(c *Call) error {
	a := c.e.object.(*array)
	i, err := a.index(c)
	if err != nil {
		return err
	}
	c.out = a.appendItems(c.out, i, i+1)
	return c.in.End()
}

func arraySet(c *Call) error {
	a := c.e.object.(*array)
	i, arg, err := a.indexAnd(c)
	if err == nil {
		a.setItems(i, arg)
	}
	return err
}

func arraySwap(c *Call) error {
	a := c.e.object.(*array)
	i, arg, err := a.indexAnd(c)
	switch {
	case err != nil:
	case a.mem != nil:
		c.out = a.appendBits(c.out, a.mem.Swap(i, bitsOf(arg)))
	default:
		c.out = append(c.out, a.item(i)...)
		copy(a.item(i), arg)
	}
	return err
}

func arrayAdd(c *Call) error {
	a := c.e.object.(*array)
	i, arg, err := a.indexAnd(c)
	if err != nil {
		return err
	}
	if a.mem != nil {
		c.out = a.appendBits(c.out, a.mem.Add(i, bitsOf(arg)))
		return nil
	}
	item := a.item(i)
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
	i, err := a.index(c)
	if err != nil {
		return err
	}
	args := c.in.Rest()
	if len(args) != 2*a.width || !a.good(args) {
		return wire.ErrBody
	}
	if a.mem != nil {
		c.out = wire.AppendBool(c.out, a.mem.CompareAndSwap(i, bitsOf(args[:a.width]), bitsOf(args[a.width:])))
		return nil
	}
	item := a.item(i)
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
	c.out = a.appendItems(c.out, int(from), int(to))
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
	a.setItems(int(from), items)
	return nil
}

func arrayFill(c *Call) error {
	a, item := c.e.object.(*array), c.in.Rest()
	if len(item) != a.width || !a.good(item) {
		return wire.ErrBody
	}
	for i := range a.len() {
		a.setItems(i, item)
	}
	return nil
}

func arrayInfo(c *Call) error {
	a := c.e.object.(*array)
	c.out = wire.AppendUint(append(c.out, a.code), uint64(a.len()))
	return c.in.End()
}
