package host

import "shmkit/internal/wire"

// A reading is the part of pairs that a span asks for, as it is appended.
type reading struct {
	*wire.Span
	b     []byte
	first int
	n     uint64
	more  bool
}

// read appends those of a span: bool more, uint n, n × (key, item).
func (t *pairs) read(b []byte, s *wire.Span) []byte {
	r := reading{Span: s, b: wire.AppendUint(wire.AppendBool(b, false), 0)}
	r.first = len(r.b)
	switch {
	case s.Reverse && s.HasTo:
		t.tree.Descend(string(s.To), r.next)
	case s.Reverse:
		t.tree.Reverse(r.next)
	case s.HasFrom:
		t.tree.Ascend(string(s.From), r.next)
	default:
		t.tree.Scan(r.next)
	}
	if r.more {
		r.b[len(b)] = 1
	}
	wire.PutUint(r.b[len(b)+1:], r.n)
	return r.b
}

// next appends one, and tells whether there may be more to append.
func (r *reading) next(key string, item wire.Item) bool {
	switch below, above := r.beside(key); {
	case below:
		return !r.Reverse
	case above:
		return r.Reverse
	case r.Limit != 0 && r.n == r.Limit:
		return false
	case r.n > 0 && uint64(len(r.b)-r.first) >= r.Bytes:
		r.more = true
		return false
	}
	if r.KeysOnly {
		item = nil
	}
	r.b = wire.AppendBytes(wire.AppendText(r.b, key), item)
	r.n++
	return true
}

// beside tells whether a key is before the span, or after it.
func (r *reading) beside(key string) (below, above bool) {
	if r.HasFrom {
		below = key < string(r.From) || r.After && key == string(r.From)
	}
	if r.HasTo {
		above = key > string(r.To) || !r.Through && key == string(r.To)
	}
	return below, above
}
