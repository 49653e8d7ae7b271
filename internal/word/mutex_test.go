package word_test

import (
	"strings"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

const (
	w, d     = layout.MutexWaiters, layout.MutexDied
	orphan   = layout.MutexOrphan
	unusable = layout.MutexUnusable
)

var me, other = layout.Owner(3, 7), layout.Owner(1023, layout.GenerationMask)

func TestMutexLock(t *testing.T) {
	for _, tt := range []struct {
		word  uint32
		owner word.Owner
		slept bool
		next  uint32
		want  word.Verdict
	}{
		{0, word.Unasked, false, me, word.Taken},
		{0, word.Unasked, true, w | me, word.Taken},
		{w, word.Unasked, false, w | me, word.Taken},
		{orphan, word.Unasked, false, d | me, word.TakenOver},
		{orphan, word.Unasked, true, w | d | me, word.TakenOver},
		{w | orphan, word.Dead, false, w | d | me, word.TakenOver},
		{unusable, word.Dead, true, unusable, word.NotRecoverable},
		{w | unusable, word.Alive, false, w | unusable, word.NotRecoverable},
		{3 << 20, word.Dead, false, 3 << 20, word.Corrupt},
		{d, word.Dead, false, d, word.Corrupt},
		{other, word.Unasked, true, other, word.Held},
		{me, word.Unasked, false, me, word.Held},
		{other, word.Alive, false, w | other, word.Sleep},
		{w | d | other, word.Alive, true, w | d | other, word.Sleep},
		{d | other, word.Alive, false, w | d | other, word.Sleep},
		{other, word.Dead, false, w | d | me, word.TakenOver},
		{w | d | other, word.Dead, true, w | d | me, word.TakenOver},
	} {
		got := word.MutexLock(tt.word, me, tt.owner, tt.slept)
		want := word.Move{Next: tt.next, Verdict: tt.want}
		if tt.want.Has() && tt.next&w != 0 {
			want.Wake = 1 // to see the new holder
		}
		if got != want {
			t.Errorf("MutexLock(%#x, owner %d, slept %v) = %#x, want %#x", tt.word, tt.owner, tt.slept, got, want)
		}
	}
}

// The others take a word and a process: the one that the word names, or not.
func TestMutexHolder(t *testing.T) {
	none := word.Move{Verdict: word.NotHeld}
	for _, tt := range []struct {
		word                       uint32
		unlock, consistent, orphan word.Move
	}{
		{me, word.Move{0, word.Released, 0}, word.Move{me, word.Consistent, 0}, word.Move{orphan, word.Orphaned, 0}},
		{w | me, word.Move{0, word.Released, 1}, word.Move{w | me, word.Consistent, 0}, word.Move{w | orphan, word.Orphaned, 1}},
		{d | me, word.Move{unusable, word.Ruined, 0}, word.Move{me, word.Repaired, 0}, word.Move{orphan, word.Orphaned, 0}},
		{w | d | me, word.Move{unusable, word.Ruined, word.All}, word.Move{w | me, word.Repaired, 0}, word.Move{w | orphan, word.Orphaned, 1}},
		{0, none, none, none},
		{w, none, none, none},
		{w | other, none, none, none},
		{d | other, none, none, none},
		{orphan, none, none, none},
		{w | unusable, none, none, none},
	} {
		for name, got := range map[string][2]word.Move{
			"MutexUnlock":     {word.MutexUnlock(tt.word, me), tt.unlock},
			"MutexPass":       {word.MutexPass(tt.word, me), keepW(tt.unlock)},
			"MutexConsistent": {word.MutexConsistent(tt.word, me), tt.consistent},
			"MutexOrphan":     {word.MutexOrphan(tt.word, me), tt.orphan},
			"MutexAbandon":    {word.MutexAbandon(tt.word, me), withoutW(tt.orphan)},
		} {
			want := got[1]
			if want == none {
				want.Next = tt.word // the word stays
			}
			if got[0] != want {
				t.Errorf("%s(%#x) = %#x, want %#x", name, tt.word, got[0], want)
			}
		}
	}
}

// withoutW is a move whose word says that nobody sleeps.
func withoutW(m word.Move) word.Move {
	m.Next &^= w
	return m
}

// keepW is a move that gives the lock back with W set, if it wakes one.
func keepW(m word.Move) word.Move {
	if m.Wake == 1 {
		m.Next |= w
	}
	return m
}

// The fast paths of package sync are a compare-and-swap from 0 to self and back.
func TestMutexFastPaths(t *testing.T) {
	if m := word.MutexLock(0, me, word.Unasked, false); m != (word.Move{Next: me, Verdict: word.Taken}) {
		t.Errorf("free: %#x", m)
	}
	if m := word.MutexUnlock(me, me); m != (word.Move{Next: 0, Verdict: word.Released}) {
		t.Errorf("held, nobody waits: %#x", m)
	}
}

func TestVerdictNames(t *testing.T) {
	seen := map[string]bool{}
	for v := word.Taken; v <= word.TooMany; v++ {
		name := v.String()
		if name == "" || strings.Contains(name, "(") || seen[name] {
			t.Errorf("verdict %d is called %q", uint8(v), name)
		}
		seen[name] = true
	}
	if s := (word.TooMany + 1).String(); s != "Verdict(17)" {
		t.Errorf("no verdict: %q", s)
	}
}
