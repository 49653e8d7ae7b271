package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// idling is Group.Idle. Ret is where to go on if there is work.
func (x *workStepper) idling() {
	me := x.me()
	switch me.PC {
	case idleWord:
		me.I = 0
		if x.t == waiter {
			x.s.Quiet = false
		}
		switch me.W = x.s.Word; {
		case me.W&layout.WorkBegin != 0:
			// The place to go on at is known by who it is.
			x.finish("idle: busy", me.W, idleWord)
		case me.W&layout.WorkOpen != 0:
			x.to("idle: open", x.busy())
		default:
			x.to("idle: load", idleCell)
		}
	case idleCell:
		if layout.CellCount(x.s.Cells[me.I]) > 0 {
			x.to("idle: begun", x.busy())
			return
		}
		if me.I++; me.I < slots {
			x.to("idle: cell", idleCell)
		} else if x.onceOnly {
			x.isIdle()
		} else {
			x.to("idle: cell", idleAgain)
		}
	case idleAgain:
		if x.s.Word != me.W {
			x.to("idle: again", idleWord)
			return
		}
		x.isIdle()
	}
}

// busy is how a thread goes on that has found work.
func (x *workStepper) busy() workPC {
	me := x.me()
	me.I = 0
	switch {
	case x.t != waiter:
		return wIdle
	case me.Rechecks:
		return fallAsleep
	}
	return announceWord
}

func (x *workStepper) isIdle() {
	if x.t != waiter {
		x.to("idle", wokenWord)
		return
	}
	x.s.Hasty = x.s.left(x.units) > 0 && !x.s.Quiet
	x.me().Rechecks = false
	x.to("Wait returns", over)
}

// left is how many units are neither done nor lost.
func (s *workState) left(units uint64) int {
	return int(units) + int(s.Added) - int(s.Done) - int(s.Lost)
}

// waiting is the part of Wait between two looks at whether there is work. C is the cell
// that was looked at.
func (x *workStepper) waiting() {
	me := x.me()
	switch me.PC {
	case announceWord:
		me.Woken = false
		if me.W = x.s.Word; me.W&layout.WorkBegin != 0 {
			x.finish("announce: busy", me.W, announceWord)
			return
		}
		x.to("announce: load", announceAdd)
	case announceAdd:
		next := word.WorkAnnounce(me.W).Next
		if !x.swap(next) {
			x.to("announce: swap fails", announceWord)
			return
		}
		me.W, me.I, me.C = next, 0, 0
		if x.askFirst {
			x.to("announce", lookAsk)
		} else {
			x.to("announce", lookCell)
		}
	case lookCell, lookAsk, lookLose:
		x.looking()
	case fallAsleep:
		me.Rechecks = false
		if uint32(x.s.Word) != me.Announced || me.Woken {
			x.to("does not sleep", idleWord)
			return
		}
		x.to("sleeps", wAsleep)
	}
}

func (x *workStepper) looking() {
	me := x.me()
	switch me.PC {
	case lookCell:
		me.C = x.s.Cells[me.I]
		switch {
		case x.askFirst:
			x.to("look: cell", lookLose)
		case layout.CellCount(me.C) == 0:
			x.nextCell("look: none begun")
		default:
			x.to("look: cell", lookAsk)
		}
	case lookAsk:
		switch {
		case x.s.Up[me.I]:
			x.nextCell("look: alive")
		case x.askFirst:
			x.to("look: dead", lookCell)
		default:
			x.to("look: dead", lookLose)
		}
	case lookLose:
		x.lose(me.I, me.C)
		if x.askFirst {
			x.nextCell("look: lose")
			return
		}
		x.to("look: lose", lookCell)
	}
}

// nextCell goes on with the next cell, or to sleep after one more look.
func (x *workStepper) nextCell(what string) {
	me := x.me()
	if me.I++; me.I < slots {
		me.C = 0
		if x.askFirst {
			x.to(what, lookAsk)
		} else {
			x.to(what, lookCell)
		}
		return
	}
	me.I, me.C, me.Announced = 0, 0, uint32(me.W)
	if me.Rechecks = !x.noRecheck; me.Rechecks {
		x.to(what, idleWord)
	} else {
		x.to(what, fallAsleep)
	}
}

// lose is Group.LoseFrom.
func (x *workStepper) lose(slot uint8, seen uint64) {
	move := word.WorkLose(seen)
	if move.Verdict != word.WorkDone || x.s.Cells[slot] != seen {
		return
	}
	x.s.Cells[slot] = move.Next
	n := int8(layout.CellCount(seen))
	x.s.Lost += n
	x.s.Begun[slot] -= n
}

// sweeping is Group.Lose for the slot of a dead process, and Settled.
func (x *workStepper) sweeping() {
	me := x.me()
	slot := me.Dead - 1
	switch me.PC {
	case sweepWord:
		if w := x.s.Word; w&layout.WorkBegin != 0 {
			x.finish("sweep: busy", w, sweepCell)
			return
		}
		x.to("sweep: load", sweepCell)
	case sweepCell:
		me.W, me.F, me.Ret = 0, 0, 0
		if me.C = x.s.Cells[slot]; layout.CellCount(me.C) == 0 {
			me.C, me.Dead = 0, 0
			x.s.Dying[slot] = false
			if x.restart {
				x.s.enter(x.workVariant, slot)
			}
			x.to("sweep: none", settled)
			return
		}
		x.to("sweep: cell", sweepLose)
	case sweepLose:
		x.lose(slot, me.C)
		x.to("sweep: lose", sweepCell)
	}
}

// enter is a new process in slot, which the sweep has left; it begins one unit.
func (s *workState) enter(v *workVariant, slot uint8) {
	s.Up[slot] = true
	for t, of := range v.of {
		if of == slot {
			s.T[t] = workThread{PC: beginWord}
			if v.cellFirst {
				s.T[t].PC = beginCell
			}
		}
	}
}
