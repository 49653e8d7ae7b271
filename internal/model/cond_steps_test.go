package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// condVariant is the condition, or a broken one.
type condVariant struct {
	noLook    bool // who goes to sleep does not look around
	noTidy    bool // who leaves does not pass on what it was made to look for
	keepsBoth bool // who adopts and was notified keeps both
	freesDead bool // the sweep frees notified cells
	noNudge   bool // the sweep wakes nobody
}

// condStepper makes the steps of thread i in state s.
type condStepper struct {
	*condVariant
	s    condState
	i    int
	emit func(who int, what string, next condState)
}

func (v *condVariant) steps(s condState, emit func(int, string, condState)) {
	for i := range s.T {
		if t := s.T[i]; !t.Dead && t.PC != condOver {
			x := condStepper{v, s, i, emit}
			x.step()
			x.killed()
		}
	}
}

func (x *condStepper) me() *condThread { return &x.s.T[x.i] }

func (x condStepper) to(pc condPC) {
	x.me().PC = pc
	x.emit(x.i, condNames[x.s.T[x.i].PC], x.s)
}

// killed: a waiter dies, or the sweeper is replaced.
func (x condStepper) killed() {
	me := x.me()
	if x.s.Deaths == 0 || x.i == condNotifier || me.PC == condIdle {
		return
	}
	x.s.Debt = x.s.Debt || me.PC == condPassWake
	x.s.Deaths--
	if x.i == condSweeper {
		*me = condThread{}
		x.emit(x.i, "sweeper replaced", x.s)
		return
	}
	if x.s.Lock == uint8(x.i)+1 {
		x.s.Lock = 0
	}
	*me = condThread{PC: me.PC, Dead: true}
	x.emit(x.i, "SIGKILL", x.s)
}

func (x condStepper) step() {
	switch pc := x.me().PC; {
	case pc >= condPassLeft && pc <= condRaise:
		x.passOn()
	case x.i == condNotifier:
		x.notify()
	case x.i == condSweeper:
		x.sweep()
	default:
		x.wait()
	}
}

// take takes the lock if it is free.
func (x condStepper) take(then condPC) {
	if x.s.Lock == 0 {
		x.s.Lock = uint8(x.i) + 1
		x.to(then)
	}
}

// move makes a move on a cell.
func (x *condStepper) move(cell uint8, m word.CondMove) bool {
	if m.OK {
		x.s.Cells[cell] = condCellOf(m.Next)
	}
	return m.OK
}

func (x *condStepper) cell(i uint8) uint64 { return x.s.Cells[i].word() }
func (x *condStepper) self() uint32        { return condID(x.i) }

// wake wakes who sleeps on a cell.
func (x *condStepper) wake(cell uint8) {
	for i := range condWaiters {
		if t := &x.s.T[i]; t.PC == condAsleep && !t.Dead && t.Cell == cell {
			t.PC = condLoad
		}
	}
}

// tidy goes on at then, or passes on first.
func (x condStepper) tidy(then condPC) {
	x.me().Then = then
	if x.noTidy && then != condLoad {
		x.to(then)
		return
	}
	x.to(condTidy)
}

// wait is Cond.wait of package sync, a step at a time.
func (x condStepper) wait() {
	me := x.me()
	switch me.PC {
	case condIdle:
		x.take(condClaim)
	case condClaim:
		for i := range x.s.Cells {
			if x.move(uint8(i), word.CondClaim(x.cell(uint8(i)), x.self(), uint32(x.s.Ticket))) {
				me.Cell, me.Ticket = uint8(i), x.s.Ticket
				x.s.Ticket++
				x.to(condGive)
				return
			}
		}
	case condGive:
		x.s.Lock = 0
		x.to(condLoad)
	case condLoad:
		me.W, me.At = x.s.Cells[me.Cell], 0
		switch uint64(me.W.State) {
		case layout.CondNotified:
			x.to(condRetake)
		case layout.CondLooking:
			x.to(condSay)
		default:
			x.looks()
		}
	case condSay:
		if x.s.Cells[me.Cell] != me.W {
			x.to(condLoad)
			return
		}
		x.move(me.Cell, word.CondAnnounce(x.cell(me.Cell), x.self()))
		me.W = x.s.Cells[me.Cell]
		x.looks()
	case condLook:
		x.look()
	case condSwap:
		x.swap()
	case condSleep:
		y := x
		y.to(condLeave) // the context has ended
		if x.s.Cells[me.Cell] != me.W {
			x.to(condLoad)
			return
		}
		x.to(condAsleep)
	case condAsleep:
		x.to(condLeave)
	case condLeave:
		if x.move(me.Cell, word.CondQuit(x.cell(me.Cell), x.self())) {
			x.tidy(condOver)
		} else {
			x.to(condRetake)
		}
	case condRetake:
		x.take(condDone)
	case condDone:
		if x.move(me.Cell, word.CondDone(x.cell(me.Cell), x.self())) {
			x.s.Had++
		}
		x.tidy(condUnlock)
	case condTidy:
		x.tidying()
	case condUnlock:
		x.s.Lock = 0
		x.to(condOver)
	}
}

func (x condStepper) tidying() {
	if x.s.Left != 0 {
		x.to(condPassLeft)
	} else {
		x.to(x.me().Then)
	}
}

func (x condStepper) looks() {
	if x.noLook {
		x.to(condSleep)
	} else {
		x.to(condLook)
	}
}

// look is one cell of condWait.look.
func (x condStepper) look() {
	me := x.me()
	c := x.s.Cells[me.At]
	dead := uint32(0)
	if c.Owner != 0 {
		dead = condID(int(c.Owner) - 1)
	}
	if c.Owner == 0 || x.s.T[c.Owner-1].Dead {
		if x.move(me.At, word.CondAdopt(c.word(), dead, x.self(), uint32(me.Ticket))) {
			me.Old, me.Cell = me.Cell, me.At
			x.to(condSwap)
			return
		}
	}
	if me.At++; int(me.At) == len(x.s.Cells) {
		x.to(condSleep)
		return
	}
	x.to(condLook)
}

// swap gives the other cell up.
func (x condStepper) swap() {
	me := x.me()
	if x.move(me.Old, word.CondQuit(x.cell(me.Old), x.self())) {
		x.tidy(condLoad)
		return
	}
	me.Then = condLoad
	if x.keepsBoth {
		x.move(me.Old, word.CondDone(x.cell(me.Old), x.self()))
		x.to(condLoad)
		return
	}
	x.move(me.Old, word.CondDisown(x.cell(me.Old), x.self()))
	x.to(condRaise)
}

// notify is Cond.notifyOne.
func (x condStepper) notify() {
	me := x.me()
	switch me.PC {
	case condIdle:
		if x.s.ToSend > 0 {
			x.take(condNotify)
		}
	case condNotify:
		found := false
		for i, c := range x.s.Cells {
			ticket, waits := word.CondWaits(c.word())
			if waits && !x.s.T[c.Owner-1].Dead && (!found || layout.CondOlder(ticket, uint32(me.X.Stamp))) {
				found, me.Target, me.X = true, uint8(i), c
			}
		}
		if !found {
			x.s.ToSend--
			x.tidy(condUnlock)
			return
		}
		x.to(condMark)
	case condMark:
		x.mark()
	case condWake:
		x.wake(me.Target)
		x.s.ToSend--
		x.tidy(condUnlock)
	case condTidy:
		x.tidying()
	case condUnlock:
		x.s.Lock, *me = 0, condThread{}
		x.to(condIdle)
	}
}

func (x condStepper) mark() {
	me := x.me()
	c := x.s.Cells[me.Target]
	move := word.CondNotify(c.word(), uint32(x.s.Ticket))
	if !move.OK || c.Owner != me.X.Owner || c.Stamp != me.X.Stamp {
		x.to(condNotify)
		return
	}
	x.move(me.Target, move)
	x.s.Sent++
	if move.Wake {
		x.to(condWake)
		return
	}
	x.s.ToSend--
	x.tidy(condUnlock)
}
