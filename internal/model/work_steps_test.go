package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// The model of the wait group: workers that begin units and complete them, one waiter,
// and a sweep of the dead; package work and the loop of package sync a step at a time.
// In one variant they add units, too.

const (
	workers  = 2
	waiter   = workers     // the thread that waits, in a process that lives
	sweeper  = workers + 1 // the thread that sweeps slots of the dead
	workSize = workers + 2
	slots    = 2
	nowhere  = slots // of a worker that is not there
)

// workPC is what a thread does next. Each is one atomic step.
type workPC uint8

const (
	wIdle        workPC = iota
	addOne              // add a unit, in one step
	beginWord           // load the word
	beginCell           // load the own cell
	beginSwap           // compare-and-swap the word
	finishCell          // load the cell of the Begin in F
	finishWord          // is the word still F?
	finishShow          // compare-and-swap the cell
	finishEnd           // compare-and-swap the word
	doneCell            // load the own cell
	doneSwap            // compare-and-swap it
	settled             // is W set?
	idleWord            // load the word
	idleCell            // load the next cell
	idleAgain           // is the word still the same?
	wokenWord           // load the word
	wokenSwap           // compare-and-swap: without W
	wakeAll             // wake the waiter
	announceWord        // load the word
	announceAdd         // compare-and-swap: with W
	lookCell            // load the next cell
	lookAsk             // is the process of that slot dead?
	lookLose            // compare-and-swap: lost
	fallAsleep          // the kernel compares
	wAsleep             // wait
	over                // Wait has returned
	sweepWord           // load the word, finish what is in it
	sweepCell           // load the cell
	sweepLose           // compare-and-swap: lost
	wGone               // killed
)

// workThread is one thread: where it is and what it has in its registers.
type workThread struct {
	PC, Ret  workPC // Ret: where to go on after finishing, or when there is work left
	W, C, F  uint64 // word, cell, word with the Begin to finish
	I        uint8  // next cell
	Dead     uint8  // sweeper: slot + 1
	Left     uint8  // workers: units still to do
	Woken    bool   // waiter: there was a wake-up since it looked
	Rechecks bool   // waiter: it looks once more before it sleeps

	Announced uint32 // waiter: low half of the word to sleep on
}

// workState is a state of the model.
type workState struct {
	T     [workSize]workThread
	Word  uint64
	Cells [slots]uint64
	Up    [slots]bool
	Kills uint8

	// Ghosts.
	Begun  [slots]int8 // units of the process in the slot
	Done   int8
	Added  int8
	Quiet  bool // since the waiter began to look there was an instant without work
	Lost   int8
	Debt   bool        // somebody was killed who owed a wake-up
	Astray bool        // a worker did not find the unit that it had begun
	Hasty  bool        // Wait returned while there was work
	Dying  [slots]bool // not swept yet
}

// workVariant is the algorithm, with what is wrong with it.
type workVariant struct {
	of      [workers]uint8 // slot of each worker
	units   uint64
	rounds  uint8 // units that each worker does
	kills   uint8
	adds    bool // each worker adds a unit first
	restart bool // new processes come into the slots of the dead

	cellFirst, noTag, askFirst, onceOnly, noRecheck, noWake bool
}

type workStepper struct {
	*workVariant
	s    workState // by value: each step starts from it
	t    int
	emit func(who int, what string, next workState)
}

func (x *workStepper) me() *workThread { return &x.s.T[x.t] }

func (x *workStepper) to(what string, pc workPC) {
	me := x.me()
	if me.PC = pc; pc == wIdle && me.Left > 0 {
		me.Left--
		me.PC = x.first()
	}
	me.forget(x.cellFirst)
	x.s.Quiet = (x.s.Quiet || x.s.left(x.units) == 0) && x.adds
	x.emit(x.t, what, x.s)
}

// forget clears the registers that nobody reads any more, so that fewer states differ.
func (t *workThread) forget(cellFirst bool) {
	w, c, f, i, ret := t.W, t.C, t.F, t.I, t.Ret
	t.W, t.C, t.F, t.I, t.Ret = 0, 0, 0, 0, 0
	switch t.PC {
	case beginCell:
		if !cellFirst {
			t.W = w
		}
	case beginWord:
		if cellFirst {
			t.C = c
		}
	case beginSwap:
		t.W, t.C = w, c
	case finishCell, finishEnd:
		t.F, t.Ret = f, ret
	case finishWord, finishShow:
		t.F, t.C, t.Ret = f, c, ret
	case doneSwap, sweepLose:
		t.C = c
	case idleCell, idleAgain:
		t.W, t.I = w, i
	case wokenSwap, announceAdd:
		t.W = w
	case lookCell, lookAsk, lookLose:
		t.W, t.I, t.C = uint64(uint32(w)), i, c
		if t.PC == lookCell {
			t.C = 0
		}
	}
	if t.PC == wAsleep || t.PC == announceWord || t.PC == over {
		t.Announced, t.Rechecks = 0, false
	}
}

func (x *workStepper) first() workPC {
	if x.cellFirst {
		return beginCell
	}
	return beginWord
}

func (x *workStepper) slot() uint8 { return x.of[x.t] }

// finish makes the thread finish the Begin in w, and go on at ret.
func (x *workStepper) finish(what string, w uint64, ret workPC) {
	me := x.me()
	me.F, me.Ret = w, ret
	x.to(what, finishCell)
}

// swap is a compare-and-swap of the word.
func (x *workStepper) swap(next uint64) bool {
	if x.s.Word != x.me().W {
		return false
	}
	x.s.Word = next
	return true
}

func (x *workStepper) step() {
	switch me := x.me(); me.PC {
	case addOne:
		move := word.WorkAdd(x.s.Word, 1)
		if move.Verdict == word.WorkBusy {
			x.finish("Add: busy", x.s.Word, addOne)
			return
		}
		x.s.Word = move.Next
		x.s.Added++
		x.to("Add", x.first())
	case beginWord, beginCell, beginSwap:
		x.beginning()
	case finishCell, finishWord, finishShow, finishEnd:
		x.finishing()
	case doneCell:
		me.C = x.s.Cells[x.slot()]
		x.to("Done: load", doneSwap)
	case doneSwap:
		x.completing()
	case settled, wokenWord, wokenSwap, wakeAll:
		x.settling()
	case idleWord, idleCell, idleAgain:
		x.idling()
	case sweepWord, sweepCell, sweepLose:
		x.sweeping()
	case announceWord, announceAdd, lookCell, lookAsk, lookLose, fallAsleep:
		x.waiting()
	}
}

func (x *workStepper) beginning() {
	me := x.me()
	switch me.PC {
	case beginCell:
		me.C = x.s.Cells[x.slot()]
		if x.cellFirst {
			x.to("Begin: load cell", beginWord)
		} else {
			x.to("Begin: load cell", beginSwap)
		}
	case beginWord:
		me.W = x.s.Word
		switch {
		case me.W&layout.WorkBegin != 0:
			x.finish("Begin: busy", me.W, x.first())
		case me.W&layout.WorkOpen == 0:
			me.Left = 0
			x.to("Begin: no work", wIdle)
		case x.cellFirst:
			x.to("Begin: load", beginSwap)
		default:
			x.to("Begin: load", beginCell)
		}
	case beginSwap:
		move := word.WorkBegin(me.W, me.C, uint32(x.slot()))
		if !x.swap(move.Next) {
			x.to("Begin: swap fails", x.first())
			return
		}
		x.s.Begun[x.slot()]++
		x.finish("Begin: swap", move.Next, doneCell)
	}
}

func (x *workStepper) finishing() {
	me := x.me()
	cell := &x.s.Cells[layout.WorkSlot(me.F)]
	switch me.PC {
	case finishCell:
		me.C = *cell
		x.to("finish: load cell", finishWord)
	case finishWord:
		if x.s.Word != me.F {
			x.to("finish: finished", me.Ret)
			return
		}
		x.to("finish: compare", finishShow)
	case finishShow:
		move := word.WorkShow(me.F, me.C)
		if x.noTag {
			move = word.WorkMove{Next: me.C + 1}
		}
		switch {
		case move.Verdict == word.WorkNone:
			x.to("finish: shown", finishEnd)
		case *cell != me.C:
			x.to("finish: swap fails", finishCell)
		default:
			*cell = move.Next
			x.to("finish: show", finishEnd)
		}
	case finishEnd:
		if x.s.Word == me.F {
			x.s.Word = word.WorkFinished(me.F).Next
		}
		x.to("finish: end", me.Ret)
	}
}

func (x *workStepper) completing() {
	me, cell := x.me(), &x.s.Cells[x.slot()]
	move := word.WorkEnd(me.C)
	switch {
	case move.Verdict == word.WorkNone:
		x.s.Astray = true
		x.to("Done: none", wIdle)
	case *cell != me.C:
		x.to("Done: swap fails", doneCell)
	default:
		*cell = move.Next
		x.s.Done++
		x.s.Begun[x.slot()]--
		if x.noWake {
			x.to("Done: swap", wIdle)
			return
		}
		x.to("Done: swap", settled)
	}
}

// settling is Group.Settled, and the wake-up.
func (x *workStepper) settling() {
	me := x.me()
	switch me.PC {
	case settled:
		if x.s.Word&layout.WorkWaiters == 0 {
			x.to("settled: nobody waits", wIdle)
			return
		}
		me.Ret = wIdle
		x.to("settled: somebody waits", idleWord)
	case wokenWord:
		if me.W = x.s.Word; me.W&layout.WorkBegin != 0 {
			x.finish("woken: busy", me.W, wokenWord)
			return
		}
		x.to("woken: load", wokenSwap)
	case wokenSwap:
		if !x.swap(word.WorkWoken(me.W).Next) {
			x.to("woken: swap fails", wokenWord)
			return
		}
		x.to("woken: swap", wakeAll)
	case wakeAll:
		x.s.rouse()
		x.to("wake", wIdle)
	}
}

func (s *workState) rouse() {
	if w := &s.T[waiter]; w.PC == wAsleep {
		w.PC, w.Woken = idleWord, false
	}
}
