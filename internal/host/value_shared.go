package host

import (
	"encoding/binary"

	"shmkit/internal/wire"
)

// shareNumber makes memory of a number, or nil: of other items, and if there is no memory.
// Errors: CodeTooMuch if there is none left.
func (c *Call) shareNumber(item wire.Item) (Memory, error) {
	bits, ok := item.Number()
	if !ok || c.h.memory == nil {
		return nil, nil
	}
	m, err := c.h.memory(" qQd"[item.Tag()], 1)
	if err != nil {
		return nil, wire.NewFault(wire.CodeTooMuch, "manager: no shared memory for a Value: %v", err)
	}
	m.Store(0, bits)
	return m, nil
}

// now is the item as it is.
func (v *value) now() wire.Item {
	if v.mem != nil {
		binary.LittleEndian.PutUint64(v.item[1:], v.mem.Load(0))
	}
	return v.item
}

// number is the bits of an item that may be in the memory of v.
// Errors: CodeWrongType.
func (v *value) number(item wire.Item) (uint64, error) {
	bits, ok := item.Number()
	if !ok || item.Tag() != v.item.Tag() {
		return 0, wire.NewFault(wire.CodeWrongType, "manager: a Value in shared memory stays a number of its kind")
	}
	return bits, nil
}

func (v *value) putShared(item wire.Item) error {
	bits, err := v.number(item)
	if err == nil {
		v.mem.Store(0, bits)
	}
	return err
}

func (v *value) swapShared(c *Call, item wire.Item) error {
	bits, err := v.number(item)
	if err != nil {
		return err
	}
	c.out = wire.AppendUint(append(c.out, byte(v.item.Tag())), v.mem.Swap(0, bits))
	return nil
}

func (v *value) casShared(c *Call, old, item wire.Item) error {
	bits, err := v.number(item)
	if err != nil {
		return err
	}
	was, ok := old.Number()
	c.out = wire.AppendBool(c.out, ok && old.Tag() == v.item.Tag() && v.mem.CompareAndSwap(0, was, bits))
	return nil
}

func (v *value) addShared(c *Call, delta wire.Item) error {
	bits, err := v.number(delta)
	if err != nil {
		return errNoNumber
	}
	c.out = wire.AppendUint(append(c.out, byte(v.item.Tag())), v.mem.Add(0, bits))
	return nil
}

// updateTries is how often an Update of a number in memory is tried in one operation.
const updateTries = 32

// updateShared tries again when a client has changed the number meanwhile: the function is a
// pure one. Each try that fails is somebody else's change. But all wait for the host meanwhile,
// and who changes a number without asking is faster than a function: after some tries it is the
// caller that asks again.
// Errors: CodeChanged; as update.
func (v *value) updateShared(c *Call) error {
	args := c.in
	for range updateTries {
		old := v.mem.Load(0)
		c.in = args
		item, err := c.update(wire.AppendUint([]byte{byte(v.item.Tag())}, old), true)
		if err != nil {
			return err
		}
		bits, err := v.number(item)
		if err != nil {
			c.h.take(c.s, item)
			c.h.dropItem(item)
			return err
		}
		if v.mem.CompareAndSwap(0, old, bits) {
			c.out = append(c.out, item...)
			return nil
		}
	}
	return wire.NewFault(wire.CodeChanged, "manager: %s: clients have changed the number at each of %d tries", c.e.title(c.method), updateTries)
}

func valueShare(c *Call) error {
	if v := c.e.object.(*value); v.mem != nil {
		return c.tellHandle(v.mem)
	}
	c.out = wire.AppendBytes(c.out, nil)
	return c.in.End()
}

// tellHandle appends what clients open memory by.
func (c *Call) tellHandle(m Memory) error {
	handle, err := m.Handle()
	if err != nil {
		return wire.NewFault(wire.CodeInternal, "manager: shared memory: %v", err)
	}
	c.out = wire.AppendBytes(c.out, handle)
	return c.in.End()
}
