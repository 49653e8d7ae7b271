package host

import (
	"slices"

	"shmkit/internal/wire"
)

// laws fails unless what must hold after each operation does.
func (c *chaos) laws() {
	for _, e := range c.h.eachEntry() {
		switch o := e.object.(type) {
		case *lock:
			c.lockLaws(e, o)
		case *semaphore:
			c.semaphoreLaws(e, o)
		case *event:
			c.eventLaws(e, o)
		case *barrier:
			c.barrierLaws(e, o)
		}
	}
	queued := 0
	for _, e := range c.h.eachEntry() {
		for _, q := range e.object.queues() {
			queued += q.n
		}
	}
	waiting := 0
	for _, s := range c.h.eachSession() {
		waiting += len(s.waits)
	}
	if queued != waiting || queued != len(c.asked) {
		c.t.Fatalf("%d wait in queues, %d in sessions, %d calls have no answer", queued, waiting, len(c.asked))
	}
}

// promised tells whether a Grant for e is proposed.
func (c *chaos) promised(e *entry) bool { return slices.Contains(c.proposed, e.id) }

func (c *chaos) law(e *entry, holds bool, law string) {
	if !holds {
		c.t.Fatalf("%v %d: not so: %s", e.kind, e.id, law)
	}
}

func (c *chaos) lockLaws(e *entry, l *lock) {
	n, sessions := c.leases(e)
	if l.owner == 0 {
		c.law(e, n == 0 && l.levels == 0 && l.holder == 0, "nobody has a lease of a lock that is free")
		c.law(e, l.waiting.n == 0 || c.promised(e), "nobody waits for a lock that is free and is not granted")
		c.law(e, c.has[e.id] == 0, "nobody believes to have a lock that is free")
		return
	}
	c.law(e, n == 1 && sessions[0] == l.owner && l.levels > 0, "the owner has the lease")
	c.law(e, !l.lost, "a lock that is lost has no owner")
	c.law(e, c.has[e.id] == l.owner, "the owner knows it")
	c.law(e, e.kind == wire.TypeRecursiveMutex || l.levels == 1 && l.holder == 0, "a Mutex is held once")
}

func (c *chaos) semaphoreLaws(e *entry, o *semaphore) {
	n, sessions := c.leases(e)
	order := slices.Clone(o.order)
	slices.Sort(order)
	c.law(e, slices.Equal(order, sessions), "those who have permits are known")
	c.law(e, o.free+n <= o.bound, "there are no more permits than may be")
	c.law(e, e.kind == wire.TypeSemaphore || o.free+n == o.bound, "a bounded semaphore has all its permits")
	for w := o.waiting.first; w != nil; w = w.next {
		c.law(e, w.n > o.free || c.promised(e), "nobody waits for permits that are free and are not granted")
	}
}

func (c *chaos) eventLaws(e *entry, o *event) {
	for w := o.waiting.first; w != nil; w = w.next {
		c.law(e, w.n <= o.sets, "nobody began after the last set")
		c.law(e, w.n < o.sets || !o.set, "nobody began to wait while it was set")
		c.law(e, w.n == o.sets || c.promised(e), "nobody waits on after a set, and is not granted")
	}
}

func (c *chaos) barrierLaws(e *entry, o *barrier) {
	n, sessions := c.leases(e)
	c.law(e, n == uint64(len(sessions)), "who takes part has one lease")
	c.law(e, o.waiting.n < o.parties, "not all wait")
	c.law(e, !o.acting || o.waiting.n == o.parties-1, "all are there while one acts")
	c.law(e, !o.acting || slices.Contains(sessions, o.actor), "who acts takes part")
	c.law(e, !o.broken || o.waiting.n == 0 && !o.acting, "nobody waits at a barrier that is broken")
	c.law(e, o.over.n == 0 || c.promised(e), "nobody waits after the end, and is not granted")
	c.law(e, o.early.n == 0 || o.acting || c.promised(e), "nobody is early while nobody acts, and is not granted")
	i := uint64(0)
	for w := o.waiting.first; w != nil; w = w.next {
		c.law(e, w.n == i && slices.Contains(sessions, w.s.id), "who waits has its index, and takes part")
		i++
	}
}
