package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// variant is the mutex, or a broken one.
type variant struct {
	lock       func(w, self uint32, owner word.Owner, slept bool) word.Move
	unlock     func(w, self uint32) word.Move
	consistent func(w, self uint32) word.Move
	abandon    func(w, self uint32) word.Move
	orphan     func(w, owner uint32) word.Move

	of [threads]uint8 // process of each thread, or nowhere

	lateOwner  bool // the owner is stored after the compare-and-swap
	blindSleep bool // the kernel does not compare
	lateAim    bool // the death word to sleep on is loaded after it was asked who is alive
	forgetful  bool // slept is not kept
	noPass     bool // who gives up wakes nobody
	trusting   bool // an announced death is taken for a proof

	hungry bool // somebody may be hungry: W may stay set at Unlock, and a free lock may be left to another
	tries  bool // they call TryLock too
	mayOwe bool // processes may be killed that owe a wake-up
}

var whole = variant{
	lock: word.MutexLock, unlock: word.MutexUnlock, consistent: word.MutexConsistent,
	abandon: word.MutexAbandon, orphan: word.MutexOrphan,
	of: [threads]uint8{0, 1, 2},
}

// Kinds of change.
const (
	toUnlock uint8 = iota
	toRepair
	toAbandon
)

// emitter takes the states that steps lead to.
type emitter func(who int, what string, next state)

// stepper makes the steps of thread t in state s.
type stepper struct {
	*variant
	s    state
	t    int
	emit emitter
}

func (v *variant) self(s *state, t int) uint32 {
	p := v.of[t]
	return layout.Owner(uint32(p), uint32(s.P[p].Generation))
}

func (x *stepper) me() *thread  { return &x.s.T[x.t] }
func (x *stepper) self() uint32 { return x.variant.self(&x.s, x.t) }

// to ends a step: the thread goes on at p.
func (x stepper) to(what string, p pc) {
	me := x.me()
	me.PC = p
	switch p {
	case idle:
		*me = thread{}
	case inside:
		*me = thread{PC: inside, Told: me.Told}
	case look:
		me.W, me.Dying, me.On = 0, false, 0
	}
	x.emit(x.t, what, x.s)
}

// swap is a compare-and-swap of the word.
func (x *stepper) swap(from code, move word.Move) bool {
	if x.s.Word != from {
		return false
	}
	x.s.Word = codeOf(move.Next)
	if x.s.Word&codeMask == codeBad || x.s.Word&codeMask == 0 && x.s.Word&codeD != 0 {
		x.s.Wrong = impossible
	}
	return true
}

// step emits what thread t can do.
func (x stepper) step() {
	me := x.me()
	switch me.PC {
	case idle:
		x.begin(false)
		if x.tries {
			x.begin(true)
		}
	case publish:
		x.s.Word = x.s.Word&codeW | codeOf(x.self())
		x.to("store owner", inside)
	case inside:
		x.leave()
	case change, commit, wake:
		x.changing()
	case orphan, orphaned, orphanW, clear, enter:
		x.attach()
	default:
		x.locking()
	}
}

// begin is the fast path of Lock and TryLock.
func (x stepper) begin(try bool) {
	move := word.Move{Next: x.self(), Verdict: word.Taken}
	if x.lateOwner {
		move.Next = layout.MutexUnusable ^ layout.MutexDied // somebody, no one knows who
	}
	if x.s.Word == 0 {
		x.s.Word = codeOf(move.Next)
		if x.lateOwner {
			x.s.Word = codeBad
			x.acquired(word.Taken)
			x.to("CAS 0 to nobody", publish)
			return
		}
		x.acquired(word.Taken)
		x.to("fast lock", inside)
		return
	}
	x.me().Try = try
	x.to(map[bool]string{false: "Lock", true: "TryLock"}[try], look)
}

// acquired checks what the one who has just got the lock was told.
func (x *stepper) acquired(v word.Verdict) {
	told := v == word.TakenOver
	switch {
	case x.s.Ruin:
		x.s.Wrong = afterRuin
	case x.s.Dirty && !told:
		x.s.Wrong = untold
	case told && !x.s.Dirty:
		x.s.Wrong = toldTwice
	}
	me := x.me()
	me.Told, me.Woken = told, false
}

// leave is what the holder may do: unlock, say that it has repaired, or abandon.
func (x stepper) leave() {
	if y := x; x.s.Word == codeOf(x.self()) {
		y.s.Word = 0
		y.to("fast unlock", idle)
	} else {
		y.me().Kind = toUnlock
		y.to("Unlock", change)
	}
	if x.me().Told {
		for kind, name := range map[uint8]string{toRepair: "MarkConsistent", toAbandon: "abandon"} {
			y := x
			y.me().Kind = kind
			y.to(name, change)
		}
	}
}

// changing is the slow path of Unlock, MarkConsistent and abandon.
func (x stepper) changing() {
	me := x.me()
	decide := []func(w, self uint32) word.Move{x.unlock, x.consistent, x.abandon}
	switch me.PC {
	case change:
		me.W = x.s.Word
		if decide[me.Kind](me.W.word(), x.self()).Verdict == word.NotHeld {
			x.s.Wrong = lostLock
		}
		x.to("load", commit)
	case commit:
		if y := x; x.hungry && me.Kind == toUnlock {
			y.committing(word.MutexPass(me.W.word(), x.self()))
		}
		x.committing(decide[me.Kind](me.W.word(), x.self()))
	case wake:
		x.wakeUp(me.Kind, idle)
	}
}

// committing is the compare-and-swap to what was decided.
func (x stepper) committing(move word.Move) {
	me := x.me()
	if !x.swap(me.W, move) {
		me.W = 0
		x.to("CAS fails", change)
		return
	}
	switch move.Verdict {
	case word.Repaired:
		x.s.Dirty, me.Told = false, false
		x.to("CAS: repaired", inside)
		return
	case word.Ruined:
		x.s.Ruin, x.s.Dirty = true, false
	}
	*me = thread{Kind: many(move.Wake)}
	if me.Kind == 0 {
		x.to("CAS: given back", idle)
	} else {
		x.to("CAS: given back", wake)
	}
}

// many is the number to wake, in 8 bits.
func many(n int) uint8 { return uint8(min(n, threads)) }

// wakeUp wakes n sleepers on the word: if it is one, any of them.
func (x stepper) wakeUp(n uint8, then pc) {
	if n > 1 {
		for i := range x.s.T {
			if x.s.T[i].PC == asleep {
				x.s.rouse(i)
			}
		}
		x.to("wake all", then)
		return
	}
	any := false
	for i := range x.s.T {
		if x.s.T[i].PC == asleep {
			any = true
			y := x
			y.s.rouse(i)
			y.s.T[i].Woken = true
			y.to("wake one", then)
		}
	}
	if !any {
		x.to("wake nobody", then)
	}
}

// rouse ends the sleep of thread i.
func (s *state) rouse(i int) {
	t := &s.T[i]
	t.PC, t.W, t.Slept, t.Recheck, t.Dying, t.On = look, 0, true, false, false, 0
}
