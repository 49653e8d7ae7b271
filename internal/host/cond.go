package host

import (
	"fmt"

	"shmkit/internal/wire"
)

// A cond is a Cond: sessions that hold its lock give that back and wait, until one who holds
// it notifies them. They then stand in the queue of the lock, and are answered when they have
// it again, with all levels. So a wait is in one of two queues:
//
//	queue of   stage                   who is there           notify, cancel, time-out       its session expires
//	the cond   -                       waits                  to the lock, with a stage      is forgotten
//	the lock   WokenNotified           wants the lock         nothing: it is answered so     the next of the cond gets it
//	the lock   Cancelled, TimedOut, …  wants the lock         nothing: it is answered so     is forgotten
//
// Who is moved to a lock that is free makes a Grant follow. If the lock is lost, the answer is
// errLost, and the notification goes to the next one too.
type cond struct {
	still
	lock    uint64 // the object, which the cond refers to
	waiting queue
}

func init() {
	define(wire.TypeCond, makeCond, loadCond, map[wire.Method]method{
		wire.CondWait:   {"Wait", false, condWait},
		wire.CondNotify: {"Notify", false, condNotify},
		wire.CondInfo:   {"Info", true, condInfo},
	})
}

func makeCond(c *Call) (object, error) {
	id := c.in.Uint()
	if err := c.in.End(); err != nil {
		return nil, err
	}
	e := c.h.objects[id]
	if e == nil {
		return nil, wire.NewFault(wire.CodeNoObject, "manager: object %#x, the lock of a Cond, is not there any more", id)
	}
	if _, ok := e.object.(*lock); !ok {
		return nil, wire.NewFault(wire.CodeWrongType, "manager: the lock of a Cond cannot be a %v", e.kind)
	}
	c.h.ref(e, 1)
	return &cond{lock: id}, nil
}

func loadCond(_ *Host, r *wire.Reader) (object, error) { return &cond{lock: r.Uint()}, r.Err() }

func (o *cond) save(b []byte) []byte { return wire.AppendUint(b, o.lock) }
func (o *cond) queues() []*queue     { return []*queue{&o.waiting} }
func (o *cond) info() string         { return fmt.Sprintf("of object %#x, %d wait", o.lock, o.waiting.n) }
func (o *cond) drop(h *Host)         { h.unref(h.objects[o.lock], 1) }

func (o *cond) refers(f func(id uint64)) { f(o.lock) }

// mutex is the lock.
func (o *cond) mutex(h *Host) (*lock, *entry) {
	e := h.objects[o.lock]
	return e.object.(*lock), e
}

// condHeld gives the cond and its lock, if the session holds that.
// Errors: CodeNotHeld.
func condHeld(c *Call) (*cond, *lock, *entry, error) {
	o := c.e.object.(*cond)
	l, e := o.mutex(c.h)
	if l.owner != c.s.id {
		return nil, nil, nil, wire.NewFault(wire.CodeNotHeld, "manager: %s: this client does not hold its lock", c.e.title(c.method))
	}
	return o, l, e, nil
}

func condWait(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	o, l, e, err := condHeld(c)
	if err != nil {
		return err
	}
	w, err := c.register()
	if err != nil {
		return err
	}
	w.n, w.body = l.holder, wire.AppendUint(wire.AppendUint(nil, c.e.id), l.levels)
	o.waiting.push(w)
	c.h.unlease(c.s, e)
	l.give(c.h, e)
	return errWaits
}

// condOf is the cond that w began to wait for.
func condOf(w *wait) uint64 {
	r := wire.Read(w.body)
	return r.Uint()
}

// condLevels is how often the holder, w.n, had locked.
func condLevels(w *wait) uint64 {
	r := wire.Read(w.body)
	r.Uint()
	return r.Uint()
}

func condNotify(c *Call) error {
	n := c.in.Int()
	if err := c.in.End(); err != nil {
		return err
	}
	if n < 0 {
		return wire.NewFault(wire.CodeCount, "manager: %s: %d of those who wait", c.e.title(c.method), n)
	}
	o, _, _, err := condHeld(c)
	if err != nil {
		return err
	}
	for ; n > 0 && o.waiting.n > 0; n-- {
		o.wake(c.h, o.waiting.first, wire.WokenNotified)
	}
	return nil
}

func condInfo(c *Call) error {
	o := c.e.object.(*cond)
	if err := c.in.End(); err != nil {
		return err
	}
	l, e := o.mutex(c.h)
	notified := 0
	for w := l.waiting.first; w != nil; w = w.next {
		if w.method == wire.CondWait && w.stage == byte(wire.WokenNotified) && condOf(w) == c.e.id {
			notified++
		}
	}
	c.out = append(wire.AppendUint(c.out, o.lock), byte(e.kind))
	c.out = wire.AppendUint(wire.AppendUint(c.out, uint64(o.waiting.n)), uint64(notified))
	return nil
}

// wake lets w, which is in the queue of o, take its lock again.
func (o *cond) wake(h *Host, w *wait, why wire.Woken) {
	l, e := o.mutex(h)
	w.stage = byte(why)
	h.move(w, e, &l.waiting)
	if l.owner == 0 {
		h.propose(wire.Grant, e.id)
	}
}

// passOn gives a notification to the next one: w was notified, and does nothing with it.
func passOn(h *Host, w *wait) {
	if w.method != wire.CondWait || w.stage != byte(wire.WokenNotified) {
		return
	}
	if e := h.objects[condOf(w)]; e != nil {
		if o := e.object.(*cond); o.waiting.n > 0 {
			o.wake(h, o.waiting.first, wire.WokenNotified)
		}
	}
}

func (o *cond) giveUp(h *Host, w *wait, fault *wire.Fault) {
	why := wire.WokenCancelled
	switch fault.Code {
	case wire.CodeTimedOut:
		why = wire.WokenTimedOut
	case wire.CodeReleased:
		why = wire.WokenReleased
	}
	o.wake(h, w, why)
}

func (o *cond) left(h *Host, e *entry, s *session) { endWaits(h, e, s) }
