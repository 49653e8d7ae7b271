package host

import "shmkit/internal/wire"

// A result is what a call gave.
type result struct {
	call uint64
	kind wire.Kind
	body []byte
}

// results are those of the last calls of a session, in the order in which they were given, in
// a ring that grows. Calls up to floor may have been forgotten.
type results struct {
	ring  []result
	first int
	n     int
	bytes uint64
	floor uint64

	op     uint64 // operation of the last one, of those that the host was given
	recent int    // how many it has given
}

func (r *results) at(i int) *result { return &r.ring[(r.first+i)&(len(r.ring)-1)] }

// find gives what a call gave, or nil. Only retries ask, so it may look at all.
func (r *results) find(call uint64) *result {
	for i := range r.n {
		if x := r.at(i); x.call == call {
			return x
		}
	}
	return nil
}

// record keeps what a call gave, and as many before it as limits allow, and gives the body
// that it keeps, which is good as long as the operation op is applied, even if it is kept no more.
func (r *results) record(op, call uint64, kind wire.Kind, body []byte, limits wire.Limits) []byte {
	if r.n == len(r.ring) {
		r.grow()
	}
	x := r.at(r.n)
	if r.op != op {
		r.op, r.recent = op, 0
	}
	if r.recent++; r.recent > len(r.ring) { // what is in this place is of op too
		x.body = nil
	}
	x.call, x.kind, x.body = call, kind, append(x.body[:0], body...)
	r.n++
	r.bytes += uint64(len(body))
	for r.n > 1 && (uint64(r.n) > limits.Calls || r.bytes > limits.Results) {
		r.shift()
	}
	return r.at(r.n - 1).body
}

// forget drops the results of calls up to that one, as far as they are the first.
func (r *results) forget(call uint64) {
	for r.n > 0 && r.at(0).call <= call {
		r.shift()
	}
	r.floor = max(r.floor, call)
}

func (r *results) shift() {
	x := r.at(0)
	r.floor = max(r.floor, x.call)
	r.bytes -= uint64(len(x.body))
	if cap(x.body) > 4096 {
		x.body = nil
	}
	r.first = (r.first + 1) & (len(r.ring) - 1)
	r.n--
}

func (r *results) grow() {
	ring := make([]result, max(4, 2*len(r.ring)))
	for i := range r.n {
		ring[i] = *r.at(i)
	}
	r.ring, r.first = ring, 0
}
