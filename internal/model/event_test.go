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

// pulsers is how many processes use the event, of one thread each.
const pulsers = 3

// Where one is. A load and the compare-and-swap after it are one step, as in the model
// of the semaphore.
type pulserPC uint8

const (
	evIdle   pulserPC = iota // may call Wait, Set or Clear
	evLook                   // in Wait: look at the word
	evSleep                  // the kernel compares the word and lets it sleep, or not
	evAsleep                 // wait
	evWake                   // in Set: wake all
	evGone                   // killed
)

var pulserNames = strings.Fields("idle look sleep asleep wake gone")

type pulser struct {
	PC    pulserPC
	Began uint32 // the word when its Wait began
	W     uint32 // the word that it expects, to sleep
	Was   bool   // ghost: the event was set since its Wait began, or when it did
}

// eventState is an event in use.
type eventState struct {
	T      [pulsers]pulser
	Word   uint32
	Sets   uint8 // calls of Set that may still come
	Clears uint8
	Left   uint8 // SIGKILLs
	Early  bool  // ghost: a Wait has returned although the event was never set
	Debt   bool  // ghost: somebody was killed who owed wake-ups, and some sleep since
}

func (s eventState) String() string {
	text := fmt.Sprintf("S%d W%d %d", s.Word>>31, s.Word>>30&1, s.Word&layout.EventGeneration)
	for i, t := range s.T {
		text += fmt.Sprintf(" | %c %s", 'A'+i, pulserNames[t.PC])
	}
	return text
}

// eventVariant is the event under proof, or another.
type eventVariant struct {
	set   func(w uint32) word.Move
	clear func(w uint32) word.Move
	wait  func(w, began uint32) word.Move
	blind bool // the kernel does not compare
}

var wholeEvent = eventVariant{set: word.EventSet, clear: word.EventClear, wait: word.EventWait}

func (v *eventVariant) steps(s eventState, found func(int, string, eventState)) {
	emit := func(who int, what string, next eventState) {
		sleepers := false
		for _, t := range next.T {
			sleepers = sleepers || t.PC == evAsleep
		}
		next.Debt = next.Debt && sleepers
		found(who, what, next)
	}
	for i, t := range s.T {
		if t.PC == evGone {
			continue
		}
		v.step(s, i, emit)
		if s.Left > 0 {
			next := s
			next.Left--
			next.Debt = next.Debt || t.PC == evWake
			next.T[i] = pulser{PC: evGone}
			emit(i, "SIGKILL", next)
		}
	}
}

func (v *eventVariant) step(s eventState, i int, emit func(int, string, eventState)) {
	next := s
	t := &next.T[i]
	switch t.PC {
	case evIdle:
		v.call(s, i, emit)
	case evLook:
		move := v.wait(s.Word, t.Began)
		next.Word = move.Next
		if move.Verdict == word.Sleep {
			t.PC, t.W = evSleep, move.Next
		} else {
			next.Early = next.Early || !t.Was
			*t = pulser{}
		}
		emit(i, move.Verdict.String(), next)
	case evSleep:
		t.PC = evLook
		if s.Word == t.W || v.blind {
			t.PC = evAsleep
		}
		t.W = 0
		emit(i, "sleeps", next)
	case evAsleep:
		*t = pulser{} // its context ends, and it owes nobody anything
		emit(i, "gives up", next)
	case evWake:
		*t = pulser{}
		if v.set(0|layout.EventWaiters).Wake == word.All {
			for k := range next.T {
				next.wake(k)
			}
			emit(i, "wakes all", next)
			return
		}
		emit(i, "finds nobody", next)
		for k := range s.T {
			if one := next; s.T[k].PC == evAsleep {
				one.wake(k)
				emit(i, "wakes one", one)
			}
		}
	}
}

func (s *eventState) wake(k int) {
	if s.T[k].PC == evAsleep {
		s.T[k].PC = evLook
	}
}

// call is the first step of each call that an idle one may make.
func (v *eventVariant) call(s eventState, i int, emit func(int, string, eventState)) {
	wait := s
	wait.T[i] = pulser{PC: evLook, Began: s.Word, Was: s.Word&layout.EventIsSet != 0}
	emit(i, "Wait", wait)
	if s.Sets > 0 {
		move, next := v.set(s.Word), s
		next.Sets, next.Word = next.Sets-1, move.Next
		for k := range next.T {
			next.T[k].Was = next.T[k].Was || next.T[k].PC != evIdle && next.T[k].PC != evWake && next.T[k].PC != evGone
		}
		if next.T[i].Was = false; move.Wake > 0 {
			next.T[i].PC = evWake
		}
		emit(i, "Set", next)
	}
	if s.Clears > 0 {
		next := s
		next.Clears, next.Word = next.Clears-1, v.clear(s.Word).Next
		emit(i, "Clear", next)
	}
}

// law is nil if the laws hold in s:
//
//   - Wait returns only if the event was set when it began, or since;
//   - no lost wake-up: it never happens that one sleeps who may go, and nobody else does
//     anything. If one was killed who owed a wake-up, the bound of the sleep must help.
func (v *eventVariant) law(s eventState) error {
	if s.Early {
		return errors.New("a Wait has returned and the event was not set")
	}
	for _, t := range s.T {
		if t.PC != evIdle && t.PC != evAsleep && t.PC != evGone {
			return nil
		}
	}
	for _, t := range s.T {
		switch {
		case t.PC != evAsleep || !t.Was:
		case !s.Debt:
			return errors.New("lost wake-up: one sleeps though the event was set")
		case v.wait(s.Word, t.Began).Verdict != word.Passed:
			return errors.New("lost wake-up that the bound of the sleep does not mend")
		}
	}
	return nil
}

func (v *eventVariant) explore(sets, clears, deaths uint8) (model.Result, *model.Broken[eventState]) {
	sys := model.System[eventState]{
		Start: eventState{Sets: sets, Clears: clears, Left: deaths, Word: layout.EventGeneration - 1},
		Steps: v.steps, Law: v.law,
	}
	return sys.Explore(limit)
}

// The generation wraps around on the way.
func TestEvent(t *testing.T) {
	result, broken := wholeEvent.explore(3, 2, 1)
	t.Log(result)
	if broken != nil {
		t.Error(broken)
	} else if !result.Whole {
		t.Errorf("not all states: more than %d", limit)
	}
}

// The laws bite: each of these events is broken, and found to be.
func TestBrokenEvent(t *testing.T) {
	for name, spoil := range map[string]func(v *eventVariant){
		"no second look before sleeping": func(v *eventVariant) { v.blind = true },
		"the generation is ignored": func(v *eventVariant) {
			v.wait = func(w, _ uint32) word.Move { return word.EventWait(w, w) }
		},
		"a sleeper does not tell": func(v *eventVariant) {
			v.wait = func(w, began uint32) word.Move {
				m := word.EventWait(w, began)
				m.Next = w
				return m
			}
		},
		"Set wakes one": func(v *eventVariant) {
			v.set = func(w uint32) word.Move {
				m := word.EventSet(w)
				m.Wake = min(m.Wake, 1)
				return m
			}
		},
		"Set leaves the generation": func(v *eventVariant) {
			v.set = func(w uint32) word.Move {
				m := word.EventSet(w)
				m.Next = m.Next&^layout.EventGeneration | w&layout.EventGeneration
				return m
			}
		},
		"Clear raises the generation": func(v *eventVariant) {
			v.clear = func(w uint32) word.Move { return word.Move{Next: (w + 1) &^ layout.EventIsSet} }
		},
	} {
		v := wholeEvent
		spoil(&v)
		_, broken := v.explore(3, 2, 1)
		if broken == nil {
			t.Errorf("%s: not found", name)
			continue
		}
		t.Logf("%s: %v, after %d steps", name, broken.Law, len(broken.Trace))
	}
}
