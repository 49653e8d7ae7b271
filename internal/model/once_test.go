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

// runners is how many processes there are, of one thread each.
const runners = 3

// Where one is. The lock is the subject of the model of the mutex: here it is one step
// to look who lives and to take it, and who sleeps looks again whenever it likes.
type runnerPC uint8

const (
	onIdle   runnerPC = iota
	onDone            // look whether a run has succeeded
	onLock            // take the lock
	onMark            // it came with a death: say that it is sound
	onLook            // with the lock: look again
	onRun             // run the function
	onRecord          // it has succeeded: note that
	onUnlock          // give the lock back
	onNil             // Do returns nil
	onGone            // killed
)

var runnerNames = strings.Fields("idle done lock mark look run record unlock nil gone")

type runner struct {
	PC   runnerPC
	Then runnerPC // after onUnlock
}

// onceState is a Once in use.
type onceState struct {
	T     [runners]runner
	Word  uint32
	Done  uint32
	Left  uint8 // SIGKILLs that may still come
	Ran   bool  // ghost: a run has succeeded
	Again bool  // ghost: a function began to run after one had succeeded
	Stuck bool  // ghost: the lock was refused for ever
}

func (s onceState) String() string {
	text := fmt.Sprintf("word %#x done %d", s.Word, s.Done)
	for i, t := range s.T {
		text += fmt.Sprintf(" | %c %s", 'A'+i, runnerNames[t.PC])
	}
	return text
}

// onceVariant is the Once under proof, or another.
type onceVariant struct {
	unmarked bool // a lock that came with a death is not marked
	early    bool // the run is noted before it begins
	blind    bool // no second look with the lock
	late     bool // the run is noted when the lock was given back
	hasty    bool // the living are taken for dead
}

func runnerID(i int) uint32 { return layout.Owner(uint32(i), 1) }

func (v *onceVariant) steps(s onceState, emit func(int, string, onceState)) {
	for i, t := range s.T {
		if t.PC == onGone {
			if move := word.MutexOrphan(s.Word, runnerID(i)); move.Verdict == word.Orphaned {
				next := s
				next.Word = move.Next
				emit(i, "is swept", next)
			}
			continue
		}
		v.step(s, i, emit)
		if s.Left > 0 {
			next := s
			next.Left--
			next.T[i] = runner{PC: onGone}
			emit(i, "SIGKILL", next)
		}
	}
}

func (v *onceVariant) step(s onceState, i int, emit func(int, string, onceState)) {
	next := s
	t := &next.T[i]
	to := func(what string, pc runnerPC) { t.PC = pc; emit(i, what, next) }
	switch t.PC {
	case onIdle:
		to("Do", onDone)
	case onDone:
		if s.Done != 0 {
			to("has been done", onNil)
		} else {
			to("is not done", onLock)
		}
	case onLock:
		v.lock(next, i, emit)
	case onMark:
		next.Word = word.MutexConsistent(s.Word, runnerID(i)).Next
		to("marks", onLook)
	case onLook:
		if t.Then = onNil; s.Done != 0 && !v.blind {
			to("has been done meanwhile", onUnlock)
			return
		}
		if next.Again = s.Again || s.Done != 0; v.early {
			next.Done = 1
		}
		to("runs", onRun)
	case onRun:
		t.Then = onIdle
		to("fails", onUnlock)
		t.Then, next.Ran = onNil, true
		if v.late {
			to("succeeds", onUnlock)
		} else {
			to("succeeds", onRecord)
		}
	case onRecord:
		next.Done = 1
		if v.late {
			t.Then = onIdle
			to("notes", onNil)
			return
		}
		to("notes", onUnlock)
	case onUnlock:
		next.Word = word.MutexUnlock(s.Word, runnerID(i)).Next
		then := t.Then
		if t.Then = onIdle; v.late && then == onNil && s.Done == 0 {
			then = onRecord
		}
		to("unlocks", then)
	case onNil:
		*t = runner{}
		emit(i, "returns", next)
	}
}

// lock is one try to take the lock, with the question who lives.
func (v *onceVariant) lock(next onceState, i int, emit func(int, string, onceState)) {
	slot := layout.OwnerSlot(next.Word & layout.OwnerMask)
	owner := word.Alive
	if slot < runners && layout.OwnerGeneration(next.Word) != 0 && (v.hasty || next.T[slot].PC == onGone) {
		owner = word.Dead
	}
	move := word.MutexLock(next.Word, runnerID(i), owner, true)
	next.Word = move.Next
	t := &next.T[i]
	switch move.Verdict {
	case word.Taken:
		t.PC = onLook
	case word.TakenOver:
		if t.PC = onMark; v.unmarked {
			t.PC = onLook
		}
	case word.NotRecoverable:
		next.Stuck = true
	}
	emit(i, move.Verdict.String(), next)
}

// law is nil if the laws hold in s:
//
//   - one runs at a time;
//   - none begins to run after a run that has succeeded;
//   - only a run that has succeeded counts, so Do returns nil only after one;
//   - the lock is never refused for ever, and if only idle ones and the dead are left it
//     can be had: whoever fails or dies leaves it to the next.
func (v *onceVariant) law(s onceState) error {
	runs, idle := 0, true
	for _, t := range s.T {
		if t.PC == onRun || t.PC == onRecord {
			runs++
		}
		idle = idle && (t.PC == onIdle || t.PC == onGone)
	}
	switch {
	case runs > 1:
		return errors.New("two run")
	case s.Again:
		return errors.New("runs again")
	case s.Stuck:
		return errors.New("nobody can run any more")
	case s.Done != 0 && !s.Ran:
		return errors.New("counts as done, and no run has succeeded")
	}
	w := s.Word &^ layout.MutexWaiters
	if slot := layout.OwnerSlot(w); idle && w != 0 && w != layout.MutexOrphan && s.T[slot%runners].PC != onGone {
		return fmt.Errorf("all are idle, and the word is %#x", s.Word)
	}
	return nil
}

func (v *onceVariant) explore(deaths uint8) (model.Result, *model.Broken[onceState]) {
	sys := model.System[onceState]{Start: onceState{Left: deaths}, Steps: v.steps, Law: v.law}
	return sys.Explore(limit)
}

func TestOnce(t *testing.T) {
	result, broken := new(onceVariant).explore(2)
	t.Log(result)
	if broken != nil {
		t.Error(broken)
	} else if !result.Whole {
		t.Errorf("not all states: more than %d", limit)
	}
}

// The laws bite: each of these is broken, and found to be.
func TestBrokenOnce(t *testing.T) {
	for name, v := range map[string]onceVariant{
		"what came with a death is not marked": {unmarked: true},
		"a run is noted before it begins":      {early: true},
		"no second look with the lock":         {blind: true},
		"a run is noted after the unlock":      {late: true},
		"the living are taken for dead":        {hasty: true},
	} {
		_, broken := v.explore(2)
		if broken == nil {
			t.Errorf("%s: not found", name)
			continue
		}
		t.Logf("%s: %v, after %d steps", name, broken.Law, len(broken.Trace))
	}
}
