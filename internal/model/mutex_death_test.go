package model_test

import (
	"slices"

	"shmkit/internal/word"
)

// steps emits what anybody may do in s.
func (v *variant) steps(s state, found func(int, string, state)) {
	emit := func(who int, what string, next state) {
		next.Debt = next.Debt && slices.ContainsFunc(next.T[:], func(t thread) bool { return t.PC == asleep })
		found(who, what, next)
	}
	for t := range s.T {
		if s.T[t].PC != gone {
			stepper{v, s, t, emit}.step()
		}
		if s.T[t].PC == asleep && s.T[t].Dying {
			next := s
			next.rouse(t)
			emit(t, "the short sleep ends", next)
		}
	}
	for p := range s.P {
		v.fate(s, p, emit)
	}
}

// fate emits what may happen to process p: SIGKILL, and what the kernel does then;
// a new process in its slot.
func (v *variant) fate(s state, p int, emit emitter) {
	q := &s.P[p]
	switch q.Phase {
	case up:
		if s.Left--; s.Left == 255 {
			return
		}
		// Threads stop one by one while the keeper dies: either all before it, or
		// some of them after.
		if v.mayStop(&s, p) {
			next := s
			next.P[p].Phase = stopped
			v.stop(&next, p, -1)
			emit(p, "SIGKILL", next)
		}
		next := s
		next.P[p].Phase = dying
		v.announced(next, p, "SIGKILL, announced", emit)
	case dying:
		for t := range s.T {
			if int(v.of[t]) != p || s.T[t].PC == gone || !v.mayOwe && s.owes(t) {
				continue
			}
			next := s
			v.stop(&next, p, t)
			emit(t, "stops", next)
		}
	case stopped:
		next := s
		next.P[p].Phase = ending
		v.announced(next, p, "announced", emit)
	case ending:
		q.Phase = dead
		emit(p, "byte released", s)
	case dead:
		if !s.remembers(ownerCode(uint8(p), 3-q.Generation)) {
			q.Phase = starting
			s.T[v.first(p)] = thread{PC: orphan}
			emit(p, "starts again", s)
		}
	case starting:
		if t := v.first(p); s.Left > 0 && (v.mayOwe || !s.owes(t)) {
			s.Left--
			q.Phase = dead
			s.Debt = s.Debt || s.owes(t)
			s.T[t] = thread{PC: gone}
			emit(p, "SIGKILL at start", s)
		}
	}
}

// remembers tells whether some register holds owner. A generation comes again after
// a million others; in the model after one, but not as long as somebody has seen it.
func (s *state) remembers(owner code) bool {
	for _, t := range s.T {
		if t.W&codeMask == owner || t.Dead == owner {
			return true
		}
	}
	return false
}

func (v *variant) first(p int) int {
	for t, q := range v.of {
		if int(q) == p {
			return t
		}
	}
	return 0
}

// owes tells whether others sleep because thread t is going to wake one of them, is
// the one that was woken, or is the one whom the kernel will wake.
func (s *state) owes(t int) bool {
	switch x := s.T[t]; x.PC {
	case wake, giveUp, herald, orphanW:
		return true
	case gone, idle:
		return false
	case asleep:
		return x.Woken || s.lookout(t)
	default:
		return x.Woken
	}
}

// lookout tells whether t alone sleeps on the death word of the holder, for others
// who sleep on that of a holder before.
func (s *state) lookout(t int) bool {
	slot, _, ok := s.Word.owner()
	others := false
	for i, x := range s.T {
		if i != t && x.PC == asleep {
			if x.On == slot+1 {
				return false
			}
			others = true
		}
	}
	return ok && others && s.T[t].On == slot+1
}

func (v *variant) mayStop(s *state, p int) bool {
	for t := range s.T {
		if int(v.of[t]) == p && s.owes(t) && !v.mayOwe {
			return false
		}
	}
	return true
}

// stop ends thread t of process p, or all of them if t is -1.
func (v *variant) stop(s *state, p, t int) {
	left := 0
	for i := range s.T {
		switch {
		case int(v.of[i]) != p || s.T[i].PC == gone:
		case t >= 0 && i != t:
			left++
		default:
			s.Debt = s.Debt || s.owes(i)
			s.T[i] = thread{PC: gone}
		}
	}
	if left > 0 {
		return
	}
	if s.P[p].Phase == dying {
		s.P[p].Phase = ending
	}
	if s.Word&codeMask == ownerCode(uint8(p), s.P[p].Generation) {
		s.Dirty = true // it died inside
	}
}

// announced: the kernel writes the death word and wakes one of those who sleep on it.
func (v *variant) announced(s state, p int, what string, emit emitter) {
	s.P[p].Death = deathDied
	any := false
	for t := range s.T {
		if s.T[t].PC == asleep && int(s.T[t].On) == p+1 {
			any = true
			next := s
			next.rouse(t)
			next.T[t].Woken = true
			emit(p, what, next)
		}
	}
	if !any {
		emit(p, what, s)
	}
}

// attach is a new process that takes the slot of a dead one: the sweep, then in.
func (x stepper) attach() {
	me := x.me()
	p := int(x.of[x.t])
	q := &x.s.P[p]
	old := x.self()
	switch me.PC {
	case orphan:
		if me.W = x.s.Word; x.orphan(me.W.word(), old).Verdict == word.NotHeld {
			me.W = 0
			x.to("sweep: not held", clear)
			return
		}
		x.to("sweep: load", orphaned)
	case orphaned:
		move := x.orphan(me.W.word(), old)
		if !x.swap(me.W, move) {
			me.W = 0
			x.to("sweep: CAS fails", orphan)
			return
		}
		me.W, me.Kind = 0, many(move.Wake)
		if me.Kind == 0 {
			x.to("sweep: orphaned", clear)
		} else {
			x.to("sweep: orphaned", orphanW)
		}
	case orphanW:
		me.Kind = 0
		x.wakeUp(1, clear)
	case clear:
		q.Death = deathNone
		x.to("sweep: clear death word", enter)
	case enter:
		*q = process{Phase: up, Generation: 3 - q.Generation, Death: deathTID}
		for t := range x.s.T {
			if int(x.of[t]) == p {
				x.s.T[t] = thread{}
			}
		}
		x.to("attached", idle)
	}
}
