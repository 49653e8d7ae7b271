package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// rwVariant is the RWMutex, or a broken one.
type rwVariant struct {
	lookFirst   bool // a reader looks at the word before it is counted
	noRing      bool // who gives the word back does not look at the bell again
	lateGrant   bool // readers are let in after the word was given back
	noPass      bool // who was told of a death by the kernel tells nobody
	lateLook    bool // the bell is read after the word was looked at
	noDrain     bool // who takes over does not wait for readers
	deadFree    bool // a dead writer is no writer
	deafDrain   bool // the writer does not sleep on death words
	noLeaveWake bool // who leaves last wakes nobody
	noCheck     bool // a reader that waits does not look whether it was let in
	blindSleep  bool // the kernel does not compare the bell
	earlyCheck  bool // whether a reader was let in is looked at before the word
}

type rwStepper struct {
	*rwVariant
	s    rwState
	p    uint8
	emit func(int, string, rwState)
}

func (x *rwStepper) me() *rwThread { return &x.s.T[x.p] }

func (x rwStepper) to(what string, pc rwPC) {
	me := x.me()
	me.PC = pc
	switch pc {
	case rwIdle:
		*me = rwThread{}
	case rwWrites:
		*me = rwThread{PC: pc, Told: me.Told}
	case rwReads:
		*me = rwThread{PC: pc}
		if x.s.Dirty {
			x.s.Wrong = rwReadsDirty
		}
	}
	x.emit(int(x.p), what, x.s)
}

func (x *rwStepper) cell(m word.CellMove) { x.s.Cells[x.p] = rwCellOf(m.Next) }

func (x *rwStepper) mine() uint64 { return x.s.Cells[x.p].word() }

// rouse ends the sleep of q.
func (s *rwState) rouse(q int) {
	t := &s.T[q]
	then := rwAnnounce
	if t.PC == rwDozing {
		then = rwDrain
	}
	if t.On > 0 && s.T[t.On-1].PC == rwGone {
		t.PC, t.Then = rwPass, then
		return
	}
	t.PC, t.On = then, 0
}

// wakeWriter wakes the writer that waits for reader p.
func (s *rwState) wakeWriter(p uint8) {
	if _, _, owned := s.Word.owner(); !owned {
		return
	}
	for q, t := range s.T {
		if t.PC == rwDozing && t.Slot == p {
			s.rouse(q)
		}
	}
}

// relay wakes all who sleep on the death word of p.
func (s *rwState) relay(p uint8) {
	for q, t := range s.T {
		if (t.PC == rwAsleep || t.PC == rwDozing) && t.On == p+1 {
			s.rouse(q)
		}
	}
}

func (s *rwState) wakeReaders() {
	for q, t := range s.T {
		if t.PC == rwAsleep {
			s.rouse(q)
		}
	}
}

func (x rwStepper) step() {
	switch x.me().PC {
	case rwIdle:
		r := x
		if r.p != rwOnlyWrites && !(r.lookFirst && r.s.Word != 0) {
			if !r.lookFirst {
				r.s.Cells[r.p] = rwCellOf(word.ReaderEnter(r.mine()))
			}
			r.to("RLock", rwLookIn)
		}
		if x.p != rwOnlyReads {
			x.to("Lock", rwTake)
		}
	case rwTake, rwDrain, rwDoze, rwWrites, rwOut, rwGrant, rwRelease, rwRing, rwRung:
		x.write()
	case rwDozing, rwAsleep, rwGone:
	default:
		x.read()
	}
	if pc := x.me().PC; pc == rwAsleep || pc == rwDrain || pc == rwDozing {
		x.giveUp()
	}
}

// giveUp: the context ends.
func (x rwStepper) giveUp() {
	me := x.me()
	me.On = 0
	if me.PC == rwAsleep {
		x.to("gives up", rwQuit)
		return
	}
	me.Bail = true
	x.to("gives up", rwOut)
}

func (x rwStepper) read() {
	me := x.me()
	switch me.PC {
	case rwLookIn:
		if x.lookFirst {
			x.s.Cells[x.p] = rwCellOf(word.ReaderEnter(x.mine()))
			x.to("counted", rwReads)
			return
		}
		me.Saw = x.s.Word
		switch word.ReaderLook(me.Saw.word(), word.Unasked) {
		case word.Taken:
			x.to("free", rwReads)
		case word.Held:
			x.to("a writer", rwWait)
		default:
			x.to("refused", rwQuit)
		}
	case rwWait:
		me.Phase = x.s.Cells[x.p].Phase
		m := word.ReaderWait(x.mine())
		x.cell(m)
		me.Waiting = true
		if m.Drained {
			x.to("waits, drained", rwWaited)
		} else {
			x.to("waits", rwAnnounce)
		}
	case rwWaited:
		x.s.wakeWriter(x.p)
		x.to("wake the writer", rwAnnounce)
	case rwAnnounce:
		x.s.Bell = rwBellOf(word.BellAnnounce(rwBellWord(x.s.Bell)))
		me.Bell, me.Saw = x.s.Bell, 0
		x.to("announce", map[bool]rwPC{true: rwCheck, false: rwLook}[x.earlyCheck])
	case rwCheck:
		if x.s.Cells[x.p].Phase != me.Phase && !x.noCheck {
			me.Saw = 0
			x.to("was let in", rwReads)
			return
		}
		if x.earlyCheck {
			x.to("not let in", rwLook)
			return
		}
		x.looked()
	case rwLook:
		me.Saw = x.s.Word
		if x.earlyCheck {
			x.looked()
			return
		}
		x.to("look", rwCheck)
	case rwCount:
		m := word.ReaderCount(x.mine(), uint16(me.Phase))
		x.cell(m)
		me.Waiting, me.Saw = false, 0
		if m.Verdict == word.Taken {
			x.to("was let in", rwReads)
			return
		}
		x.to("counted again", rwLookIn)
	default:
		x.readOn()
	}
}

// looked decides on the word that was seen.
func (x rwStepper) looked() {
	me := x.me()
	switch word.ReaderLook(me.Saw.word(), word.Unasked) {
	case word.Taken:
		x.to("free", rwCount)
	case word.Held:
		x.to("a writer", rwAsk)
	default:
		x.to("refused", rwQuit)
	}
}

func (x rwStepper) readOn() {
	me := x.me()
	switch me.PC {
	case rwAsk:
		q, _, _ := me.Saw.owner()
		if word.ReaderLook(me.Saw.word(), x.s.life(q)) == word.Sleep {
			me.On = q + 1
			x.to("lives", rwSleep)
			return
		}
		now, _, ok := x.s.Word.owner()
		switch {
		case !ok || now != q:
			x.to("dead, and not the writer", rwAnnounce)
		case x.deadFree:
			x.cell(word.ReaderCount(x.mine(), uint16(me.Phase)))
			x.to("dead: free", rwReads)
		default:
			x.to("dead", rwQuit)
		}
	case rwSleep:
		if x.lateLook {
			me.Bell = x.s.Bell
		}
		if x.s.Bell != me.Bell && !x.blindSleep || x.s.T[me.On-1].PC == rwGone {
			me.On = 0
			x.to("no sleep", rwAnnounce)
			return
		}
		x.to("sleep", rwAsleep)
	case rwPass:
		q, then := me.On-1, me.Then
		me.On, me.Then = 0, rwIdle
		if !x.noPass {
			x.s.relay(q)
		}
		x.to("wake others", then)
	case rwQuit:
		x.quit()
	case rwReads:
		m := word.ReaderLeave(x.mine())
		x.cell(m)
		if m.Verdict == word.NotHeld {
			x.s.Wrong = rwLostWord
		}
		if m.Drained && !x.noLeaveWake {
			x.to("RUnlock, drained", rwLeft)
		} else {
			x.to("RUnlock", rwIdle)
		}
	case rwLeft:
		x.s.wakeWriter(x.p)
		x.to("wake the writer", rwIdle)
	}
}

func (x rwStepper) quit() {
	me := x.me()
	if !me.Waiting {
		m := word.ReaderLeave(x.mine())
		x.cell(m)
		if m.Drained {
			x.to("leaves, drained", rwLeft)
		} else {
			x.to("leaves", rwIdle)
		}
		return
	}
	m := word.ReaderQuit(x.mine(), uint16(me.Phase))
	x.cell(m)
	if m.Verdict == word.Taken {
		x.to("was let in", rwReads)
		return
	}
	x.to("leaves", rwIdle)
}

func (x rwStepper) write() {
	me := x.me()
	self := layout.Owner(uint32(x.p), 1)
	switch me.PC {
	case rwTake:
		m, ok := x.s.take(x.p)
		if !ok {
			return
		}
		x.s.Word = codeOf(m.Next) &^ codeW
		me.Told = m.Verdict == word.TakenOver
		if x.s.Dirty && !me.Told {
			x.s.Wrong = rwUntold
		}
		if me.Told && x.noDrain {
			x.to("takes over", rwWrites)
			return
		}
		x.to("takes the word", rwDrain)
	case rwDrain:
		me.On = 0
		life := x.s.life(me.Slot)
		if word.ReaderDrain(x.s.Cells[me.Slot].word(), life) != word.Taken {
			me.On = me.Slot + 1
			x.to("a reader", rwDoze)
			return
		}
		if me.Slot++; me.Slot == rwProcesses {
			me.Slot = 0
			x.to("nobody reads", rwWrites)
			return
		}
		x.to("no reader", rwDrain)
	case rwDoze:
		if x.s.Cells[me.Slot].Active == 0 || x.s.T[me.Slot].PC == rwGone && !x.deafDrain {
			x.to("no sleep", rwDrain)
			return
		}
		if x.deafDrain {
			me.On = 0
		}
		x.to("sleep", rwDozing)
	case rwWrites:
		if me.Told {
			y := x
			y.s.Word = codeOf(word.MutexConsistent(y.s.Word.word(), self).Next)
			y.s.Dirty, y.me().Told = false, false
			y.to("MarkConsistent", rwWrites)
		}
		x.to("Unlock", rwOut)
	default:
		x.giveBack(self)
	}
}

func (x rwStepper) giveBack(self uint32) {
	me := x.me()
	switch me.PC {
	case rwOut:
		me.Slot = 0
		if x.s.Bell&rwW != 0 && !me.Told && !x.lateGrant {
			x.to("readers wait", rwGrant)
			return
		}
		x.to("no reader to let in", rwRelease)
	case rwGrant:
		m := word.ReaderGrant(x.s.Cells[me.Slot].word())
		x.s.Cells[me.Slot] = rwCellOf(m.Next)
		then := rwRelease
		if x.lateGrant {
			then = rwRing
		}
		if me.Slot++; me.Slot < rwProcesses {
			then = rwGrant
		}
		x.to("let in", then)
	case rwRelease:
		decide := word.MutexUnlock
		if me.Told && me.Bail {
			decide = word.MutexAbandon
		}
		m := decide(x.s.Word.word(), self)
		if m.Verdict == word.NotHeld {
			x.s.Wrong = rwLostWord
		}
		if m.Verdict == word.Ruined {
			x.s.Ruin, x.s.Dirty = true, false
		}
		x.s.Word = codeOf(m.Next) &^ codeW
		then := rwRing
		if x.lateGrant && x.s.Bell&rwW != 0 && !me.Told {
			me.Slot = 0
			then = rwGrant
		}
		x.to("give back", then)
	case rwRing:
		if m := word.BellRing(rwBellWord(x.s.Bell)); m.Wake > 0 && !x.noRing {
			x.s.Bell = rwBellOf(m.Next)
			x.to("ring", rwRung)
			return
		}
		x.to("nobody waits", rwIdle)
	case rwRung:
		x.s.wakeReaders()
		x.to("wake all", rwIdle)
	}
}
