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

// takers is how many processes there are, of one thread each.
const takers = 4

// Where a taker is. Each step is one shared access or system call, but a load and the
// compare-and-swap after it are one step: if the word changes in between, the two are
// done again and nothing has happened.
type takerPC uint8

const (
	semIdle    takerPC = iota // wants nothing
	semTake                   // look and try
	semSleep                  // the kernel compares the word and lets it sleep, or not
	semAsleep                 // wait
	semGiveUp                 // its context has ended
	semHave                   // has its permits
	semRelease                // give them back
	semWake                   // wake those whom the last change owes it
	semGone                   // killed
)

var takerNames = strings.Fields("idle take sleep asleep giveUp have release wake gone")

type taker struct {
	PC    takerPC
	W     uint32 // the word that it expects, to sleep
	Wake  int8   // sleepers to wake, all if negative
	Then  takerPC
	Slept bool
	Ends  bool // its context has ended
	Woken bool // ghost: by somebody who owed that
}

// semState is a semaphore in use.
type semState struct {
	T    [takers]taker
	Word uint32
	Left uint8 // SIGKILLs that may still come
	Lost uint8 // ghost: permits of the dead
	Debt bool  // ghost: somebody was killed who owed a wake-up, and some sleep since
}

func (s semState) String() string {
	text := fmt.Sprintf("W%d M%d %d", s.Word>>31, s.Word>>30&1, s.Word&layout.SemaphoreMost)
	for i, t := range s.T {
		text += fmt.Sprintf(" | %c %s", 'A'+i, takerNames[t.PC])
	}
	return text
}

// semVariant is the semaphore under proof: the functions of package word, or others.
type semVariant struct {
	total   uint32
	wants   [takers]uint32 // how many each takes at once
	acquire func(w, n uint32, slept bool) word.Move
	release func(w, n, bound uint32) word.Move
	selfish bool // who gives up wakes nobody
	blind   bool // the kernel does not compare
}

var wholeSemaphore = semVariant{acquire: word.SemaphoreAcquire, release: word.SemaphoreRelease}

func (v *semVariant) steps(s semState, found func(int, string, semState)) {
	emit := func(who int, what string, next semState) {
		sleepers := false
		for _, t := range next.T {
			sleepers = sleepers || t.PC == semAsleep
		}
		next.Debt = next.Debt && sleepers
		found(who, what, next)
	}
	for i, t := range s.T {
		if t.PC == semGone {
			continue
		}
		v.step(s, i, emit)
		if s.Left > 0 {
			next := s
			next.Left--
			next.Debt = next.Debt || t.owes()
			if t.has() {
				next.Lost += uint8(v.wants[i])
			}
			next.T[i] = taker{PC: semGone}
			emit(i, "SIGKILL", next)
		}
	}
}

// has tells whether permits die with t.
func (t taker) has() bool {
	return t.PC == semHave || t.PC == semRelease || t.PC == semWake && t.Then == semHave
}

// owes tells whether others sleep because t is going to wake one, or was woken.
func (t taker) owes() bool { return t.PC == semWake || t.PC == semGiveUp || t.Woken }

func (v *semVariant) step(s semState, i int, emit func(int, string, semState)) {
	next := s
	t := &next.T[i]
	if !t.Ends && (t.PC == semTake || t.PC == semSleep) {
		ended := s
		ended.T[i].Ends = true
		emit(i, "its context ends", ended)
	}
	switch t.PC {
	case semIdle:
		*t = taker{PC: semTake}
		emit(i, "wants", next)
	case semTake:
		v.take(next, i, emit)
	case semSleep:
		switch {
		case t.Ends:
			t.PC = semGiveUp
			if !t.Slept {
				*t = taker{}
			}
		case s.Word == t.W || v.blind:
			t.PC, t.Woken = semAsleep, false
		default:
			t.PC, t.Slept, t.W = semTake, true, 0
		}
		emit(i, "sleeps", next)
	case semAsleep:
		t.PC, t.Slept, t.Ends, t.W = semTake, true, true, 0
		emit(i, "its context ends", next)
	case semGiveUp:
		*t = taker{}
		if t.wakes(1, semIdle); v.selfish {
			*t = taker{}
		}
		emit(i, "gives up", next)
	case semHave:
		t.PC = semRelease
		emit(i, "goes", next)
	case semRelease:
		move := v.release(s.Word, v.wants[i], v.total)
		next.Word = move.Next
		*t = taker{}
		t.wakes(move.Wake, semIdle)
		emit(i, "releases", next)
	case semWake:
		v.wake(next, i, emit)
	}
}

func (v *semVariant) take(next semState, i int, emit func(int, string, semState)) {
	t := &next.T[i]
	move := v.acquire(next.Word, v.wants[i], t.Slept)
	if t.Ends && t.Slept && move.Verdict == word.Sleep {
		// C looks at the clock before it announces itself.
		late := next
		late.T[i].PC = semGiveUp
		emit(i, "sees that its context has ended", late)
	}
	next.Word = move.Next
	if move.Verdict == word.Sleep {
		t.W = move.Next
		t.wakes(move.Wake, semSleep)
	} else {
		*t = taker{}
		t.wakes(move.Wake, semHave)
	}
	emit(i, move.Verdict.String(), next)
}

// wakes makes t wake n and then go to then.
func (t *taker) wakes(n int, then takerPC) {
	if t.PC, t.Then, t.Wake = semWake, then, count8(n); n == 0 {
		t.PC, t.Then = then, 0
	}
}

func count8(n int) int8 {
	if n == word.All {
		return -1
	}
	return int8(n)
}

// wake wakes one sleeper, whichever, and then the next.
func (v *semVariant) wake(next semState, i int, emit func(int, string, semState)) {
	t := &next.T[i]
	any := false
	for k, x := range next.T {
		if x.PC != semAsleep {
			continue
		}
		any = true
		woken := next
		woken.T[k].PC, woken.T[k].Slept, woken.T[k].Woken, woken.T[k].W = semTake, true, true, 0
		if t.Wake > 0 {
			woken.T[i].wakes(int(t.Wake)-1, t.Then)
		}
		emit(i, "wakes "+string(rune('A'+k)), woken)
	}
	if !any {
		t.wakes(0, t.Then)
		emit(i, "wakes nobody", next)
	}
}

// law is nil if the laws hold in s:
//
//   - no permit comes from nowhere, and none is lost but with the dead;
//   - M is set only with W;
//   - no lost wake-up: it never happens that one sleeps who could have what it wants,
//     and nobody else does anything. If one was killed who owed a wake-up, the bound of
//     the sleep must help.
func (v *semVariant) law(s semState) error {
	sum, busy := s.Word&layout.SemaphoreMost+uint32(s.Lost), false
	for i, t := range s.T {
		if t.has() {
			sum += v.wants[i]
		}
		busy = busy || t.PC != semIdle && t.PC != semHave && t.PC != semAsleep && t.PC != semGone
	}
	switch {
	case sum != v.total:
		return fmt.Errorf("%d permits of %d", sum, v.total)
	case s.Word&layout.SemaphoreMany != 0 && s.Word&layout.SemaphoreWaiters == 0:
		return errors.New("M without W")
	case busy:
		return nil
	}
	for i, t := range s.T {
		if t.PC != semAsleep || s.Word&layout.SemaphoreMost < v.wants[i] {
			continue
		}
		if !s.Debt {
			return errors.New("lost wake-up: one sleeps who could have what it wants")
		}
		if !v.acquire(s.Word, v.wants[i], true).Verdict.Has() {
			return errors.New("lost wake-up that the bound of the sleep does not mend")
		}
	}
	return nil
}

func (v semVariant) explore(total uint32, wants [takers]uint32, deaths uint8) (model.Result, *model.Broken[semState]) {
	v.total, v.wants = total, wants
	sys := model.System[semState]{Start: semState{Word: total, Left: deaths}, Steps: v.steps, Law: v.law}
	for i, n := range wants {
		if n == 0 {
			sys.Start.T[i].PC = semGone
		}
	}
	return sys.Explore(limit)
}

var semSettings = []struct {
	total  uint32
	wants  [takers]uint32
	deaths uint8
}{
	{1, [takers]uint32{1, 1, 1}, 1},
	{2, [takers]uint32{1, 1, 2}, 1},
	{2, [takers]uint32{1, 2, 2}, 1},
	{2, [takers]uint32{1, 1, 1, 1}, 0},
	{2, [takers]uint32{1, 1, 1, 2}, 0},
}

func TestSemaphore(t *testing.T) {
	for _, n := range semSettings {
		if testing.Short() && n.wants[takers-1] > 0 {
			continue
		}
		result, broken := wholeSemaphore.explore(n.total, n.wants, n.deaths)
		t.Logf("%d permits, wanted %v, %d deaths: %v", n.total, n.wants, n.deaths, result)
		if broken != nil {
			t.Error(broken)
		} else if !result.Whole {
			t.Errorf("not all states: more than %d", limit)
		}
	}
}

// The laws bite: each of these semaphores is broken, and found to be.
func TestBrokenSemaphore(t *testing.T) {
	if testing.Short() {
		t.Skip("explores a million states; not with -short")
	}
	for _, b := range []struct {
		name  string
		spoil func(v *semVariant)
	}{
		{"no second look before sleeping", func(v *semVariant) { v.blind = true }},
		{"who gives up passes no wake-up on", func(v *semVariant) { v.selfish = true }},
		{"who sets M wakes nobody", func(v *semVariant) {
			v.acquire = func(w, n uint32, slept bool) word.Move {
				m := word.SemaphoreAcquire(w, n, slept)
				if m.Verdict == word.Sleep {
					m.Wake = 0
				}
				return m
			}
		}},
		{"who has slept forgets that others may sleep", func(v *semVariant) {
			v.acquire = func(w, n uint32, slept bool) word.Move { return word.SemaphoreAcquire(w, n, false) }
		}},
		{"who has slept wakes nobody", func(v *semVariant) {
			v.acquire = func(w, n uint32, slept bool) word.Move {
				m := word.SemaphoreAcquire(w, n, slept)
				if m.Verdict == word.Taken {
					m.Wake = 0
				}
				return m
			}
		}},
		{"a sleeper that wants many does not tell", func(v *semVariant) {
			v.acquire = func(w, n uint32, slept bool) word.Move {
				m := word.SemaphoreAcquire(w, n, slept)
				if m.Next &^= layout.SemaphoreMany; m.Verdict == word.Sleep {
					m.Wake = 0
				}
				return m
			}
		}},
		{"a release leaves M and wakes one", func(v *semVariant) {
			v.release = func(w, n, bound uint32) word.Move {
				m := word.SemaphoreRelease(w, n, bound)
				if w&layout.SemaphoreMany != 0 {
					m = word.Move{Next: m.Next | layout.SemaphoreMany | layout.SemaphoreWaiters, Wake: 1}
				}
				return m
			}
		}},
		{"a release wakes nobody", func(v *semVariant) {
			v.release = func(w, n, bound uint32) word.Move {
				m := word.SemaphoreRelease(w, n, bound)
				m.Wake = 0
				return m
			}
		}},
		{"one more is taken than was counted", func(v *semVariant) {
			v.acquire = func(w, n uint32, slept bool) word.Move {
				m := word.SemaphoreAcquire(w, n, slept)
				if m.Verdict == word.Taken && n > 1 {
					m.Next++
				}
				return m
			}
		}},
	} {
		v := wholeSemaphore
		b.spoil(&v)
		var broken *model.Broken[semState]
		for _, n := range semSettings {
			if _, broken = v.explore(n.total, n.wants, n.deaths); broken != nil {
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
