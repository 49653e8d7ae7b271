package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// sweep is disownWaiters of package shm: Old is the process that died.
func (x condStepper) sweep() {
	me := x.me()
	switch me.PC {
	case condIdle:
		for p := range condWaiters {
			if t := x.s.T[p]; t.Dead && !t.Swept {
				y := x
				*y.me() = condThread{Old: uint8(p)}
				y.to(condSweep)
			}
		}
	case condSweep:
		if int(me.At) == len(x.s.Cells) {
			me.Then = condUnlock
			x.to(condPassLeft)
			return
		}
		at := me.At
		me.At++
		if !x.move(at, word.CondDisown(x.cell(at), condID(int(me.Old)))) {
			x.to(condSweep)
			return
		}
		if x.freesDead {
			x.s.Cells[at] = condCell{}
		}
		if word.CondOwnerless(x.cell(at)) {
			me.Then = condSweep
			x.to(condRaise)
			return
		}
		x.to(condSweep)
	case condUnlock: // passed on
		x.s.T[me.Old].Swept = true
		*me = condThread{}
		x.to(condIdle)
	}
}

// passOn is waiters.passOn of package shm.
func (x condStepper) passOn() {
	me := x.me()
	switch me.PC {
	case condRaise:
		if x.s.Left++; me.Then == condSweep {
			x.to(condSweep)
			return
		}
		x.to(condPassLeft)
	case condPassLeft:
		me.Seen, me.At, me.Remains = x.s.Left, 0, false
		x.to(condPassLook)
	case condPassLook:
		x.passLook()
	case condPassMove:
		x.passMove()
	case condPassWake:
		x.wake(me.Target)
		me.At++
		x.to(condPassLook)
	case condPassEnd:
		if x.s.Left != me.Seen {
			x.to(condPassLeft)
			return
		}
		x.s.Left = 0
		x.to(me.Then)
	}
}

const condNobody = 255

// passLook decides about one cell.
func (x condStepper) passLook() {
	me := x.me()
	if int(me.At) == len(x.s.Cells) {
		switch {
		case me.Remains && me.Seen == 0:
			x.to(condRaise)
		case me.Remains || me.Seen == 0:
			x.to(me.Then)
		default:
			x.to(condPassEnd)
		}
		return
	}
	me.W = x.s.Cells[me.At]
	if !word.CondOwnerless(me.W.word()) {
		me.At++
		x.to(condPassLook)
		return
	}
	able := false
	me.Target = condNobody
	for i, c := range x.s.Cells {
		ticket, waits := word.CondWaits(c.word())
		if !waits || !word.CondFor(me.W.word(), ticket) {
			continue
		}
		able = true
		if uint64(c.State) == layout.CondAsleep && (me.Target == condNobody || layout.CondOlder(ticket, uint32(me.X.Stamp))) {
			me.Target, me.X = uint8(i), c
		}
	}
	if me.Target == condNobody && able || able && x.noNudge {
		me.Remains = true // that one looks before it sleeps
		me.At++
		x.to(condPassLook)
		return
	}
	me.Remains = me.Remains || able
	x.to(condPassMove)
}

func (x condStepper) passMove() {
	me := x.me()
	if me.Target == condNobody {
		if x.s.Cells[me.At] != me.W {
			x.to(condPassLeft)
			return
		}
		x.s.Wrong = x.s.able(me.W.word())
		x.s.Ended++
		x.move(me.At, word.CondForget(me.W.word()))
		me.At++
		x.to(condPassLook)
		return
	}
	if x.s.Cells[me.Target] != me.X || !x.move(me.Target, word.CondNudge(me.X.word())) {
		x.to(condPassLeft)
		return
	}
	x.to(condPassWake)
}
