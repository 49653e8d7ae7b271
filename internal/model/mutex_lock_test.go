package model_test

import (
	"shmkit/internal/word"
)

// locking is the slow path of Lock and TryLock: locking.attempt and recovered of
// package sync, a step at a time.
func (x stepper) locking() {
	me := x.me()
	switch me.PC {
	case look:
		x.looking()
	case take:
		x.taking(word.Unasked)
	case takeDead:
		x.taking(word.Dead)
	case ask:
		x.asking()
	case askByte:
		x.askingByte()
	case announce:
		move := x.lock(me.W.word(), x.self(), word.Alive, me.Slept)
		if codeOf(move.Next) != me.W && !x.swap(me.W, move) {
			x.to("CAS fails", look)
			return
		}
		me.W = codeOf(move.Next)
		x.to("announce", x.orElse(x.lateAim, aim, sleep))
	case aim:
		x.aiming()
	case sleep:
		x.sleeping()
	case asleep:
		lookout := me.Woken || x.s.lookout(x.t)
		x.s.rouse(x.t)
		me.Woken = lookout
		x.emit(x.t, "wakes for no reason", x.s)
	case giveUp:
		x.wakeUp(1, idle)
	case herald:
		x.wakeUp(1, x.orElse(me.Dead != 0, sweep, inside))
	case sweep:
		x.sweeping()
	}
}

func (x stepper) looking() {
	me := x.me()
	me.W = x.s.Word
	if y := x; x.hungry && !me.Try && me.W == codeW {
		y.me().Dying = true // as then, a short sleep
		y.to("lets another pass", sleep)
	}
	slept := me.Slept && !x.forgetful
	switch move := x.lock(me.W.word(), x.self(), word.Unasked, slept); move.Verdict {
	case word.Taken, word.TakenOver:
		x.to("load", take)
	case word.Held:
		x.to("load: held", x.orElse(!me.Try && !x.lateAim, aim, ask))
	case word.NotRecoverable:
		x.to("not recoverable", x.orElse(me.Slept && !x.noPass, giveUp, idle))
	default:
		x.s.Wrong = impossible
		x.to("corrupt", idle)
	}
}

// taking is the compare-and-swap that takes the lock.
func (x stepper) taking(owner word.Owner) {
	me := x.me()
	move := x.lock(me.W.word(), x.self(), owner, me.Slept && !x.forgetful)
	if !x.swap(me.W, move) {
		x.to("CAS fails", look)
		return
	}
	if _, _, ok := me.W.owner(); ok {
		me.Dead = me.W & codeMask
	}
	x.acquired(move.Verdict)
	me.W, me.Recheck, me.Dying, me.Try = 0, false, false, false
	what := "CAS: takes the lock"
	if move.Verdict == word.TakenOver {
		what = "CAS: takes over"
	}
	if move.Wake > 0 {
		x.to(what, herald)
	} else {
		x.to(what, x.orElse(me.Dead != 0, sweep, inside))
	}
}

// asking is the half of Liveness that makes no system call.
func (x stepper) asking() {
	me := x.me()
	slot, generation, _ := me.W.owner()
	p := x.s.P[slot]
	switch {
	case generation != p.Generation:
		x.to("ask: stale", takeDead)
	case slot == x.of[x.t], p.Death == deathTID && !me.Recheck:
		x.alive("ask: alive")
	case x.trusting && p.Death == deathDied:
		x.to("ask: died", takeDead)
	default:
		me.Dying = p.Death == deathDied
		x.to("ask: unknown", askByte)
	}
}

func (x stepper) askingByte() {
	me := x.me()
	slot, _, _ := me.W.owner()
	switch {
	case !x.s.locked(slot):
		me.Dying = false
		x.to("ask kernel: dead", takeDead)
	default:
		x.alive("ask kernel: locked")
	}
}

// alive is how Lock and TryLock go on when the holder lives.
func (x stepper) alive(what string) {
	if x.me().Try {
		x.to(what, idle)
	} else {
		x.to(what, announce)
	}
}

// locked tells whether the kernel says that the byte of process p is locked.
func (s *state) locked(p uint8) bool { return s.P[p].Phase != dead }

// aiming chooses the death word to sleep on.
func (x stepper) aiming() {
	me := x.me()
	slot, generation, _ := me.W.owner()
	me.On = 0
	if p := x.s.P[slot]; slot != x.of[x.t] && p.Death == deathTID && p.Generation == generation {
		me.On = slot + 1
	}
	x.to("aim", x.orElse(x.lateAim, sleep, ask))
}

func (x *stepper) orElse(condition bool, then, otherwise pc) pc {
	if condition {
		return then
	}
	return otherwise
}

// sleeping: the kernel lets the thread sleep if the words have their values still.
// Before that the context may have ended.
func (x stepper) sleeping() {
	me := x.me()
	y := x
	switch {
	case !me.Slept || x.noPass:
		y.to("gives up", idle)
	default:
		y.me().Woken = false
		y.to("gives up", giveUp)
	}
	changed := x.s.Word != me.W || me.On > 0 && x.s.P[me.On-1].Death != deathTID
	if changed && !x.blindSleep {
		me.Slept, me.Recheck = true, false
		x.to("does not sleep", look)
		return
	}
	me.W, me.Recheck, me.Slept = 0, false, true
	if !me.Dying { // else it looks again soon, and stays the one who was woken
		me.Woken = false
	}
	x.to("sleeps", asleep)
}

// sweeping is Object.SweepOwner: it needs the byte of the dead one's slot. The lock is
// the sweeper's by now, so of the sweep only the end matters here.
func (x stepper) sweeping() {
	me := x.me()
	slot, _, _ := me.Dead.owner()
	me.Dead = 0
	if x.s.locked(slot) || slot == x.of[x.t] {
		x.to("no sweep", inside)
		return
	}
	x.s.P[slot].Death = deathNone
	x.to("sweep", inside)
}
