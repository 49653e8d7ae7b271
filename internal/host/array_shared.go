package host

import (
	"encoding/binary"

	"shmkit/internal/wire"
)

// share makes the memory of a, of n items, with this content or with zeros.
// Errors: CodeTooMuch if there is none left.
func (a *array) share(c *Call, n int, data []byte) error {
	m, err := c.h.memory(a.code, n)
	if err != nil {
		return wire.NewFault(wire.CodeTooMuch, "manager: no shared memory for an Array of %d items of %d bytes: %v", n, a.width, err)
	}
	a.mem = m
	a.setItems(0, data)
	return nil
}

func (a *array) drop(*Host) {
	if a.mem != nil {
		a.mem.Close()
	}
}

// bitsOf is the bits of an item.
func bitsOf(item []byte) uint64 {
	var b [8]byte
	copy(b[:], item)
	return binary.LittleEndian.Uint64(b[:])
}

// appendBits appends the item whose bits these are.
func (a *array) appendBits(b []byte, bits uint64) []byte {
	n := len(b)
	return binary.LittleEndian.AppendUint64(b, bits)[:n+a.width]
}

// appendItems appends the items from from up to to. Each of a shared array is as it is when it
// is read.
func (a *array) appendItems(b []byte, from, to int) []byte {
	if a.mem == nil {
		return append(b, a.data[from*a.width:to*a.width]...)
	}
	for i := from; i < to; i++ {
		b = a.appendBits(b, a.mem.Load(i))
	}
	return b
}

// setItems sets items from from on.
func (a *array) setItems(from int, items []byte) {
	if a.mem == nil {
		copy(a.data[from*a.width:], items)
		return
	}
	for i := range len(items) / a.width {
		a.mem.Store(from+i, bitsOf(items[i*a.width:][:a.width]))
	}
}

func arrayShare(c *Call) error {
	if a := c.e.object.(*array); a.mem != nil {
		return c.tellHandle(a.mem)
	}
	c.out = wire.AppendBytes(c.out, nil)
	return c.in.End()
}
