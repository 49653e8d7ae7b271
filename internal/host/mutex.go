package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A mutex is held by a session. Who waits is served in order, by Grant.
//
//	owner  left    state
//	0      no      free: Lock takes it, unless somebody waits for a Grant
//	0      yes     free, and its last holder died: the next one is told
//	s      no      held
//	s      yes     held by who was told and did not mark it: Unlock makes it unusable
type mutex struct {
	still
	owner   uint64
	left    bool // a holder died, and nobody has said that what it protects is consistent
	lost    bool // somebody unlocked it in that state: nobody can lock it any more
	waiting queue
}

func init() {
	define(wire.TypeMutex, makeMutex, loadMutex, map[wire.Method]method{
		wire.MutexLock:   {"Lock", false, mutexLock},
		wire.MutexUnlock: {"Unlock", false, mutexUnlock},
		wire.MutexMark:   {"MarkConsistent", false, mutexMark},
		wire.MutexInfo:   {"Info", true, mutexInfo},
	})
}

func makeMutex(c *Call) (object, error) { return &mutex{}, c.in.End() }

func loadMutex(_ *Host, r *wire.Reader) (object, error) {
	return &mutex{owner: r.Uint(), left: r.Bool(), lost: r.Bool()}, r.Err()
}

func (m *mutex) save(b []byte) []byte {
	return wire.AppendBool(wire.AppendBool(wire.AppendUint(b, m.owner), m.left), m.lost)
}

func (m *mutex) queues() []*queue { return []*queue{&m.waiting} }

func (m *mutex) info() string {
	if m.owner == 0 {
		return "free"
	}
	return fmt.Sprintf("held by session %#x, %d wait", m.owner, m.waiting.n)
}

var errLost = wire.NewFault(wire.CodeNotRecoverable, "manager: a holder died, and the one after it gave the lock back without repairing what it protects")

func mutexLock(c *Call) error {
	m := c.e.object.(*mutex)
	switch {
	case m.lost:
		return errLost
	case m.owner != 0 || m.waiting.n > 0:
		return c.wait(&m.waiting)
	}
	m.owner = c.s.id
	c.h.lease(c.s, c.e)
	c.out = wire.AppendBool(c.out, m.left)
	return c.in.End()
}

func mutexUnlock(c *Call) error {
	m := c.e.object.(*mutex)
	switch m.owner {
	case c.s.id:
	case 0:
		return wire.NewFault(wire.CodeNotHeld, "manager: %s: it is not locked", c.e.title(c.method))
	default:
		return wire.NewFault(wire.CodeNotHeld, "manager: %s: another client holds it", c.e.title(c.method))
	}
	c.h.unlease(c.s, c.e)
	m.free(c.h, c.e, m.left)
	return nil
}

// free makes m free, or useless, and proposes that the next one gets it, or hears of it.
func (m *mutex) free(h *Host, e *entry, lost bool) {
	m.owner, m.lost = 0, lost
	if m.waiting.n > 0 {
		h.propose(wire.Grant, e.id)
	}
}

func mutexMark(c *Call) error {
	m := c.e.object.(*mutex)
	if m.owner != c.s.id {
		return wire.NewFault(wire.CodeNotHeld, "manager: %s: this client does not hold it", c.e.title(c.method))
	}
	if !m.left {
		return wire.NewFault(wire.CodeConsistent, "manager: %s: it is consistent", c.e.title(c.method))
	}
	m.left = false
	return nil
}

func mutexInfo(c *Call) error {
	m := c.e.object.(*mutex)
	c.out = wire.AppendUint(c.out, m.owner)
	c.out = wire.AppendBool(c.out, m.left)
	c.out = wire.AppendUint(c.out, uint64(m.waiting.n))
	return nil
}

func (m *mutex) grant(h *Host, e *entry) {
	for m.waiting.n > 0 && m.owner == 0 {
		w := m.waiting.first
		if m.lost {
			h.finish(w, nil, errLost)
			continue
		}
		m.owner = w.s.id
		h.lease(w.s, e)
		h.finish(w, wire.AppendBool(nil, m.left), nil)
	}
}

func (m *mutex) leave(h *Host, e *entry, s *session) {
	if m.owner == s.id {
		m.left = true
		m.free(h, e, false)
	}
}
