package host

import (
	"testing"

	"shmkit/internal/wire"
)

// contested is a number that a client changes whenever the host looks at it, some times.
type contested struct {
	bits  uint64
	times int
	tries int
}

func (m *contested) Len() int              { return 1 }
func (m *contested) Load(int) uint64       { return m.bits }
func (m *contested) Store(_ int, b uint64) { m.bits = b }
func (m *contested) Swap(_ int, b uint64) (old uint64) {
	old, m.bits = m.bits, b
	return old
}

func (m *contested) Add(_ int, delta uint64) uint64 {
	m.bits += delta
	return m.bits
}

func (m *contested) CompareAndSwap(_ int, old, new uint64) bool {
	if m.tries++; m.tries <= m.times {
		m.bits++
	}
	if m.bits != old {
		return false
	}
	m.bits = new
	return true
}

func (m *contested) Handle() ([]byte, error) { return nil, nil }
func (m *contested) Close()                  {}

// TestUpdateContested: clients that change a number all the time do not keep the server from all
// else.
func TestUpdateContested(t *testing.T) {
	RegisterUpdate("contested", func(old wire.Item, _ bool, _ wire.Item) (wire.Item, error) {
		n, _ := old.Number()
		return wire.AppendInt64(nil, int64(n)*2), nil
	})
	m := &contested{times: 1 << 30}
	b := &bench{t: t, h: New(func(byte, int) (Memory, error) { return m, nil })}
	b.open(1)
	v := b.create(wire.TypeValue, wire.AppendBool(wire.AppendBytes(nil, wire.AppendInt64(nil, 1)), true))
	body := wire.AppendText(nil, "contested")
	b.fails(v, wire.ValueUpdate, body, wire.CodeChanged)
	if m.tries != updateTries {
		t.Fatalf("it was tried %d times, want %d", m.tries, updateTries)
	}
	m.times = m.tries + 3
	b.must(v, wire.ValueUpdate, body)
}
