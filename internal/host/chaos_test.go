package host

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shmkit/internal/wire"
)

// chaos gives a host operations at random: calls of four sessions to locks and their kin,
// cancels, time-outs and expiries between them, each Grant some time after it was proposed.
// After each the laws must hold.
type chaos struct {
	t        *rapid.T
	h        *Host
	log      []wire.Frame
	proposed []uint64 // objects
	sessions []uint64
	next     uint64                   // the number of a session or a call
	asked    map[[2]uint64]wire.Frame // calls that are not answered
	has      map[uint64]uint64        // locks, and who was told that it has them
}

// The objects of chaos, by their numbers.
const (
	chaosMutex = iota + 1
	chaosRecursive
	chaosCond
	chaosRecursiveCond
	chaosSemaphore
	chaosBounded
	chaosEvent
	chaosBarrier
)

func newChaos(t *rapid.T) *chaos {
	c := &chaos{t: t, h: New(nil), asked: map[[2]uint64]wire.Frame{}, has: map[uint64]uint64{}}
	c.apply(wire.Frame{Kind: wire.Begin, Object: 1})
	for range 4 {
		c.open()
	}
	for _, row := range []struct {
		kind wire.Type
		args []byte
	}{
		{wire.TypeMutex, nil}, {wire.TypeRecursiveMutex, nil}, {wire.TypeCond, wire.AppendUint(nil, chaosMutex)},
		{wire.TypeCond, wire.AppendUint(nil, chaosRecursive)}, {wire.TypeSemaphore, wire.AppendInt(nil, 2)},
		{wire.TypeBoundedSemaphore, wire.AppendInt(nil, 2)}, {wire.TypeEvent, nil},
		{wire.TypeBarrier, wire.AppendInt(wire.AppendInt(nil, 3), 0)},
	} {
		name := string(rune('0' + c.h.Next()))
		c.request(c.sessions[0], wire.Create, 0, 0, append(wire.AppendText([]byte{byte(row.kind)}, name), row.args...))
	}
	return c
}

func (c *chaos) open() {
	c.next++
	c.sessions = append(c.sessions, c.next)
	c.apply(wire.Frame{Kind: wire.Open, Session: c.next, Body: wire.AppendLimits(nil, wire.DefaultLimits)})
	for e := uint64(chaosMutex); e <= chaosBarrier && c.h.Len() == chaosBarrier; e++ {
		c.request(c.next, wire.Attach, 0, 0, wire.AppendUint(nil, e))
	}
}

func (c *chaos) request(session uint64, m wire.Method, object uint64, deadline int64, body []byte) {
	c.next++
	f := wire.Frame{Kind: wire.Request, Method: m, Session: session, Call: c.next, Object: object, Deadline: deadline, Body: body}
	c.asked[[2]uint64{session, c.next}] = f
	c.apply(f)
}

func (c *chaos) apply(f wire.Frame) {
	before := c.permits()
	c.log = append(c.log, f)
	for _, e := range c.h.Apply(&f) {
		switch e.Kind {
		case Propose:
			c.proposed = append(c.proposed, e.Object)
		case Answer:
			key := [2]uint64{e.Session, e.Call}
			asked, waited := c.asked[key]
			if !waited {
				c.t.Fatalf("a second answer to call %v", key)
			}
			delete(c.asked, key)
			if e.Op == wire.Reply {
				c.told(&asked)
				if asked.Method == wire.SemaphoreRelease || asked.Method == wire.BoundedRelease {
					before[asked.Object-chaosSemaphore].release(&asked)
				}
			}
		}
	}
	if _, waits := c.asked[[2]uint64{f.Session, f.Call}]; waits && f.Method == wire.CondWait {
		delete(c.has, c.h.objects[f.Object].object.(*cond).lock)
	}
	if f.Kind == wire.Expire {
		c.forget(f.Session)
	}
	for i, p := range c.permits() {
		if f.Method != wire.Create && p.free+p.leased != before[i].free+before[i].leased {
			c.t.Fatalf("permits of object %d: %+v, expected %+v", i+chaosSemaphore, p, before[i])
		}
	}
}

// permits are those of a semaphore.
type permits struct{ free, leased uint64 }

func (p *permits) release(f *wire.Frame) {
	r := wire.Read(f.Body)
	n := uint64(r.Int())
	p.free, p.leased = p.free+n, p.leased-min(n, p.leased)
}

func (c *chaos) permits() (all [2]permits) {
	for i := range all {
		if e := c.h.objects[uint64(chaosSemaphore+i)]; e != nil {
			all[i].free = e.object.(*semaphore).free
			all[i].leased, _ = c.leases(e)
		}
	}
	return all
}

// leases counts those of e, and the sessions that have some.
func (c *chaos) leases(e *entry) (n uint64, sessions []uint64) {
	for _, s := range c.h.eachSession() {
		if s.leases[e.id] > 0 {
			n += s.leases[e.id]
			sessions = append(sessions, s.id)
		}
	}
	return n, sessions
}

// told notes who believes to have a lock: one session at a time.
func (c *chaos) told(f *wire.Frame) {
	lock := f.Object
	switch f.Method {
	case wire.CondWait:
		lock = c.h.objects[f.Object].object.(*cond).lock
		fallthrough
	case wire.MutexLock, wire.RecursiveLock:
		if other := c.has[lock]; other != 0 && (other != f.Session || f.Method != wire.RecursiveLock) {
			c.t.Fatalf("session %d has lock %d, which session %d has", f.Session, lock, other)
		}
		c.has[lock] = f.Session
	case wire.MutexUnlock, wire.MutexAbandon, wire.RecursiveUnlock, wire.RecursiveAbandon:
		if c.has[lock] != f.Session {
			c.t.Fatalf("session %d unlocked %d, which session %d has", f.Session, lock, c.has[lock])
		}
		if info := c.lock(lock); info.owner == 0 {
			delete(c.has, lock)
		}
	}
}

func (c *chaos) lock(id uint64) *lock { return c.h.objects[id].object.(*lock) }

// forget notes that a session has expired.
func (c *chaos) forget(session uint64) {
	for lock, s := range c.has {
		if s == session {
			delete(c.has, lock)
		}
	}
	for key := range c.asked {
		if key[0] == session {
			delete(c.asked, key)
		}
	}
	c.sessions = slices.DeleteFunc(c.sessions, func(s uint64) bool { return s == session })
}

// step does something.
func (c *chaos) step() {
	session := c.sessions[rapid.IntRange(0, len(c.sessions)-1).Draw(c.t, "session")]
	switch what := rapid.IntRange(0, 99).Draw(c.t, "what"); {
	case what < 60:
		object := uint64(rapid.IntRange(chaosMutex, chaosBarrier).Draw(c.t, "object"))
		kind := c.h.objects[object].kind
		m := wire.Method(kind)<<8 + wire.Method(rapid.IntRange(0, 4).Draw(c.t, "method"))
		c.request(session, m, object, -int64(rapid.IntRange(0, 3).Draw(c.t, "never")/3), c.arguments(m))
	case what < 75 && len(c.proposed) > 0:
		c.grant(rapid.IntRange(0, len(c.proposed)-1).Draw(c.t, "grant"))
	case what < 93:
		var calls []uint64
		for _, w := range c.h.sessions[session].eachWait() {
			calls = append(calls, w.call)
		}
		if len(calls) > 0 {
			kind := rapid.SampledFrom([]wire.Kind{wire.Cancel, wire.Timeout}).Draw(c.t, "end")
			c.apply(wire.Frame{Kind: kind, Session: session, Call: rapid.SampledFrom(calls).Draw(c.t, "call")})
		}
	default:
		c.apply(wire.Frame{Kind: wire.Expire, Session: session})
		c.open()
	}
}

// arguments of a method, which are those of another one sometimes.
func (c *chaos) arguments(m wire.Method) []byte {
	n := int64(rapid.IntRange(0, 3).Draw(c.t, "n"))
	switch {
	case m == wire.BarrierWait:
		return wire.AppendBool(nil, n == 0)
	case m == wire.BarrierDone:
		generation := c.h.objects[chaosBarrier].object.(*barrier).generation
		return wire.AppendBool(wire.AppendUint(nil, generation), n > 0)
	case m.Type() == wire.TypeRecursiveMutex && m != wire.RecursiveInfo:
		return wire.AppendInt(nil, n/2)
	case m == wire.CondNotify, m.Type() == wire.TypeSemaphore, m.Type() == wire.TypeBoundedSemaphore:
		return wire.AppendInt(nil, n)
	}
	return nil
}

func (c *chaos) grant(i int) {
	object := c.proposed[i]
	c.proposed = slices.Delete(c.proposed, i, i+1)
	c.apply(wire.Frame{Kind: wire.Grant, Object: object})
}

func TestLocksInChaos(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newChaos(t)
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			c.step()
			c.laws()
		}
		c.equal()
		for len(c.proposed) > 0 {
			c.grant(0)
			c.laws()
		}
		for _, s := range c.h.Sessions() {
			c.apply(wire.Frame{Kind: wire.Expire, Session: s})
		}
		for _, e := range c.h.eachEntry() {
			if want := uint64(1 + map[uint64]int{chaosMutex: 1, chaosRecursive: 1}[e.id]); e.refs != want {
				t.Fatalf("%v %d has %d references without sessions, want %d", e.kind, e.id, e.refs, want)
			}
		}
	})
}

// equal fails unless a host that loads the state is equal, and one that had all operations.
func (c *chaos) equal() {
	state := c.h.Save(nil)
	loaded, again := New(nil), New(nil)
	if err := loaded.Load(state); err != nil {
		c.t.Fatal(err)
	}
	for i := range c.log {
		again.Apply(&c.log[i])
	}
	if !bytes.Equal(loaded.Save(nil), state) {
		c.t.Fatal("a host that was saved and loaded is another")
	}
	if !bytes.Equal(again.Save(nil), state) {
		c.t.Fatal("a host that had the same operations is another")
	}
}
