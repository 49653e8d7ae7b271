package host

import (
	"math"
	"slices"
	"strings"
	"testing"

	"shmkit/internal/protocol"
	"shmkit/internal/wire"
)

// A chooser gives a number from 0 to n-1.
type chooser func(n int) int

// grammar is what the bodies of methods hold, by the comments of package wire.
type grammar struct{ kinds []protocol.Kind }

func newGrammar(t testing.TB) *grammar {
	s, err := protocol.Read("../wire")
	if err != nil {
		t.Fatal(err)
	}
	return &grammar{kinds: s.Kinds()}
}

// A body makes arguments that a method may take, and some that it does not.
type body struct {
	pick    chooser
	g       *grammar
	objects []uint64 // that are there
	kind    func(object uint64) wire.Type
	n       uint64 // what was said for "uint n"
	depth   int
}

// of makes the arguments that a comment tells.
func (m *body) of(parts string) (b []byte) {
	for _, part := range split(parts) {
		b = m.part(b, part)
	}
	return b
}

// split cuts at the commas that are in no parentheses.
func split(parts string) (all []string) {
	depth, from := 0, 0
	for i, c := range parts {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',', ';':
			if depth == 0 {
				all = append(all, strings.TrimSpace(parts[from:i]))
				from = i + 1
			}
		}
	}
	return append(all, strings.TrimSpace(parts[from:]))
}

// part appends one part of a body.
func (m *body) part(b []byte, part string) []byte {
	word, rest, _ := strings.Cut(part, " ")
	switch strings.TrimSuffix(word, ":") {
	case "n", "m": // × what
		for range m.n {
			what := strings.TrimPrefix(rest, "× ")
			b = append(b, m.of(strings.TrimSuffix(strings.TrimPrefix(what, "("), ")"))...)
		}
		return b
	case "uint":
		return m.uint(b, rest)
	case "int":
		return wire.AppendInt(b, m.int())
	case "byte":
		return append(b, m.byte(rest))
	case "bool":
		return append(b, byte(m.pick(2)))
	case "text":
		return wire.AppendText(b, m.text())
	case "item":
		return wire.AppendBytes(b, m.item())
	case "key":
		return wire.AppendBytes(b, m.key())
	case "bytes":
		return wire.AppendBytes(b, make([]byte, m.pick(3)*8))
	case "old":
		return append(b, make([]byte, 8)...)
	case "span":
		return wire.AppendSpan(b, &wire.Span{From: m.key(), To: m.key(), HasFrom: m.pick(2) == 1, HasTo: m.pick(2) == 1,
			After: m.pick(2) == 1, Through: m.pick(2) == 1, Reverse: m.pick(2) == 1, KeysOnly: m.pick(2) == 1, Limit: uint64(m.pick(3)), Bytes: uint64(m.pick(100))})
	case "operands":
		return m.of("uint n, n × (uint object)")
	case "arguments":
		return m.arguments(b)
	}
	if _, what, ok := strings.Cut(part, "rest of body:"); ok {
		return m.rest(b, what)
	}
	return b
}

// arguments of a Create whose type is the first byte.
func (m *body) arguments(b []byte) []byte {
	if t := b[0]; int(t) < len(m.g.kinds) {
		return append(b, m.of(m.g.kinds[t].Created)...)
	}
	return b
}

func (m *body) rest(b []byte, what string) []byte {
	switch {
	case strings.Contains(what, "Item"), strings.Contains(what, "number"):
		return append(b, m.item()...)
	case strings.Contains(what, "Key"):
		return append(b, m.key()...)
	}
	return append(b, make([]byte, 8*m.pick(3))...)
}

func (m *body) uint(b []byte, name string) []byte {
	switch {
	case name == "n" || name == "m":
		m.n = uint64(m.pick(4))
		return wire.AppendUint(b, m.n)
	case name == "objects…":
		for range m.pick(4) {
			b = wire.AppendUint(b, m.object())
		}
		return b
	case strings.HasPrefix(name, "object"):
		return wire.AppendUint(b, m.object())
	case strings.HasPrefix(name, "method"):
		return wire.AppendUint(b, uint64(m.method(m.kind(m.object())).Number))
	case strings.HasPrefix(name, "room"):
		return wire.AppendUint(b, uint64(200+m.pick(2000)))
	}
	return wire.AppendUint(b, uint64(m.int()))
}

func (m *body) int() int64 {
	if m.pick(12) == 0 {
		return []int64{math.MinInt64, math.MaxInt64, -1 << 31, 1 << 31, 1 << 62}[m.pick(5)]
	}
	if m.pick(4) == 0 {
		return int64(m.pick(12)) - 6
	}
	return int64(m.pick(4))
}

func (m *body) byte(name string) byte {
	switch {
	case strings.HasPrefix(name, "type"):
		return byte(m.pick(len(m.g.kinds) + 1))
	case strings.HasPrefix(name, "code"):
		return "qqqqQd?bx"[m.pick(9)]
	}
	return byte(m.pick(7))
}

func (m *body) text() string { return []string{"", "a", "b", "c", "panic"}[m.pick(5)] }

func (m *body) key() wire.Key {
	switch m.pick(6) {
	case 0:
		return wire.AppendKeyInt(nil, m.int())
	case 1:
		return wire.AppendKeyUint(nil, uint64(m.pick(3)))
	case 2:
		return nil
	}
	return wire.AppendKeyText(nil, m.text())
}

func (m *body) item() wire.Item {
	switch m.pick(12) {
	case 0:
		return nil
	case 1:
		return wire.AppendFloat64(nil, float64(m.pick(3)))
	case 2:
		return append(wire.Item{byte(wire.TagText)}, m.text()...)
	case 3, 4, 5:
		id := m.object()
		return wire.AppendRef(nil, id, m.kind(id))
	case 6, 7:
		return m.literal()
	case 8: // of anything, and not whole
		return append(wire.Item{byte(m.pick(14))}, make([]byte, m.pick(10))...)
	}
	return wire.AppendInt64(nil, m.int())
}

func (m *body) literal() wire.Item {
	tag, parts := wire.TagDictLiteral, "uint n, n × (key, item)"
	if m.pick(2) == 0 {
		tag, parts = wire.TagListLiteral, "uint n, n × item"
	}
	if m.depth >= 3 {
		parts = "uint z"
	}
	inner := body{pick: m.pick, g: m.g, objects: m.objects, kind: m.kind, depth: m.depth + 1}
	return append(wire.Item{byte(tag)}, inner.of(parts)...)
}

// object is one that is there, or 0, or one that is not there yet.
func (m *body) object() uint64 {
	switch n := m.pick(len(m.objects) + 2); {
	case n < len(m.objects):
		return m.objects[n]
	case n == len(m.objects):
		return 0
	default:
		return uint64(m.pick(30))
	}
}

// method is one of a type, mostly.
func (m *body) method(t wire.Type) protocol.Method {
	k := m.g.kinds[min(int(t), len(m.g.kinds)-1)]
	if m.pick(15) == 0 || len(k.Methods) == 0 {
		k = m.g.kinds[m.pick(len(m.g.kinds))]
	}
	if len(k.Methods) == 0 {
		return protocol.Method{Number: uint16(m.pick(1 << 16))}
	}
	if i := m.pick(len(k.Methods) + 1); i < len(k.Methods) {
		return k.Methods[i]
	}
	items := m.g.kinds[0].Methods
	return items[m.pick(len(items))]
}

// spoil makes some bodies wrong.
func (m *body) spoil(b []byte) []byte {
	if m.pick(16) != 0 || len(b) == 0 {
		return b
	}
	b = slices.Clone(b)
	switch m.pick(3) {
	case 0:
		return b[:m.pick(len(b))]
	case 1:
		return append(b, byte(m.pick(256)))
	}
	b[m.pick(len(b))] = byte(m.pick(256))
	return b
}
