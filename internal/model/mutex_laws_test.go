package model_test

import (
	"errors"
	"fmt"
)

// law is nil if the laws hold in s:
//
//   - mutual exclusion: at most one thread is inside;
//   - every death inside is told to the next holder, and to each one after, until
//     one has called MarkConsistent; nobody is told without;
//   - not recoverable is for ever;
//   - the word is one of the table in internal/layout, and names nobody who was swept;
//   - W is never lost: while somebody sleeps, W is set or somebody is about to wake
//     or has just been woken;
//   - no lost wake-up: it never happens that some sleep, nobody else does anything,
//     and nothing will happen by itself.
//
// The last two hold unless a process was killed that owed a wake-up. Then the
// bound of the sleep must help.
func (v *variant) law(s state) error {
	if s.Wrong != none {
		return errors.New(wrongs[s.Wrong])
	}
	if p, g, ok := s.Word.owner(); ok && g != s.P[p].Generation {
		return fmt.Errorf("%v is left of a process that was swept", s.Word)
	}
	holders, sleepers, busy, owed := 0, 0, false, false
	for t, x := range s.T {
		if x.PC.holding() {
			holders++
		}
		if x.PC == asleep && s.P[v.of[t]].Phase == up {
			sleepers++
		}
		busy = busy || x.PC != idle && x.PC != gone && x.PC != asleep || x.PC == asleep && x.Dying
		owed = owed || s.owes(t)
	}
	for _, p := range s.P {
		busy = busy || p.Phase != up && p.Phase != dead && p.Phase != absent
	}
	switch {
	case holders > 1:
		return errors.New("two hold the lock")
	case s.Ruin && s.Word&codeMask != codeUnusable:
		return fmt.Errorf("not recoverable, and then %v", s.Word)
	case sleepers == 0:
		return nil
	case s.Word&codeW == 0 && !owed && !s.Debt:
		return errors.New("W is lost")
	case busy:
		return nil
	case !s.Debt:
		return errors.New("lost wake-up: all that want the lock sleep")
	}
	return v.rescued(s)
}

// rescued is nil if each sleeper gets on when its sleep ends by its bound.
func (v *variant) rescued(s state) error {
	for t, x := range s.T {
		if x.PC != asleep {
			continue
		}
		next := s
		next.rouse(t)
		next.T[t].Recheck = true
		for range 20 {
			if p := next.T[t].PC; p == inside || p == idle {
				break
			}
			now := next
			stepper{v, now, t, func(_ int, _ string, s state) { next = s }}.step()
		}
		if p := next.T[t].PC; p != inside && p != idle {
			return fmt.Errorf("lost wake-up that the bound of the sleep does not mend: %s", pcNames[p])
		}
	}
	return nil
}

// same gives one state for those that differ only in which process is which. It
// needs one thread a process.
func same(s state) state {
	best := s
	for _, to := range [][threads]uint8{{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		if r := s.renamed(to); less(&r, &best) {
			best = r
		}
	}
	return best
}

func (s state) renamed(to [threads]uint8) state {
	r := s
	name := func(c code) code {
		if p, g, ok := c.owner(); ok {
			return c&^codeMask | ownerCode(to[p], g)
		}
		return c
	}
	number := func(n uint8) uint8 {
		if n == 0 {
			return 0
		}
		return to[n-1] + 1
	}
	r.Word = name(s.Word)
	for i := range s.T {
		t := s.T[i]
		t.W, t.Dead, t.On = name(t.W), name(t.Dead), number(t.On)
		r.T[to[i]] = t
		r.P[to[i]] = s.P[i]
	}
	return r
}

// less is some total order of states.
func less(a, b *state) bool {
	for i := range a.T {
		if x, y := a.T[i].key(), b.T[i].key(); x != y {
			return x < y
		}
	}
	for i := range a.P {
		if x, y := a.P[i].key(), b.P[i].key(); x != y {
			return x < y
		}
	}
	return a.Word < b.Word
}

func (p process) key() uint32 {
	return uint32(p.Phase)<<16 | uint32(p.Generation)<<8 | uint32(p.Death)
}

func (t thread) key() uint64 {
	k := uint64(0)
	for _, b := range []bool{t.Slept, t.Try, t.Told, t.Recheck, t.Dying, t.Woken} {
		k <<= 1
		if b {
			k++
		}
	}
	for _, n := range []uint8{uint8(t.PC), uint8(t.W), t.Kind, t.On, uint8(t.Dead)} {
		k = k<<8 | uint64(n)
	}
	return k
}
