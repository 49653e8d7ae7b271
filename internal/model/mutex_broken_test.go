package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// dropW makes a move without W. Without W nobody is woken either.
func dropW(m word.Move) word.Move {
	m.Next &^= layout.MutexWaiters
	m.Wake = 0
	return m
}

// brokenMutexes break a law each.
var brokenMutexes = []struct {
	name  string
	spoil func(v *variant)
}{
	{"no second look before sleeping", func(v *variant) { v.blindSleep = true }},
	{"a sleeper forgets that others may sleep", func(v *variant) { v.forgetful = true }},
	{"the death word is loaded after the question who lives", func(v *variant) { v.lateAim = true }},
	{"the owner is stored after the compare-and-swap", func(v *variant) { v.lateOwner = true }},
	{"who gives up passes no wake-up on", func(v *variant) { v.noPass = true }},
	{"who takes the lock wakes nobody", func(v *variant) {
		v.lock = func(w, self uint32, o word.Owner, slept bool) word.Move {
			m := word.MutexLock(w, self, o, slept)
			m.Wake = 0
			return m
		}
	}},
	{"an announced death is taken for a proof", func(v *variant) { v.trusting = true }},
	{"W is dropped when a lock is taken", func(v *variant) {
		v.lock = func(w, self uint32, o word.Owner, slept bool) word.Move {
			m := word.MutexLock(w, self, o, slept)
			if m.Verdict == word.Taken {
				m = dropW(m)
			}
			return m
		}
	}},
	{"W is dropped when a lock is taken over", func(v *variant) {
		v.lock = func(w, self uint32, o word.Owner, slept bool) word.Move {
			m := word.MutexLock(w, self, o, slept)
			if m.Verdict == word.TakenOver {
				m = dropW(m)
			}
			return m
		}
	}},
	{"a take-over is not told", func(v *variant) {
		v.lock = func(w, self uint32, o word.Owner, slept bool) word.Move {
			m := word.MutexLock(w, self, o, slept)
			if m.Verdict == word.TakenOver {
				m = word.Move{Next: m.Next &^ layout.MutexDied, Verdict: word.Taken}
			}
			return m
		}
	}},
	{"a holder that lives is taken for dead", func(v *variant) {
		v.lock = func(w, self uint32, o word.Owner, slept bool) word.Move {
			if o == word.Alive {
				o = word.Dead
			}
			return word.MutexLock(w, self, o, slept)
		}
	}},
	{"unlock wakes nobody", func(v *variant) {
		v.unlock = func(w, self uint32) word.Move { m := word.MutexUnlock(w, self); m.Wake = 0; return m }
	}},
	{"unlock unrepaired wakes one only", func(v *variant) {
		v.noPass = true
		v.unlock = func(w, self uint32) word.Move { m := word.MutexUnlock(w, self); m.Wake = min(m.Wake, 1); return m }
	}},
	{"unlock unrepaired frees the lock", func(v *variant) {
		v.unlock = func(w, self uint32) word.Move {
			m := word.MutexUnlock(w, self)
			if m.Verdict == word.Ruined {
				m.Next = 0
			}
			return m
		}
	}},
	{"repairing drops W", func(v *variant) {
		v.consistent = func(w, self uint32) word.Move { return dropW(word.MutexConsistent(w, self)) }
	}},
	{"the sweep drops W", func(v *variant) {
		v.orphan = func(w, owner uint32) word.Move { return dropW(word.MutexOrphan(w, owner)) }
	}},
	{"abandoning wakes nobody", func(v *variant) {
		v.abandon = func(w, self uint32) word.Move { m := word.MutexAbandon(w, self); m.Wake = 0; return m }
	}},
	{"the sweep frees the lock", func(v *variant) {
		v.orphan = func(w, owner uint32) word.Move {
			m := word.MutexOrphan(w, owner)
			if m.Verdict == word.Orphaned {
				m.Next = 0
			}
			return m
		}
	}},
}
