package wire

import "slices"

// Limits are negotiated: of what both ends say the smaller holds.
type Limits struct {
	Frame   uint64 // longest frame, in bytes
	Calls   uint64 // calls of a session that are not answered, or whose results are kept
	Objects uint64 // objects that a session refers to
	Results uint64 // bytes of results that are kept for a session
}

// DefaultLimits are what either end says if it is told nothing else.
var DefaultLimits = Limits{Frame: 64 << 20, Calls: 4096, Objects: 1 << 20, Results: 64 << 20}

// Min is the smaller of each.
func (l Limits) Min(m Limits) Limits {
	return Limits{min(l.Frame, m.Frame), min(l.Calls, m.Calls), min(l.Objects, m.Objects), min(l.Results, m.Results)}
}

// AppendLimits appends l: uint frame, calls, objects, results.
func AppendLimits(b []byte, l Limits) []byte {
	b = AppendUint(b, l.Frame)
	b = AppendUint(b, l.Calls)
	b = AppendUint(b, l.Objects)
	return AppendUint(b, l.Results)
}

// Limits reads Limits.
func (r *Reader) Limits() Limits {
	return Limits{Frame: r.Uint(), Calls: r.Uint(), Objects: r.Uint(), Results: r.Uint()}
}

// A Greeting is the body of Hello and of Welcome. A Hello of a session that lives goes on with
// it: its unanswered calls may be sent again.
type Greeting struct {
	Limits Limits
	// Server is who the server is: another one, or one that began without its log, has
	// another number. Of a Hello it is 0, or whom the session is of.
	Server uint64
	// Life, of a Welcome, is the handle of a lock that the server holds as long as it is there,
	// empty if it shares no memory: a client that can open it may map what ValueShare and
	// ArrayShare tell of, and watches the lock while it does.
	Life []byte
	// Resumed, of a Welcome, tells that the session was there.
	Resumed bool
}

// AppendGreeting appends g: limits, uint server, bytes life, bool resumed.
func AppendGreeting(b []byte, g *Greeting) []byte {
	b = AppendLimits(b, g.Limits)
	b = AppendUint(b, g.Server)
	b = AppendBytes(b, g.Life)
	return AppendBool(b, g.Resumed)
}

// ReadGreeting reads a Greeting.
func ReadGreeting(body []byte) (Greeting, error) {
	r := Read(body)
	g := Greeting{Limits: r.Limits(), Server: r.Uint(), Life: slices.Clone(r.Bytes()), Resumed: r.Bool()}
	return g, r.End()
}
