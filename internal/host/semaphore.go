package host

import (
	"fmt"
	"slices"

	"shmkit/internal/wire"
)

// A semaphore is a Semaphore or a BoundedSemaphore. What a session acquires is leased to it,
// one lease for each permit. Anybody may release: who has permits gives back its own, who has
// none ends those of the session that has had some for the longest time, and makes new ones
// when nobody has any.
//
//	                     free           leases of the session    sum of both
//	acquire n            less n         more n                   as before
//	release n            more n         less, of whom see above  as before, or more if all leases ended
//	the session expires  more its own   none                     as before
//
// The sum is never above bound, and equal to it if the semaphore is bounded. Those who wait are
// served in the order in which they came, but one who wants more than is free lets others pass.
// If somebody in the queue could be served, a Grant is proposed.
type semaphore struct {
	still
	free, bound uint64
	order       []uint64 // sessions that have permits, first who began first
	waiting     queue    // wait.n: how many it wants
}

func init() {
	define(wire.TypeSemaphore, makeSemaphore, loadSemaphore, map[wire.Method]method{
		wire.SemaphoreAcquire: {"Acquire", false, semaphoreAcquire},
		wire.SemaphoreRelease: {"Release", false, semaphoreRelease},
		wire.SemaphoreInfo:    {"Info", true, semaphoreInfo},
	})
	define(wire.TypeBoundedSemaphore, makeBounded, loadSemaphore, map[wire.Method]method{
		wire.BoundedAcquire: {"Acquire", false, semaphoreAcquire},
		wire.BoundedRelease: {"Release", false, semaphoreRelease},
		wire.BoundedInfo:    {"Info", true, semaphoreInfo},
	})
}

func makeSemaphore(c *Call) (object, error) {
	n := c.in.Int()
	if err := c.in.End(); err != nil {
		return nil, err
	}
	switch {
	case n < 0:
		return nil, wire.NewFault(wire.CodeCount, "manager: a semaphore of %d permits", n)
	case n > wire.SemaphoreMost:
		return nil, wire.NewFault(wire.CodeTooMany, "manager: a semaphore of %d permits; at most %d", n, wire.SemaphoreMost)
	}
	return &semaphore{free: uint64(n), bound: wire.SemaphoreMost}, nil
}

func makeBounded(c *Call) (object, error) {
	o, err := makeSemaphore(c)
	if err != nil {
		return nil, err
	}
	s := o.(*semaphore)
	s.bound = s.free
	return s, nil
}

func loadSemaphore(_ *Host, r *wire.Reader) (object, error) {
	s := &semaphore{free: r.Uint(), bound: r.Uint()}
	for range r.Count(8) {
		s.order = append(s.order, r.Uint())
	}
	return s, r.Err()
}

func (o *semaphore) save(b []byte) []byte {
	b = wire.AppendUint(wire.AppendUint(b, o.free), o.bound)
	b = wire.AppendUint(b, uint64(len(o.order)))
	for _, s := range o.order {
		b = wire.AppendUint(b, s)
	}
	return b
}

func (o *semaphore) queues() []*queue { return []*queue{&o.waiting} }

func (o *semaphore) info() string {
	return fmt.Sprintf("%d free, %d sessions have some, %d wait", o.free, len(o.order), o.waiting.n)
}

// permits reads how many permits a call is about.
// Errors: wire.ErrBody; CodeCount; CodeTooMany.
func (o *semaphore) permits(c *Call) (uint64, error) {
	n := c.in.Int()
	if err := c.in.End(); err != nil {
		return 0, err
	}
	switch {
	case n < 1:
		return 0, wire.NewFault(wire.CodeCount, "manager: %s: %d permits", c.e.title(c.method), n)
	case uint64(n) > o.bound:
		return 0, wire.NewFault(wire.CodeTooMany, "manager: %s: %d permits, there are %d at most", c.e.title(c.method), n, o.bound)
	}
	return uint64(n), nil
}

func semaphoreAcquire(c *Call) error {
	o := c.e.object.(*semaphore)
	n, err := o.permits(c)
	if err != nil {
		return err
	}
	if n <= o.free && !o.promised() {
		o.acquire(c.h, c.e, c.s, n)
		return nil
	}
	w, err := c.register()
	if err != nil {
		return err
	}
	w.n = n
	o.waiting.push(w)
	return errWaits
}

// promised tells whether a Grant will serve somebody who came before.
func (o *semaphore) promised() bool { return o.served() != nil }

// served is the first who wants no more than is free.
func (o *semaphore) served() *wait {
	for w := o.waiting.first; w != nil && o.free > 0; w = w.next {
		if w.n <= o.free {
			return w
		}
	}
	return nil
}

func (o *semaphore) acquire(h *Host, e *entry, s *session, n uint64) {
	o.free -= n
	if s.leases[e.id] == 0 {
		o.order = append(o.order, s.id)
	}
	h.leaseN(s, e, n)
}

func semaphoreRelease(c *Call) error {
	o := c.e.object.(*semaphore)
	n, err := o.permits(c)
	if err != nil {
		return err
	}
	if o.free+n > o.bound {
		return wire.NewFault(wire.CodeTooMany, "manager: %s: %d permits more than the %d that are free; there are %d at most", c.e.title(c.method), n, o.free, o.bound)
	}
	o.free += n
	n -= o.end(c.h, c.e, c.s, n)
	for n > 0 && len(o.order) > 0 {
		n -= o.end(c.h, c.e, c.h.sessions[o.order[0]], n)
	}
	o.offer(c.h, c.e)
	return nil
}

// end ends up to n leases of s, and tells how many.
func (o *semaphore) end(h *Host, e *entry, s *session, n uint64) uint64 {
	n = min(n, s.leases[e.id])
	if n == 0 {
		return 0
	}
	if h.unleaseN(s, e, n); s.leases[e.id] == 0 {
		o.strike(s)
	}
	return n
}

// strike removes a session that has no permits any more.
func (o *semaphore) strike(s *session) {
	i := slices.Index(o.order, s.id)
	o.order = slices.Delete(o.order, i, i+1)
}

// offer proposes to serve who waits.
func (o *semaphore) offer(h *Host, e *entry) {
	if o.promised() {
		h.propose(wire.Grant, e.id)
	}
}

func (o *semaphore) grant(h *Host, e *entry) {
	for w := o.waiting.first; w != nil && o.free > 0; {
		next := w.next
		if w.n <= o.free {
			o.acquire(h, e, w.s, w.n)
			h.finish(w, nil, nil)
		}
		w = next
	}
}

func (o *semaphore) leave(h *Host, e *entry, s *session) {
	o.free += s.leases[e.id]
	o.strike(s)
	o.offer(h, e)
}

func (o *semaphore) left(h *Host, e *entry, s *session) { endWaits(h, e, s) }

func semaphoreInfo(c *Call) error {
	o := c.e.object.(*semaphore)
	if err := c.in.End(); err != nil {
		return err
	}
	c.out = wire.AppendUint(wire.AppendUint(c.out, o.free), o.bound)
	c.out = wire.AppendUint(wire.AppendUint(c.out, c.s.leases[c.e.id]), uint64(o.waiting.n))
	return nil
}
