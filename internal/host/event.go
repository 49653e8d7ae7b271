package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// An event is a flag. Nobody owns it.
//
//	        is not set                                 is set
//	Wait    waits, with the number of sets so far      answered
//	Set     is set, one more set; a Grant follows      as before
//	Clear   as before                                  is not set
//	Grant   answers all who wait since an earlier set  the same
//
// So a Set followed by a Clear, before the Grant, ends all waits that began before the Set, and
// none that began after the Clear.
type event struct {
	still
	set     bool
	sets    uint64
	waiting queue // wait.n: the number of sets when it began
}

func init() {
	define(wire.TypeEvent, makeEvent, loadEvent, map[wire.Method]method{
		wire.EventWait:  {"Wait", false, eventWait},
		wire.EventSet:   {"Set", false, eventSet},
		wire.EventClear: {"Clear", false, eventClear},
		wire.EventInfo:  {"Info", true, eventInfo},
	})
}

func makeEvent(c *Call) (object, error) { return &event{}, c.in.End() }

func loadEvent(_ *Host, r *wire.Reader) (object, error) {
	return &event{set: r.Bool(), sets: r.Uint()}, r.Err()
}

func (o *event) save(b []byte) []byte { return wire.AppendUint(wire.AppendBool(b, o.set), o.sets) }
func (o *event) queues() []*queue     { return []*queue{&o.waiting} }

func (o *event) info() string {
	if o.set {
		return "set"
	}
	return fmt.Sprintf("not set, %d wait", o.waiting.n)
}

func eventWait(c *Call) error {
	o := c.e.object.(*event)
	if err := c.in.End(); err != nil || o.set {
		return err
	}
	w, err := c.register()
	if err != nil {
		return err
	}
	w.n = o.sets
	o.waiting.push(w)
	return errWaits
}

func eventSet(c *Call) error {
	o := c.e.object.(*event)
	if err := c.in.End(); err != nil || o.set {
		return err
	}
	o.set = true
	o.sets++
	if o.waiting.n > 0 {
		c.h.propose(wire.Grant, c.e.id)
	}
	return nil
}

func eventClear(c *Call) error {
	o := c.e.object.(*event)
	if err := c.in.End(); err != nil {
		return err
	}
	o.set = false
	return nil
}

func eventInfo(c *Call) error {
	o := c.e.object.(*event)
	if err := c.in.End(); err != nil {
		return err
	}
	c.out = wire.AppendUint(wire.AppendBool(c.out, o.set), uint64(o.waiting.n))
	return nil
}

func (o *event) grant(h *Host, _ *entry) {
	for w := o.waiting.first; w != nil && w.n < o.sets; w = o.waiting.first {
		h.finish(w, nil, nil)
	}
}

// giveUp of a wait that a Set has ended already says so.
func (o *event) giveUp(h *Host, w *wait, fault *wire.Fault) {
	if w.n < o.sets {
		h.finish(w, nil, nil)
		return
	}
	h.finish(w, nil, fault)
}

func (o *event) left(h *Host, e *entry, s *session) { endWaits(h, e, s) }
