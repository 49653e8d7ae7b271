package model_test

import (
	"maps"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/model"
	"shmkit/internal/word"
)

// steps emits what anybody may do in s.
func (v *rwVariant) steps(s rwState, emit func(int, string, rwState)) {
	for p := range uint8(rwProcesses) {
		rwStepper{v, s, p, emit}.step()
		switch {
		case s.T[p].PC == rwGone:
			v.sweep(s, p, emit)
		case s.Left > 0:
			v.kill(s, p, emit)
		}
	}
}

// kill: the kernel wakes one of those who sleep on the death word.
func (v *rwVariant) kill(s rwState, p uint8, emit func(int, string, rwState)) {
	s.Left--
	s.Dirty = s.Dirty || s.T[p].PC == rwWrites
	s.Debt = s.Debt || s.T[p].PC == rwRung || s.T[p].PC == rwPass
	s.T[p] = rwThread{PC: rwGone}
	any := false
	for q, t := range s.T {
		if (t.PC == rwAsleep || t.PC == rwDozing) && t.On == p+1 {
			any = true
			next := s
			next.rouse(q)
			emit(int(p), "SIGKILL", next)
		}
	}
	if !any {
		emit(int(p), "SIGKILL", s)
	}
}

// sweep takes away what p had, in the steps of package shm.
func (v *rwVariant) sweep(s rwState, p uint8, emit func(int, string, rwState)) {
	what := ""
	switch s.Swept[p] {
	case 0:
		what = "sweep: orphan"
		s.Word = codeOf(word.MutexOrphan(s.Word.word(), layout.Owner(uint32(p), 1)).Next)
	case 1:
		what = "sweep: ring"
		if m := word.BellRing(rwBellWord(s.Bell)); m.Wake > 0 {
			s.Bell = rwBellOf(m.Next)
			s.wakeReaders()
		}
	case 2:
		what = "sweep: clear"
		s.Cells[p] = rwCell{}
		for q, t := range s.T {
			if t.PC == rwDozing && t.Slot == p {
				s.rouse(q)
			}
		}
	default:
		return
	}
	s.Swept[p]++
	emit(int(p), what, s)
}

func (v rwVariant) explore(deaths uint8) (model.Result, *model.Broken[rwState]) {
	sys := model.System[rwState]{Start: rwState{Left: deaths}, Steps: v.steps, Law: rwState.law, Same: rwState.same}
	return sys.Explore(limit)
}

// States that count as the same have the same future.
func TestRWMutexSame(t *testing.T) {
	v := &rwVariant{}
	states, seen := []rwState{{Left: 1}}, map[rwState]bool{}
	future := func(s rwState) map[rwState]bool {
		f := map[rwState]bool{}
		v.steps(s, func(_ int, _ string, next rwState) {
			f[next.same()] = true
			if !seen[next] {
				seen[next] = true
				states = append(states, next)
			}
		})
		return f
	}
	for i := 0; i < 20_000; i++ {
		if s := states[i]; !maps.Equal(future(s), future(s.same())) {
			t.Fatalf("%v differs from %v in what comes next", s, s.same())
		}
	}
}

// The RWMutex keeps its laws, whoever is killed at whatever step.
func TestRWMutex(t *testing.T) {
	deaths := []uint8{0}
	if !testing.Short() {
		deaths = append(deaths, 1, 2)
	}
	for _, n := range deaths {
		begin := time.Now()
		result, broken := rwVariant{}.explore(n)
		t.Logf("%d processes, %d deaths: %v, %v", rwProcesses, n, result, time.Since(begin))
		if broken != nil {
			t.Error(broken)
		} else if !result.Whole {
			t.Errorf("not all states: more than %d", limit)
		}
	}
}

// The laws bite.
func TestBrokenRWMutex(t *testing.T) {
	if testing.Short() {
		t.Skip("explores many states; not with -short")
	}
	for name, v := range map[string]rwVariant{
		"a reader looks before it is counted":            {lookFirst: true},
		"no second look at the bell":                     {noRing: true},
		"readers are let in too late":                    {lateGrant: true},
		"who is told of a death tells nobody":            {noPass: true},
		"the bell is read too late":                      {lateLook: true},
		"who takes over does not wait for readers":       {noDrain: true},
		"a dead writer is no writer":                     {deadFree: true},
		"a writer does not hear of dead readers":         {deafDrain: true},
		"the last reader wakes nobody":                   {noLeaveWake: true},
		"a reader does not look whether it was let in":   {noCheck: true},
		"a reader looks too early whether it was let in": {earlyCheck: true},
		"no comparison before the sleep":                 {blindSleep: true},
	} {
		_, broken := v.explore(1)
		if broken == nil {
			t.Errorf("%s: not found", name)
			continue
		}
		t.Logf("%s: %v, after %d steps", name, broken.Law, len(broken.Trace))
	}
}
