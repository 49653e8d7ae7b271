package host

import "shmkit/internal/wire"

// longest is how long the body of an answer to s may be.
func longest(s *session) uint64 {
	return max(s.limits.Frame, wire.HeaderLen) - wire.HeaderLen
}

// fits tells whether s takes an answer of n bytes. Methods that take something away ask before
// they do: what nobody can be given would be lost.
// Errors: CodeTooMuch.
func fits(s *session, e *entry, m wire.Method, n int) error {
	if most := longest(s); uint64(n) > most {
		return wire.NewFault(wire.CodeTooMuch, "manager: %s: the answer takes %d bytes, and the client takes at most %d; it was left where it is", e.title(m), n, most)
	}
	return nil
}

func (c *Call) fits(n int) error { return fits(c.s, c.e, c.method, n) }
