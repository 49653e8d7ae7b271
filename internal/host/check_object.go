package host

import "shmkit/internal/wire"

// object looks into an object of a type that has leases, or knows others.
func (a *audit) object(e *entry) {
	switch o := e.object.(type) {
	case *lock:
		a.lock(e, o)
	case *semaphore:
		a.semaphore(e, o)
	case *cond:
		l := a.h.objects[o.lock]
		a.expect(l != nil && isLock(l), "Cond %#x has no lock", e.id)
		a.leases(e, nil)
	case *barrier:
		a.barrier(e, o)
	case *fifo:
		a.fifo(e, o)
	case *array:
		a.expect(o.width > 0 && len(o.data)%o.width == 0, "Array %#x has a part of an item", e.id)
		a.leases(e, nil)
	default:
		a.leases(e, nil)
	}
}

// leases: those of e are what want has, by session.
func (a *audit) leases(e *entry, want map[uint64]uint64) {
	for _, s := range a.h.eachSession() {
		a.expect(s.leases[e.id] == want[s.id], "session %#x has %d leases of %v %#x, which knows of %d", s.id, s.leases[e.id], e.kind, e.id, want[s.id])
	}
	for id := range want {
		a.expect(a.h.sessions[id] != nil, "%v %#x is held by session %#x, which is not there", e.kind, e.id, id)
	}
}

func (a *audit) lock(e *entry, l *lock) {
	want := map[uint64]uint64{}
	if l.owner != 0 {
		want[l.owner] = 1
	}
	a.leases(e, want)
	a.expect((l.owner == 0) == (l.levels == 0), "%v %#x is held by session %#x, %d times", e.kind, e.id, l.owner, l.levels)
	a.expect(l.owner == 0 || !l.lost, "%v %#x is useless and held", e.kind, e.id)
	for w := l.waiting.first; w != nil; w = w.next {
		if w.method != wire.CondWait {
			continue
		}
		o, is := a.h.objects[condOf(w)].asCond()
		a.expect(o == nil && !is || o != nil && o.lock == e.id, "%v %#x: call %d came from a Cond of another lock", e.kind, e.id, w.call)
		a.expect(condLevels(w) > 0, "%v %#x: call %d had not locked it", e.kind, e.id, w.call)
	}
}

// asCond is e as a Cond; is tells whether there is anything.
func (e *entry) asCond() (o *cond, is bool) {
	if e == nil {
		return nil, false
	}
	o, _ = e.object.(*cond)
	return o, true
}

func (a *audit) semaphore(e *entry, o *semaphore) {
	want, sum := map[uint64]uint64{}, o.free
	for _, id := range o.order {
		s := a.h.sessions[id]
		a.expect(s != nil && s.leases[e.id] > 0 && want[id] == 0, "%v %#x: session %#x has no permits, or stands in the order twice", e.kind, e.id, id)
		if s != nil && want[id] == 0 {
			want[id] = s.leases[e.id]
			sum += want[id]
		}
	}
	a.leases(e, want)
	a.expect(o.bound <= wire.SemaphoreMost && o.free <= o.bound && sum <= o.bound, "%v %#x: %d permits are free, %d there, of at most %d", e.kind, e.id, o.free, sum, o.bound)
	a.expect(e.kind != wire.TypeBoundedSemaphore || sum == o.bound, "%v %#x has %d permits, not %d", e.kind, e.id, sum, o.bound)
}

func (a *audit) barrier(e *entry, o *barrier) {
	a.expect(o.parties > 0 && o.parties <= wire.MaxParties && o.limit >= 0, "%v %#x: %d parties", e.kind, e.id, o.parties)
	most := o.parties - 1
	a.expect(o.waiting.n <= most, "%v %#x: %d of %d wait", e.kind, e.id, o.waiting.n, o.parties)
	a.expect(!o.broken || o.waiting.n == 0 && !o.acting, "%v %#x is broken, and %d wait", e.kind, e.id, o.waiting.n)
	a.expect(o.acting == (o.actor != 0), "%v %#x: session %#x acts", e.kind, e.id, o.actor)
	for _, s := range a.h.eachSession() {
		a.expect(s.leases[e.id] <= 1, "session %#x takes part %d times in %v %#x", s.id, s.leases[e.id], e.kind, e.id)
	}
}

func (a *audit) fifo(e *entry, q *fifo) {
	want := map[uint64]uint64{}
	for lease, t := range q.taken {
		want[t.session]++
		a.expect(lease < q.lease, "%v %#x: lease %d is taken, the next is %d", e.kind, e.id, lease, q.lease)
	}
	a.leases(e, want)
	bytes := uint64(0)
	q.all(func(m *message) {
		bytes += m.size()
		a.expect(m.ticket < q.stats.puts, "%v %#x: ticket %d of %d", e.kind, e.id, m.ticket, q.stats.puts)
	})
	a.expect(bytes == q.bytes, "%v %#x counts %d bytes; there are %d", e.kind, e.id, q.bytes, bytes)
	a.expect(q.capacity == 0 || uint64(len(q.messages.fresh)-q.messages.first) <= q.capacity, "%v %#x: more messages than %d", e.kind, e.id, q.capacity)
	for w := q.getters.first; w != nil; w = w.next {
		a.expect(w.n > 0, "%v %#x: call %d wants no message", e.kind, e.id, w.call)
	}
	for w := q.putters.first; w != nil; w = w.next {
		r := wire.Read(w.body)
		for r.Len() > 0 && r.Err() == nil {
			r.Item()
		}
		a.expect(len(w.body) > 0 && r.Err() == nil, "%v %#x: call %d puts nothing", e.kind, e.id, w.call)
	}
}
