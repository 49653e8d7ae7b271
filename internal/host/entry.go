package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// An entry is an object and what the host knows of it.
type entry struct {
	id     uint64
	kind   wire.Type
	name   string
	object object
	// refs counts the references of sessions, of containers, of its name, of waits, of
	// hand-overs, and one for each session that has a lease of it. At 0 it goes.
	refs uint64
}

// An object is what clients call: a list, a lock, …. All its methods are called by the host,
// one at a time, and must be deterministic.
type object interface {
	// save appends the state, without waits; the loader of its type reads it.
	save(b []byte) []byte
	// drop gives up what it refers to, because nobody refers to it any more.
	drop(h *Host)
	// queues are those who wait, in order.
	queues() []*queue
	// grant hands on what is free to those who wait.
	grant(h *Host, e *entry)
	// giveUp ends a wait because it was cancelled or its time is over, which fault says. A wait
	// that must still do something, such as lock a mutex again, may go on.
	giveUp(h *Host, w *wait, fault *wire.Fault)
	// abandon ends a wait whose session has expired.
	abandon(h *Host, w *wait)
	// leave takes back what a session that has expired holds. The host drops the leases.
	leave(h *Host, e *entry, s *session)
	// info is for people: what state it is in.
	info() string
}

// still is for objects that nobody waits for or holds anything of; others override.
type still struct{}

func (still) drop(*Host)                                 {}
func (still) queues() []*queue                           { return nil }
func (still) grant(*Host, *entry)                        {}
func (still) leave(*Host, *entry, *session)              {}
func (still) abandon(h *Host, w *wait)                   { h.unwait(w) }
func (still) giveUp(h *Host, w *wait, fault *wire.Fault) { h.finish(w, nil, fault) }

// add makes an entry, to which nobody refers yet: who calls does, or drop removes it.
func (h *Host) add(kind wire.Type, o object) *entry {
	e := &entry{id: h.next, kind: kind, object: o}
	h.next++
	h.objects[e.id] = e
	return e
}

// entry is the object with that id.
// Errors: CodeNoObject.
func (h *Host) entry(id uint64) (*entry, error) {
	if e := h.objects[id]; e != nil {
		return e, nil
	}
	return nil, wire.NewFault(wire.CodeNoObject, "manager: object %#x is not there any more", id)
}

func (h *Host) ref(e *entry, n uint64) { e.refs += n }

// unref drops references. What nobody refers to any more goes at the end of the operation.
func (h *Host) unref(e *entry, n uint64) {
	if e.refs -= n; e.refs == 0 {
		h.dropping = append(h.dropping, e)
	}
}

// drop removes what nobody refers to, and then what only that referred to.
func (h *Host) drop() {
	for len(h.dropping) > 0 {
		e := h.dropping[len(h.dropping)-1]
		h.dropping = h.dropping[:len(h.dropping)-1]
		if e.refs == 0 && h.objects[e.id] == e {
			delete(h.objects, e.id)
			e.object.drop(h)
		}
	}
}

// setName gives e a name, which refers to it.
func (h *Host) setName(e *entry, name string) {
	e.name = name
	h.names[name] = e
	h.ref(e, 1)
}

// title names a method of the object, for people.
func (e *entry) title(m wire.Method) string {
	name := m.String()
	if spec := find(m); spec != nil {
		name = fmt.Sprintf("%v.%s", e.kind, spec.name)
	}
	if e.name != "" {
		return fmt.Sprintf("%s of %q", name, e.name)
	}
	return name
}
