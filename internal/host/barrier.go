package host

import (
	"fmt"
	"time"

	"shmkit/internal/wire"
)

// A barrier is a Barrier: its parties wait until all have come. A session takes part from its
// first Wait until it gives up its last reference. It has one lease of the barrier meanwhile, and
// if it expires the barrier breaks.
//
//	           filling                       acting                       broken
//	Wait       comes, and waits              early: waits to come         PassageBroken
//	  the last without action: passes        -                            -
//	  the last with one: acting              -                            -
//	Done       nothing                       by the actor: passes, or     nothing
//	                                         breaks if that was not good
//	Abort      breaks                        breaks                       as before
//	Reset      breaks, and is filling        breaks, and is filling       is filling
//	gives up   breaks                        breaks; early: nothing       -
//	may not wait, as who gives up at once
//	expires    breaks                        breaks                       as before
//
// A generation ends when the barrier passes or breaks. All who waited are over then, with a
// stage that says how, and a Grant answers them, and lets those come who were early. Whoever
// comes meanwhile is early too: so they come in order.
type barrier struct {
	still
	parties    int
	limit      time.Duration // of a wait; 0: none
	generation uint64
	acting     bool
	broken     bool
	actor      uint64 // session that runs the action
	waiting    queue  // have come to this generation; wait.n: index
	early      queue  // wait.stage: 1 if it brings an action
	over       queue  // wait.stage: wire.Passage
}

func init() {
	define(wire.TypeBarrier, makeBarrier, loadBarrier, map[wire.Method]method{
		wire.BarrierWait:  {"Wait", false, barrierWait},
		wire.BarrierDone:  {"Done", false, barrierDone},
		wire.BarrierAbort: {"Abort", false, barrierAbort},
		wire.BarrierReset: {"Reset", false, barrierReset},
		wire.BarrierInfo:  {"Info", true, barrierInfo},
	})
}

func makeBarrier(c *Call) (object, error) {
	parties, limit := c.in.Int(), c.in.Int()
	if err := c.in.End(); err != nil {
		return nil, err
	}
	switch {
	case parties < 1 || parties > wire.MaxParties:
		return nil, wire.NewFault(wire.CodeCount, "manager: a barrier of %d parties", parties)
	case limit < 0:
		return nil, wire.NewFault(wire.CodeCount, "manager: a barrier with time limit %v", time.Duration(limit))
	}
	return &barrier{parties: int(parties), limit: time.Duration(limit)}, nil
}

func loadBarrier(_ *Host, r *wire.Reader) (object, error) {
	o := &barrier{parties: int(r.Int()), limit: time.Duration(r.Int()), generation: r.Uint(), acting: r.Bool(), broken: r.Bool(), actor: r.Uint()}
	return o, r.Err()
}

func (o *barrier) save(b []byte) []byte {
	b = wire.AppendInt(wire.AppendInt(b, int64(o.parties)), int64(o.limit))
	b = wire.AppendBool(wire.AppendBool(wire.AppendUint(b, o.generation), o.acting), o.broken)
	return wire.AppendUint(b, o.actor)
}

func (o *barrier) queues() []*queue { return []*queue{&o.waiting, &o.early, &o.over} }

func (o *barrier) info() string {
	switch {
	case o.broken:
		return "broken"
	case o.acting:
		return fmt.Sprintf("all %d are there, the last one acts", o.parties)
	}
	return fmt.Sprintf("%d of %d are there", o.waiting.n, o.parties)
}

func barrierWait(c *Call) error {
	o := c.e.object.(*barrier)
	acts := c.in.Bool()
	if err := c.in.End(); err != nil {
		return err
	}
	if o.broken {
		c.out = o.answer(c.out, wire.PassageBroken, 0)
		return nil
	}
	behind := o.acting || o.early.n > 0
	if !behind && o.waiting.n == o.parties-1 {
		o.join(c.h, c.e, c.s)
		c.out = o.last(c.out, c.h, c.e, c.s, acts)
		return nil
	}
	if !behind && c.deadline < 0 {
		o.join(c.h, c.e, c.s)
		o.breaks(c.h, c.e)
		c.out = o.answer(c.out, wire.BrokenCancelled, 0)
		return nil
	}
	if o.limit > 0 && (c.deadline == 0 || c.deadline > int64(o.limit)) {
		c.deadline = int64(o.limit)
	}
	w, err := c.register()
	if err != nil {
		return err
	}
	o.join(c.h, c.e, c.s)
	if behind {
		w.stage = bit(acts)
		o.early.push(w)
		return errWaits
	}
	o.come(w)
	return errWaits
}

// join makes s one that takes part.
func (o *barrier) join(h *Host, e *entry, s *session) {
	if s.leases[e.id] == 0 {
		h.lease(s, e)
	}
}

// come lets w wait as one of this generation.
func (o *barrier) come(w *wait) {
	w.n = uint64(o.waiting.n)
	w.take()
	o.waiting.push(w)
}

// last lets the last party come, which is of s, and appends its answer.
func (o *barrier) last(b []byte, h *Host, e *entry, s *session, acts bool) []byte {
	if acts {
		o.acting, o.actor = true, s.id
		return o.answer(b, wire.PassedLast, uint64(o.parties-1))
	}
	b = o.answer(b, wire.Passed, uint64(o.parties-1))
	o.end(h, e, wire.Passed)
	return b
}

// answer appends what a Wait gives.
func (o *barrier) answer(b []byte, how wire.Passage, index uint64) []byte {
	return wire.AppendUint(wire.AppendUint(append(b, byte(how)), index), o.generation)
}

// end ends the generation, for all who have come to it.
func (o *barrier) end(h *Host, e *entry, how wire.Passage) {
	o.generation++
	o.acting, o.actor = false, 0
	for o.waiting.n > 0 {
		w := o.waiting.first
		w.take()
		w.stage = byte(how)
		o.over.push(w)
	}
	if o.over.n > 0 || o.early.n > 0 {
		h.propose(wire.Grant, e.id)
	}
}

// breaks ends the generation for all who have come, and for who comes until Reset.
func (o *barrier) breaks(h *Host, e *entry) {
	if !o.broken {
		o.broken = true
		o.end(h, e, wire.PassageBroken)
	}
}

func barrierDone(c *Call) error {
	o := c.e.object.(*barrier)
	generation, good := c.in.Uint(), c.in.Bool()
	if err := c.in.End(); err != nil {
		return err
	}
	mine := o.acting && o.actor == c.s.id && o.generation == generation
	switch {
	case mine && good:
		o.end(c.h, c.e, wire.Passed)
	case mine:
		o.breaks(c.h, c.e)
	}
	c.out = wire.AppendBool(c.out, mine && good)
	return nil
}

func barrierAbort(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	c.e.object.(*barrier).breaks(c.h, c.e)
	return nil
}

func barrierReset(c *Call) error {
	if err := c.in.End(); err != nil {
		return err
	}
	o := c.e.object.(*barrier)
	o.breaks(c.h, c.e)
	o.broken = false
	return nil
}

func barrierInfo(c *Call) error {
	o := c.e.object.(*barrier)
	if err := c.in.End(); err != nil {
		return err
	}
	there := o.waiting.n
	if o.acting {
		there = o.parties
	}
	c.out = wire.AppendInt(wire.AppendInt(c.out, int64(o.parties)), int64(o.limit))
	c.out = wire.AppendBool(wire.AppendBool(wire.AppendUint(c.out, uint64(there)), o.acting), o.broken)
	c.out = wire.AppendUint(c.out, o.generation)
	return nil
}

func (o *barrier) grant(h *Host, e *entry) {
	for o.over.n > 0 {
		w := o.over.first
		h.finish(w, o.answer(nil, wire.Passage(w.stage), w.n), nil)
	}
	for o.early.n > 0 && !o.acting {
		w := o.early.first
		switch acts := w.stage == 1; {
		case o.broken:
			h.finish(w, o.answer(nil, wire.PassageBroken, 0), nil)
		case o.waiting.n == o.parties-1:
			h.finish(w, o.last(nil, h, e, w.s, acts), nil)
		default:
			o.come(w)
		}
	}
}

// giveUp breaks the barrier if w has come and is not over.
func (o *barrier) giveUp(h *Host, w *wait, fault *wire.Fault) {
	how := wire.Passage(w.stage)
	switch w.q {
	case &o.early:
		h.finish(w, nil, fault)
		return
	case &o.waiting:
		o.breaks(h, w.e)
		switch fault.Code {
		case wire.CodeTimedOut:
			how = wire.BrokenTimedOut
		case wire.CodeCancelled:
			how = wire.BrokenCancelled
		default:
			h.finish(w, nil, fault)
			return
		}
	}
	h.finish(w, o.answer(nil, how, w.n), nil)
}

func (o *barrier) leave(h *Host, e *entry, _ *session) { o.breaks(h, e) }

// left: nobody waits for that session any more.
func (o *barrier) left(h *Host, e *entry, s *session) {
	endWaits(h, e, s)
	if o.acting && o.actor == s.id {
		o.breaks(h, e)
	}
	if s.leases[e.id] > 0 {
		h.unlease(s, e)
	}
}
