package model_test

import (
	"errors"
	"fmt"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/model"
	"shmkit/internal/word"
)

// The model of the barrier: two parties, three processes of one thread each, over the
// transition functions of package word. Whoever came twice does not come again. The
// kernel wakes all who sleep on the death word of who dies: that the one it wakes passes
// that on is the mutex's law as well, and in its model.
const (
	comers     = 3
	comeParty  = 2
	comeLaps   = 2
	comeLatest = 12 // generations
)

// bpc is what a thread of the barrier's model does next, each in one atomic step.
type bpc uint8

const (
	bIdle   bpc = iota // join, or no more
	bJoin              // raise Joins, wake those who sleep
	bArrive            // load the word and compare-and-swap it
	bAct               // run the action; then release
	bLook              // load the word
	bEnd               // load the entry of the epoch
	bDecide            // compare-and-swap W, or be told
	bWatch             // look who lives
	bSleep             // the kernel compares the words
	bAsleep            //
	bWake              // wake those whose generation it has ended
	bBury              // load the word, for a dead member
	bCell              // load the cell of the dead
	bBreak             // compare-and-swap
	bClear             // compare-and-swap the cell to 0
	bReset             // load the word, which is broken
	bRecord            // compare-and-swap the entry of the epoch
	bRenew             // compare-and-swap the word
	bDead              //
)

type comer struct {
	PC, Next  bpc // Next: after bWake, or the burial
	Laps      uint8
	Resets    bool // has one Reset left
	W, End    uint64
	Came      uint64
	Joins     uint8
	Watch     uint8 // processes whose death words it sleeps on, as bits
	Dead      uint8 // whom it buries
	CellFirst bool  // broken variant: the cell was found to be that of the dead
}

type meeting struct {
	T    [comers]comer
	Word uint64
	Ends [2]uint64
	Cell [comers]bool
	Left uint8

	Joins uint8

	// Ghosts, by generation.
	Arrived [comeLatest]uint8
	Told    [comeLatest]uint8 // 1: somebody that it passed; 2: that it broke
	False   bool              // broken though nobody had died since the last reset
	Debt    bool              // somebody died between its cell and Joins: sleepers find it when they look again
	Death   bool              // of one who took part, and not yet answered by a break
}

type barrierVariant struct {
	noWatch, noRecord, noWake, cellFirst, silentJoin bool
	outcome                                          func(w, came, end uint64) word.Move64
}

func (v barrierVariant) steps(s meeting, emit func(int, string, meeting)) {
	for p := range s.T {
		if s.T[p].PC == bDead {
			continue
		}
		v.step(s, p, func(what string, next meeting) { emit(p, what, next) })
		if s.Left > 0 {
			next := s
			next.Left--
			next.Debt = next.Debt || next.T[p].PC == bJoin
			next.T[p] = comer{PC: bDead}
			next.Death = next.Death || next.Cell[p]
			for q := range next.T {
				if next.T[q].PC == bAsleep && next.T[q].Watch&(1<<p) != 0 {
					next.T[q].PC = bLook
				}
			}
			emit(p, "dies", next)
		}
	}
}

// swap makes a move of thread p on the word, which then goes on at to, by way of the
// wake-up that it owes.
func (v barrierVariant) swap(s *meeting, p int, move word.Move64, to bpc) {
	t := &s.T[p]
	if move.Next>>32 != s.Word>>32 && move.Verdict == word.Broken {
		s.False = s.False || !s.Death
		s.Death = false
	}
	s.Word, t.PC = move.Next, to
	if move.Wake > 0 && !v.noWake {
		t.PC, t.Next = bWake, to
	}
}

func (v barrierVariant) step(s meeting, p int, emit func(string, meeting)) {
	t := &s.T[p]
	switch t.PC {
	case bIdle:
		if s.Word&layout.BarrierStateMask == layout.BarrierBroken && t.Resets {
			next := s
			next.T[p].PC, next.T[p].Resets = bReset, false
			if dead := next.deadMember(); dead >= 0 {
				next.T[p].PC, next.T[p].Dead, next.T[p].Next = bBury, uint8(dead), bReset
			}
			emit("resets", next)
		}
		if t.Laps < comeLaps && layout.BarrierGeneration(s.Word) < comeLatest-2 {
			t.Laps++
			if t.PC = bArrive; !s.Cell[p] {
				s.Cell[p], t.PC = true, bJoin
			}
			emit("joins", s)
		}
	case bJoin:
		t.PC = bArrive
		if s.Joins++; !v.silentJoin {
			s.wakeAll()
		}
		emit("announces", s)
	case bArrive:
		v.arrive(s, p, emit)
	case bAct:
		move := word.BarrierRelease(s.Word, t.Came)
		if move.Verdict == word.Broken {
			s.tell(p, 2)
		} else {
			v.swap(&s, p, move, bIdle)
			s.told(t.Came, 1)
		}
		emit("releases", s)
	case bWake:
		s.wakeAll()
		t.PC = t.Next
		emit("wakes", s)
	case bReset, bRecord, bRenew:
		v.renew(s, p, emit)
	case bBury, bCell, bBreak, bClear:
		v.bury(s, p, emit)
	default:
		v.wait(s, p, emit)
	}
}

func (v barrierVariant) arrive(s meeting, p int, emit func(string, meeting)) {
	t := &s.T[p]
	move := word.BarrierArrive(s.Word, comeParty, p == 0)
	g := layout.BarrierGeneration(s.Word)
	switch move.Verdict {
	case word.Arrived, word.Last:
		s.Arrived[g]++
		t.Came = move.Next &^ layout.BarrierWaiters
		v.swap(&s, p, move, map[word.Verdict]bpc{word.Arrived: bLook, word.Last: bAct}[move.Verdict])
	case word.Passed:
		s.Arrived[g]++
		s.Told[g] |= 1
		v.swap(&s, p, move, bIdle)
	case word.Broken:
		t.PC = bIdle
	case word.Sleep: // wait for the action of others, as any party does
		v.swap(&s, p, move, bWatch)
		t.W, t.Came = move.Next, 0
	}
	emit("arrives", s)
}

func (s *meeting) wakeAll() {
	for q := range s.T {
		if s.T[q].PC == bAsleep {
			s.T[q].PC = bLook
		}
	}
}

// deadMember is a dead process that takes part, -1 if there is none.
func (s *meeting) deadMember() int {
	for q := range s.T {
		if s.Cell[q] && s.T[q].PC == bDead {
			return q
		}
	}
	return -1
}

func (s *meeting) told(came uint64, what uint8) { s.Told[layout.BarrierGeneration(came)] |= what }

// tell ends a call of p.
func (s *meeting) tell(p int, what uint8) {
	s.told(s.T[p].Came, what)
	s.T[p].PC, s.T[p].Came, s.T[p].W, s.T[p].End = bIdle, 0, 0, 0
}

func (v barrierVariant) wait(s meeting, p int, emit func(string, meeting)) {
	t := &s.T[p]
	switch t.PC {
	case bLook:
		t.W, t.PC = s.Word, bEnd
		if t.Came == 0 {
			t.W, t.PC = 0, bArrive
		}
		emit("looks", s)
	case bEnd:
		t.End, t.PC = s.Ends[layout.BarrierEpoch(t.Came)%2], bDecide
		emit("loads the end", s)
	case bDecide:
		move := v.outcome(t.W, t.Came, t.End)
		switch {
		case move.Verdict == word.Passed:
			s.tell(p, 1)
		case move.Verdict == word.Broken:
			s.tell(p, 2)
		case s.Word != t.W:
			t.PC = bLook
		default:
			s.Word, t.W, t.PC = move.Next, move.Next, bWatch
		}
		emit("decides", s)
	case bWatch:
		t.Watch, t.Joins, t.PC = 0, s.Joins, bSleep
		for q := range s.T {
			if q != p && s.Cell[q] && s.T[q].PC != bDead && !v.noWatch {
				t.Watch |= 1 << q
			}
		}
		if dead := s.deadMember(); dead >= 0 && !v.noWatch {
			t.PC, t.Dead, t.Next = bBury, uint8(dead), bLook
		}
		emit("watches", s)
	case bSleep:
		t.PC = bAsleep
		for q := range s.T {
			if t.Watch&(1<<q) != 0 && s.T[q].PC == bDead {
				t.PC = bLook
			}
		}
		if layout.BarrierGeneration(s.Word) != layout.BarrierGeneration(t.W) || s.Joins != t.Joins && !v.silentJoin {
			t.PC = bLook
		}
		emit("goes to sleep", s)
	}
}

func (v barrierVariant) bury(s meeting, p int, emit func(string, meeting)) {
	t := &s.T[p]
	after := t.Next
	switch t.PC {
	case bBury:
		t.CellFirst = v.cellFirst && s.Cell[t.Dead]
		if t.PC = bCell; v.cellFirst && !t.CellFirst {
			t.PC = after
		}
		if !v.cellFirst {
			t.W = s.Word
		}
	case bCell:
		if t.PC = bBreak; v.cellFirst {
			t.W = s.Word
		} else if !s.Cell[t.Dead] {
			t.PC = after
		}
	case bBreak:
		if s.Word != t.W {
			t.PC = bBury
			break
		}
		v.swap(&s, p, word.BarrierBreak(t.W), bClear)
		if t.PC == bWake { // it wakes in the same step, to keep what comes after the burial
			s.wakeAll()
			t.PC, t.Next = bClear, after
		}
	case bClear:
		s.Cell[t.Dead] = false
		t.PC, t.CellFirst, t.W = after, false, 0
	}
	emit("buries", s)
}

func (v barrierVariant) renew(s meeting, p int, emit func(string, meeting)) {
	t := &s.T[p]
	move := word.BarrierReset(t.W)
	switch t.PC {
	case bReset:
		t.W, t.PC = s.Word, bRecord
		if t.W&layout.BarrierStateMask != layout.BarrierBroken {
			t.W, t.PC = 0, bIdle // somebody else was first
		}
	case bRecord:
		if !v.noRecord && s.Word == t.W {
			s.Ends[layout.BarrierEpoch(t.W)%2] = word.BarrierEnded(t.W)
		}
		t.PC = bRenew
	case bRenew:
		if s.Word == t.W {
			s.Word = move.Next
		}
		t.W, t.PC = 0, bIdle
	}
	emit("renews", s)
}

func (v barrierVariant) law(s meeting) error {
	for g, told := range s.Told {
		switch {
		case told == 3:
			return fmt.Errorf("generation %d passed for one and broke for another", g)
		case told&1 != 0 && s.Arrived[g] != comeParty:
			return fmt.Errorf("generation %d passed with %d parties", g, s.Arrived[g])
		}
	}
	if s.False {
		return errors.New("broken though nobody died")
	}
	stuck := false
	for _, t := range s.T {
		if t.PC != bDead && t.PC != bAsleep && t.PC != bIdle {
			return nil // somebody goes on
		}
		stuck = stuck || t.PC == bAsleep
	}
	for _, t := range s.T {
		switch {
		case t.PC != bAsleep:
		case layout.BarrierGeneration(t.W) != layout.BarrierGeneration(s.Word):
			return errors.New("sleeps on in a generation that is over")
		case s.deadMember() >= 0 && !s.Debt:
			return errors.New("sleeps on with a dead member")
		}
	}
	return nil
}

func (v barrierVariant) explore(deaths int) (model.Result, *model.Broken[meeting]) {
	sys := model.System[meeting]{Steps: v.steps, Law: v.law}
	sys.Start.Left = uint8(deaths)
	for p := range sys.Start.T {
		sys.Start.T[p].Resets = true
	}
	return sys.Explore(limit)
}

var wholeBarrier = barrierVariant{outcome: word.BarrierOutcome}

// The barrier keeps its laws, whoever is killed at whatever step: all parties of a
// generation are told the same, it passes only with all of them, nobody sleeps on, and
// one death breaks it once.
func TestBarrier(t *testing.T) {
	for deaths := range 2 {
		if deaths > 0 && testing.Short() {
			break
		}
		result, broken := wholeBarrier.explore(deaths)
		t.Logf("%d deaths: %v", deaths, result)
		if broken != nil {
			t.Error(broken)
		} else if !result.Whole {
			t.Errorf("not all states: more than %d", limit)
		}
	}
}

// The laws bite.
func TestBrokenBarrier(t *testing.T) {
	for name, spoil := range map[string]func(v *barrierVariant){
		"nobody watches the others":    func(v *barrierVariant) { v.noWatch = true },
		"who takes part tells nobody":  func(v *barrierVariant) { v.silentJoin = true },
		"nobody is woken":              func(v *barrierVariant) { v.noWake = true },
		"a reset forgets how it ended": func(v *barrierVariant) { v.noRecord = true },
		"the cell is looked at first":  func(v *barrierVariant) { v.cellFirst = true },
		"a late party does not ask how it ended": func(v *barrierVariant) {
			v.outcome = func(w, came, end uint64) word.Move64 {
				m := word.BarrierOutcome(w, came, end)
				if layout.BarrierEpoch(w) != layout.BarrierEpoch(came) {
					m.Verdict = word.Passed
				}
				return m
			}
		},
	} {
		v := wholeBarrier
		spoil(&v)
		result, broken := v.explore(1)
		if broken == nil {
			t.Errorf("%s: not found (%v)", name, result)
			continue
		}
		t.Logf("%s: %v, after %d steps", name, broken.Law, len(broken.Trace))
	}
}
