package host

import (
	"encoding/binary"
	"fmt"
	"math"

	"shmkit/internal/wire"
)

// A value is one item. One that is shared has a number of the kind that item has, in memory
// that clients change too.
type value struct {
	still
	item wire.Item
	mem  Memory // or nil
}

func init() {
	define(wire.TypeValue, makeValue, loadValue, map[wire.Method]method{
		wire.ValueGet:            {"Load", true, valueGet},
		wire.ValueSet:            {"Store", false, valueSet},
		wire.ValueSwap:           {"Swap", false, valueSwap},
		wire.ValueCompareAndSwap: {"CompareAndSwap", false, valueCompareAndSwap},
		wire.ValueAdd:            {"Add", false, valueAdd},
		wire.ValueUpdate:         {"Update", false, valueUpdate},
		wire.ValueShare:          {"Share", true, valueShare},
	})
}

func makeValue(c *Call) (object, error) {
	item, shared := c.in.Item(), c.in.Len() > 0 && c.in.Bool()
	if err := c.in.End(); err != nil {
		return nil, err
	}
	item, err := c.keep(item)
	v := &value{item: item}
	if shared && err == nil {
		v.mem, err = c.shareNumber(item)
	}
	return v, err
}

func loadValue(_ *Host, r *wire.Reader) (object, error) {
	return &value{item: append(wire.Item(nil), r.Item()...)}, r.Err()
}

func (v *value) save(b []byte) []byte { return wire.AppendBytes(b, v.now()) }

func (v *value) drop(h *Host) {
	h.dropItem(v.item)
	if v.mem != nil {
		v.mem.Close()
	}
}
func (v *value) info() string { return fmt.Sprintf("%d bytes", len(v.item.Payload())) }

func valueGet(c *Call) error {
	c.out = append(c.out, c.e.object.(*value).now()...)
	return c.in.End()
}

func valueSet(c *Call) error {
	v, item := c.e.object.(*value), wire.Item(c.in.Rest())
	if err := v.put(c, item); err != nil {
		return err
	}
	return nil
}

// put replaces the item.
func (v *value) put(c *Call, item wire.Item) error {
	if v.mem != nil {
		return v.putShared(item)
	}
	if item.Tag() < wire.TagRef { // refers to nothing, and so did the usual one before it
		c.h.dropItem(v.item)
		v.item = append(v.item[:0], item...)
		return nil
	}
	item, err := c.keep(item)
	if err != nil {
		return err
	}
	c.h.dropItem(v.item)
	v.item = item
	return nil
}

func valueSwap(c *Call) error {
	v, item := c.e.object.(*value), wire.Item(c.in.Rest())
	if v.mem != nil {
		return v.swapShared(c, item)
	}
	if err := c.fits(len(v.item)); err != nil {
		return err
	}
	c.out = append(c.out, v.item...)
	c.h.give(c.s, v.item)
	if err := v.put(c, item); err != nil {
		c.h.take(c.s, v.item)
		return err
	}
	return nil
}

func valueCompareAndSwap(c *Call) error {
	v, old, item := c.e.object.(*value), c.in.Item(), c.in.Item()
	if err := c.in.End(); err != nil {
		return err
	}
	if v.mem != nil {
		return v.casShared(c, old, item)
	}
	same := same(v.item, old)
	c.out = wire.AppendBool(c.out, same)
	if !same {
		return nil
	}
	return v.put(c, item)
}

func valueAdd(c *Call) error {
	v, delta := c.e.object.(*value), wire.Item(c.in.Rest())
	if v.mem != nil {
		return v.addShared(c, delta)
	}
	if err := add(v.item, delta); err != nil {
		return err
	}
	c.out = append(c.out, v.item...)
	return nil
}

func valueUpdate(c *Call) error {
	v := c.e.object.(*value)
	if v.mem != nil {
		return v.updateShared(c)
	}
	item, err := c.update(v.item, true)
	if err != nil {
		return err
	}
	c.h.dropItem(v.item)
	v.item = item
	c.out = append(c.out, item...)
	return nil
}

func (v *value) refers(f func(id uint64)) {
	if id, _, ok := v.item.Ref(); ok {
		f(id)
	}
}

var errNoNumber = wire.NewFault(wire.CodeWrongType, "manager: only a number can be added to one of its kind")

// add adds delta to a number in place. Both are of the same kind. Integers wrap around.
// Errors: CodeWrongType.
func add(number, delta wire.Item) error {
	a, ok1 := number.Number()
	b, ok2 := delta.Number()
	if !ok1 || !ok2 || number.Tag() != delta.Tag() {
		return errNoNumber
	}
	sum := a + b
	if number.Tag() == wire.TagFloat {
		sum = math.Float64bits(math.Float64frombits(a) + math.Float64frombits(b))
	}
	binary.LittleEndian.PutUint64(number[1:], sum)
	return nil
}
