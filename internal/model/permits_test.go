package model_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/model"
	"shmkit/internal/word"
)

// owners is how many processes there are, of one thread each.
const owners = 4

// Where an owner is. Each step is one shared access or system call, but a load and the
// compare-and-swap after it are one step.
type ownerPC uint8

const (
	perIdle     ownerPC = iota // wants nothing
	perTry                     // take a free cell, the first time
	perAnnounce                // set W
	perTryAgain                // take a free cell
	perLook                    // look who has a cell, and take it from the dead
	perSleep                   // the kernel compares the words and lets it sleep, or not
	perAsleep                  // wait
	perGiveUp                  // its context has ended: wake another
	perTaken                   // look at W, having taken
	perWakeNext                // wake one, having taken
	perMourn                   // wake those who sleep on the death word of the dead
	perSweep                   // empty all cells of the dead, and look at W
	perSwept                   // wake all
	perHave                    // has a permit
	perChanged                 // look at W, having emptied a cell
	perWake                    // wake one, having emptied a cell
	perGone                    // killed
)

var ownerNames = strings.Fields("idle try announce tryAgain look sleep asleep giveUp taken wakeNext mourn sweep swept have " +
	"changed wake gone")

type permitOwner struct {
	PC    ownerPC
	Cell  uint8 // that it looks at
	Watch uint8 // processes whose death words it sleeps on, as bits
	Stale bool  // the word is not the one any more that it announced itself in
	Ends  bool  // its context has ended
	Dead  uint8 // process that it took the permit from, + 1
	Woken bool  // ghost: by somebody who owed that
}

const permitCells = 2

type permitState struct {
	T     [owners]permitOwner
	Cells [permitCells]uint8 // process + 1
	Told  uint8              // processes whose death was announced, as bits
	W     bool
	Left  uint8 // SIGKILLs that may still come
	Debt  bool  // ghost: somebody was killed who owed a wake-up, and some sleep since, or go to
}

func (s permitState) String() string {
	text := fmt.Sprintf("W %v cells %v", s.W, s.Cells)
	for i, t := range s.T {
		text += fmt.Sprintf(" | %c %s", 'A'+i, ownerNames[t.PC])
	}
	return text
}

// permitVariant is what is under proof, with steps left out.
type permitVariant struct {
	cells   uint8
	taken   func(seq uint32) word.Move
	changed func(seq uint32) word.Move

	blind    bool // no second look after the announcement
	careless bool // no death words
	patient  bool // no context ends
	selfish  bool // who gives up wakes nobody
}

var wholePermits = permitVariant{taken: word.PermitsTaken, changed: word.PermitsChanged}

type permitEmitter func(who int, what string, next permitState)

func (v *permitVariant) steps(s permitState, found func(int, string, permitState)) {
	emit := func(who int, what string, next permitState) {
		sleepers := false
		for _, t := range next.T {
			sleepers = sleepers || t.PC >= perTryAgain && t.PC <= perAsleep
		}
		next.Debt = next.Debt && sleepers
		found(who, what, next)
	}
	for i, t := range s.T {
		switch {
		case t.PC == perGone && s.Told&(1<<i) == 0:
			v.announced(s, i, emit)
		case t.PC == perGone:
		default:
			v.step(s, i, emit)
			if s.Left > 0 {
				next := s
				next.Left--
				next.Debt = next.Debt || s.owes(i)
				next.T[i] = permitOwner{PC: perGone}
				emit(i, "SIGKILL", next)
			}
		}
	}
}

// announced is what the kernel does: it changes the death word and wakes one sleeper.
func (v *permitVariant) announced(s permitState, i int, emit permitEmitter) {
	s.Told |= 1 << i
	s.wakeOne(i, "death of ", func(t permitOwner) bool { return t.Watch&(1<<i) != 0 }, emit, func(*permitState) {})
}

// wakeOne emits each way to wake one of those who sleep, or none if there is none.
func (s permitState) wakeOne(by int, what string, who func(permitOwner) bool, emit permitEmitter, then func(*permitState)) {
	any := false
	for k, t := range s.T {
		if t.PC == perAsleep && who(t) {
			any = true
			next := s
			next.rouse(k)
			then(&next)
			emit(by, what+"wakes "+string(rune('A'+k)), next)
		}
	}
	if !any {
		then(&s)
		emit(by, what+"wakes nobody", s)
	}
}

func (s *permitState) rouse(k int) {
	t := &s.T[k]
	*t = permitOwner{PC: perAnnounce, Ends: t.Ends, Woken: true}
}

func anybody(permitOwner) bool { return true }

// owes tells whether others sleep because i is going to wake one, was woken, or is the
// only one who would be told of a death.
func (s *permitState) owes(i int) bool {
	t := s.T[i]
	switch t.PC {
	case perGiveUp, perTaken, perWakeNext, perMourn, perSweep, perSwept, perChanged, perWake:
		return true
	case perAsleep:
		return s.lookout(i)
	}
	return t.Woken
}

func (s *permitState) lookout(i int) bool {
	for _, c := range s.Cells {
		if c == 0 || s.T[i].Watch&(1<<(c-1)) == 0 {
			continue
		}
		alone := true
		for k, t := range s.T {
			alone = alone && (k == i || t.PC != perAsleep || t.Watch&(1<<(c-1)) == 0)
		}
		if alone {
			return true
		}
	}
	return false
}

// owner is process number p + 1 of a cell, as an owner id.
func cellWord(c uint8) uint32 {
	if c == 0 {
		return 0
	}
	return layout.Owner(uint32(c-1), 1)
}

func (s *permitState) seq() uint32 {
	if s.W {
		return layout.PermitsWaiters
	}
	return 0
}

// move makes a move on the word.
func (s *permitState) move(m word.Move) {
	if bumped := m.Next&^layout.PermitsWaiters != 0; bumped {
		for k := range s.T {
			s.T[k].Stale = true
		}
	}
	s.W = m.Next&layout.PermitsWaiters != 0
}

func (v *permitVariant) step(s permitState, i int, emit permitEmitter) {
	next := s
	t := &next.T[i]
	me := uint8(i + 1)
	if !t.Ends && !v.patient && t.PC == perAnnounce {
		ended := s
		ended.T[i].Ends = true
		emit(i, "its context ends", ended)
	}
	switch t.PC {
	case perIdle:
		*t = permitOwner{PC: perTry}
		emit(i, "wants", next)
	case perTry, perTryAgain:
		v.take(next, i, emit)
	case perAnnounce:
		next.move(word.PermitsAnnounce(s.seq()))
		t.PC, t.Cell, t.Stale, t.Watch = perTryAgain, 0, false, 0
		if v.blind {
			t.PC = perLook
		}
		emit(i, "announces itself", next)
	case perLook:
		v.look(next, i, emit)
	case perSleep:
		switch {
		case t.Ends:
			t.PC = perGiveUp
		case t.Stale || t.Watch&s.Told != 0:
			*t = permitOwner{PC: perAnnounce}
		default:
			t.PC, t.Woken = perAsleep, false
		}
		emit(i, "sleeps", next)
	case perAsleep:
		if *t = (permitOwner{PC: perAnnounce, Ends: true}); !v.patient {
			emit(i, "its context ends", next)
		}
	case perGiveUp:
		idle := func(s *permitState) { s.T[i] = permitOwner{} }
		if v.selfish {
			idle(&next)
			emit(i, "gives up", next)
			return
		}
		s.wakeOne(i, "gives up, ", anybody, emit, idle)
	case perHave:
		for c := range next.Cells {
			if next.Cells[c] == me {
				next.Cells[c] = 0
			}
		}
		*t = permitOwner{PC: perChanged}
		emit(i, "empties its cell", next)
	default:
		v.after(s, i, emit)
	}
}

// take tries one cell.
func (v *permitVariant) take(next permitState, i int, emit permitEmitter) {
	t := &next.T[i]
	if m := word.PermitTake(cellWord(next.Cells[t.Cell]), cellWord(uint8(i+1)), word.Unasked); m.Verdict == word.Taken {
		next.Cells[t.Cell] = uint8(i + 1)
		t.PC, t.Cell = perTaken, 0
		emit(i, "takes a cell", next)
		return
	}
	if t.Cell++; t.Cell == v.cells {
		t.Cell = 0
		if t.PC++; t.PC == perAnnounce && t.Ends {
			*t = permitOwner{}
		}
	}
	emit(i, "finds a cell taken", next)
}

// look looks who has a cell, and takes it if that one is dead.
func (v *permitVariant) look(next permitState, i int, emit permitEmitter) {
	t := &next.T[i]
	c := next.Cells[t.Cell]
	if c == 0 && !v.blind {
		t.PC, t.Cell, t.Watch = perTryAgain, 0, 0
		emit(i, "sees a free cell", next)
		return
	}
	if c != 0 && c != uint8(i+1) {
		known := word.Alive
		if next.Told&(1<<(c-1)) != 0 {
			known = word.Dead
		}
		if word.PermitTake(cellWord(c), cellWord(uint8(i+1)), known).Verdict == word.TakenOver {
			next.Cells[t.Cell] = uint8(i + 1)
			t.PC, t.Cell, t.Dead = perTaken, 0, c
			emit(i, "takes the cell of the dead", next)
			return
		}
		if !v.careless {
			t.Watch |= 1 << (c - 1)
		}
	}
	if t.Cell++; t.Cell == v.cells {
		t.Cell, t.PC = 0, perSleep
	}
	emit(i, "looks at a cell", next)
}

// after is what one owes that has taken a permit, or given one back.
func (v *permitVariant) after(s permitState, i int, emit permitEmitter) {
	next := s
	t := &next.T[i]
	dead := t.Dead
	to := func(pc ownerPC) func(*permitState) {
		return func(s *permitState) { s.T[i] = permitOwner{PC: pc, Dead: dead} }
	}
	done := to(perHave)
	if dead != 0 {
		done = to(perMourn)
	}
	switch t.PC {
	case perTaken:
		m := v.taken(s.seq())
		next.move(m)
		if done(&next); m.Wake > 0 {
			to(perWakeNext)(&next)
		}
		emit(i, "looks at W", next)
	case perWakeNext:
		s.wakeOne(i, "", anybody, emit, done)
	case perMourn:
		for k, x := range next.T {
			if x.PC == perAsleep && x.Watch&(1<<(dead-1)) != 0 {
				next.rouse(k)
			}
		}
		to(perSweep)(&next)
		emit(i, "wakes the mourners", next)
	case perSweep:
		for c := range next.Cells {
			if next.Cells[c] == dead {
				next.Cells[c] = 0
			}
		}
		m := v.changed(s.seq())
		next.move(m)
		to(perHave)(&next)
		if m.Wake > 0 {
			next.T[i].PC = perSwept
		}
		emit(i, "sweeps", next)
	case perSwept:
		for k, x := range next.T {
			if x.PC == perAsleep {
				next.rouse(k)
			}
		}
		to(perHave)(&next)
		emit(i, "wakes all", next)
	case perChanged:
		m := v.changed(s.seq())
		next.move(m)
		to(perIdle)(&next)
		if m.Wake > 0 {
			next.T[i].PC = perWake
		}
		emit(i, "looks at W", next)
	case perWake:
		s.wakeOne(i, "", anybody, emit, to(perIdle))
	}
}

// law is nil if the laws hold in s: nobody takes a permit from the living; and there is
// no lost wake-up: it never happens that one sleeps, a permit is free or was a dead
// process's, and nobody else does anything, unless one was killed who owed a wake-up.
func (v *permitVariant) law(s permitState) error {
	var has [owners]int
	there := false
	for _, c := range s.Cells[:v.cells] {
		if c != 0 {
			has[c-1]++
		}
		there = there || c == 0 || s.Told&(1<<(c-1)) != 0
	}
	busy, sleepers := false, false
	for i, t := range s.T {
		if t.PC == perHave && has[i] != 1 {
			return errors.New("one that lives has lost its permit")
		}
		busy = busy || t.PC != perIdle && t.PC != perHave && t.PC != perAsleep && t.PC != perGone ||
			t.PC == perGone && s.Told&(1<<i) == 0
		sleepers = sleepers || t.PC == perAsleep
	}
	if !busy && sleepers && there && !s.Debt {
		return errors.New("lost wake-up: one sleeps, and a permit is there")
	}
	return nil
}

func (v permitVariant) explore(processes, cells, deaths uint8) (model.Result, *model.Broken[permitState]) {
	v.cells, v.patient = cells, processes > 3
	sys := model.System[permitState]{Start: permitState{Left: deaths}, Steps: v.steps, Law: v.law}
	for i := range sys.Start.T {
		if uint8(i) >= processes {
			sys.Start.T[i].PC = perGone
			sys.Start.Told |= 1 << i
		}
	}
	return sys.Explore(limit)
}

// Four processes do without contexts: they have states enough.
var permitSettings = []struct{ processes, cells, deaths uint8 }{{2, 1, 2}, {3, 1, 1}, {3, 2, 1}, {4, 2, 0}}

func TestPermits(t *testing.T) {
	for _, n := range permitSettings {
		if testing.Short() && n.processes > 2 || !*full && n.processes > 3 {
			continue
		}
		result, broken := wholePermits.explore(n.processes, n.cells, n.deaths)
		t.Logf("%d processes, %d permits, %d deaths: %v", n.processes, n.cells, n.deaths, result)
		if broken != nil {
			t.Error(broken)
		} else if !result.Whole {
			t.Errorf("not all states: more than %d", limit)
		}
	}
}

// The laws bite: each of these is broken, and found to be.
func TestBrokenPermits(t *testing.T) {
	if testing.Short() {
		t.Skip("explores a million states; not with -short")
	}
	for _, b := range []struct {
		name  string
		spoil func(v *permitVariant)
	}{
		{"no second look after the announcement", func(v *permitVariant) { v.blind = true }},
		{"nobody watches the owners", func(v *permitVariant) { v.careless = true }},
		{"who gives up passes no wake-up on", func(v *permitVariant) { v.selfish = true }},
		{"who takes a permit wakes nobody", func(v *permitVariant) {
			v.taken = func(seq uint32) word.Move {
				m := word.PermitsTaken(seq)
				m.Wake = 0
				return m
			}
		}},
		{"who gives back wakes nobody", func(v *permitVariant) {
			v.changed = func(seq uint32) word.Move {
				m := word.PermitsChanged(seq)
				m.Wake = 0
				return m
			}
		}},
	} {
		v := wholePermits
		b.spoil(&v)
		var broken *model.Broken[permitState]
		for _, n := range permitSettings {
			if _, broken = v.explore(n.processes, n.cells, n.deaths); broken != nil {
				break
			}
		}
		if broken == nil {
			t.Errorf("%s: not found", b.name)
			continue
		}
		t.Logf("%s: %v, after %d steps", b.name, broken.Law, len(broken.Trace))
	}
}
