package model_test

import (
	"errors"
	"strings"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/model"
)

func (v *workVariant) start() workState {
	s := workState{Word: v.units, Kills: v.kills}
	for t, slot := range v.of {
		if slot == nowhere {
			continue
		}
		s.Up[slot] = true
		s.T[t].Left = v.rounds - 1
		if s.T[t].PC = (&workStepper{workVariant: v}).first(); v.adds {
			s.T[t].PC = addOne
		}
	}
	s.T[waiter].PC = idleWord
	return s
}

func (v *workVariant) steps(s workState, emit func(int, string, workState)) {
	for t := range s.T {
		if pc := s.T[t].PC; pc != wIdle && pc != wGone && pc != wAsleep && pc != over {
			(&workStepper{v, s, t, emit}).step()
		}
	}
	for slot := range uint8(slots) {
		if s.Up[slot] && s.Kills > 0 {
			v.kill(s, slot, emit)
		}
		if sw := s.T[sweeper]; !s.Up[slot] && sw.PC == wIdle && s.swept(slot) {
			next := s
			next.T[sweeper] = workThread{PC: sweepWord, Dead: slot + 1}
			emit(sweeper, "sweep", next)
		}
	}
}

// swept tells whether the slot has something to sweep, or was never swept.
func (s *workState) swept(slot uint8) bool {
	return s.Begun[slot] > 0 || s.Dying[slot]
}

// kill stops all threads of the process in slot; the kernel wakes the waiter, who
// sleeps on its death word.
func (v *workVariant) kill(s workState, slot uint8, emit func(int, string, workState)) {
	s.Kills--
	s.Up[slot], s.Dying[slot] = false, true
	for t, of := range v.of {
		if of != slot {
			continue
		}
		switch s.T[t].PC {
		case wIdle, addOne, beginWord, beginCell, beginSwap, doneCell:
		default:
			s.Debt = true // it may have owed a wake-up
		}
		s.T[t] = workThread{PC: wGone}
	}
	switch s.T[waiter].PC {
	case wAsleep, over:
		s.rouse()
	default:
		s.T[waiter].Woken = true
	}
	emit(int(slot), "SIGKILL", s)
}

func (v *workVariant) law(s workState) error {
	pending := [slots]int8{}
	if w := s.Word; w&layout.WorkBegin != 0 {
		if slot := layout.WorkSlot(w); layout.WorkTagged(w, layout.CellSeq(s.Cells[slot])) {
			pending[slot] = 1
		}
	}
	sum := int(s.Word&layout.WorkOpen) + int(s.Done) + int(s.Lost)
	for slot, cell := range s.Cells {
		if n := int8(layout.CellCount(cell)) + pending[slot]; n != s.Begun[slot] {
			return errors.New("a cell does not show what was begun")
		}
		sum += int(s.Begun[slot])
	}
	switch {
	case sum != int(v.units)+int(s.Added):
		return errors.New("units were lost or doubled")
	case s.Astray:
		return errors.New("a process does not find the unit that it has begun")
	case s.Hasty:
		return errors.New("Wait returned while there was work")
	}
	if s.T[waiter].PC != wAsleep || s.left(v.units) > 0 || s.Debt {
		return nil
	}
	for t := range s.T {
		if pc := s.T[t].PC; t != waiter && pc != wIdle && pc != wGone {
			return nil
		}
	}
	return errors.New("the waiter sleeps for ever")
}

func (v *workVariant) explore(t *testing.T, limit int) (model.Result, error) {
	t.Helper()
	m := model.System[workState]{Start: v.start(), Steps: v.steps, Law: v.law}
	result, broken := m.Explore(limit)
	if broken != nil {
		return result, broken
	}
	return result, nil
}

var workVariants = map[string]workVariant{
	"two processes that add":        {of: [workers]uint8{0, 1}, rounds: 1, adds: true},
	"one process of two threads":    {of: [workers]uint8{0, 0}, units: 2, rounds: 1},
	"two processes, a death":        {of: [workers]uint8{0, 1}, units: 1, rounds: 1, kills: 1},
	"a process, a death, a new one": {of: [workers]uint8{0, nowhere}, units: 2, rounds: 1, kills: 1, restart: true},
}

func TestWorkModel(t *testing.T) {
	for name, v := range workVariants {
		t.Run(name, func(t *testing.T) {
			if *full && v.units == 1 {
				v.units = 2
			}
			result, err := v.explore(t, 2_500_000)
			if err != nil || !result.Whole {
				t.Fatalf("%v: whole %v: %v", result, result.Whole, err)
			}
			t.Log(result)
		})
	}
}

// Each variant is wrong in one point, and some law finds it.
func TestWorkModelBites(t *testing.T) {
	one, two := workVariants["one process of two threads"], workVariants["two processes, a death"]
	adding := workVariants["two processes that add"]
	again := workVariants["a process, a death, a new one"]
	for _, tt := range []struct {
		name string
		v    workVariant
		do   func(v *workVariant)
		law  string
	}{
		{"the cell is loaded before the word", one, func(v *workVariant) { v.cellFirst = true }, "does not show"},
		{"finishing without a tag", two, func(v *workVariant) { v.noTag = true }, "does not show"},
		{"asking who is dead before the cell is loaded", again, func(v *workVariant) { v.askFirst = true }, ""},
		{"one look at the word", adding, func(v *workVariant) { v.onceOnly = true }, "while there was work"},
		{"asleep without a second look", two, func(v *workVariant) { v.noRecheck = true }, "sleeps for ever"},
		{"nobody wakes", two, func(v *workVariant) { v.noWake = true }, "sleeps for ever"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.do(&tt.v)
			result, err := tt.v.explore(t, 2_500_000)
			if err == nil || !strings.Contains(err.Error(), tt.law) {
				t.Fatalf("%v, whole %v: %v", result, result.Whole, err)
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			t.Logf("%s %v", first, result)
		})
	}
}
