package word_test

import (
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

const (
	most = 1<<16 - 1 // that can wait
	last = 1<<16 - 1 // phase
)

// c is a Reader word.
func c(phase uint16, waiting, active uint32) uint64 { return layout.ReaderWord(phase, waiting, active) }

func TestReaderLook(t *testing.T) {
	for _, tt := range []struct {
		word  uint32
		owner word.Owner
		want  word.Verdict
	}{
		{0, word.Unasked, word.Taken},
		{w, word.Dead, word.Taken},
		{orphan, word.Unasked, word.Orphaned},
		{w | orphan, word.Alive, word.Orphaned},
		{unusable, word.Unasked, word.NotRecoverable},
		{w | unusable, word.Dead, word.NotRecoverable},
		{3 << 20, word.Alive, word.Corrupt},
		{d, word.Unasked, word.Corrupt},
		{other, word.Unasked, word.Held},
		{w | d | other, word.Unasked, word.Held},
		{me, word.Alive, word.Sleep},
		{d | other, word.Alive, word.Sleep},
		{other, word.Dead, word.Orphaned},
		{w | d | other, word.Dead, word.Orphaned},
	} {
		if got := word.ReaderLook(tt.word, tt.owner); got != tt.want {
			t.Errorf("ReaderLook(%#x, owner %d) = %v, want %v", tt.word, tt.owner, got, tt.want)
		}
	}
}

func TestReaderMoves(t *testing.T) {
	count := func(phase uint16) func(uint64) word.CellMove {
		return func(c uint64) word.CellMove { return word.ReaderCount(c, phase) }
	}
	quit := func(phase uint16) func(uint64) word.CellMove {
		return func(c uint64) word.CellMove { return word.ReaderQuit(c, phase) }
	}
	for _, tt := range []struct {
		name string
		move func(uint64) word.CellMove
		from uint64
		want word.CellMove
	}{
		{"leave", word.ReaderLeave, c(7, 3, 2), word.CellMove{c(7, 3, 1), word.Released, false}},
		{"leave, the last", word.ReaderLeave, c(7, 3, 1), word.CellMove{c(7, 3, 0), word.Released, true}},
		{"leave, none", word.ReaderLeave, c(7, 3, 0), word.CellMove{c(7, 3, 0), word.NotHeld, false}},
		{"wait", word.ReaderWait, c(last, 3, 2), word.CellMove{c(last, 4, 1), word.Sleep, false}},
		{"wait, the last", word.ReaderWait, c(last, 3, 1), word.CellMove{c(last, 4, 0), word.Sleep, true}},
		{"wait, not active", word.ReaderWait, c(1, 3, 0), word.CellMove{c(1, 4, 0), word.Sleep, false}},
		{"wait, too many", word.ReaderWait, c(1, most, 1), word.CellMove{c(1, most, 0), word.Held, true}},
		{"wait, too many, not active", word.ReaderWait, c(1, most, 0), word.CellMove{c(1, most, 0), word.Held, false}},
		{"count", count(1), c(1, 2, 5), word.CellMove{c(1, 1, 6), word.Held, false}},
		{"count, let in", count(last), c(0, 2, 5), word.CellMove{c(0, 2, 5), word.Taken, false}},
		{"count, swept", count(0), 0, word.CellMove{0, word.NotHeld, false}},
		{"quit", quit(1), c(1, 2, 5), word.CellMove{c(1, 1, 5), word.Released, false}},
		{"quit, let in", quit(1), c(2, 2, 5), word.CellMove{c(2, 2, 5), word.Taken, false}},
		{"grant", word.ReaderGrant, c(1, 2, 5), word.CellMove{c(2, 0, 7), word.Taken, false}},
		{"grant, the phase wraps", word.ReaderGrant, c(last, most, 1), word.CellMove{c(0, 0, most+1), word.Taken, false}},
		{"grant, nobody", word.ReaderGrant, c(1, 0, 5), word.CellMove{c(1, 0, 5), word.Released, false}},
	} {
		if got := tt.move(tt.from); got != tt.want {
			t.Errorf("%s: %#x becomes %+v, want %+v", tt.name, tt.from, got, tt.want)
		}
	}
	if got := word.ReaderEnter(c(1, 2, 3)); got != c(1, 2, 4) {
		t.Errorf("enter: %#x", got)
	}
}

func TestReaderDrain(t *testing.T) {
	for _, tt := range []struct {
		from  uint64
		owner word.Owner
		want  word.Verdict
	}{
		{c(1, 9, 0), word.Unasked, word.Taken},
		{c(1, 0, 1), word.Unasked, word.Held},
		{c(1, 0, 1), word.Alive, word.Sleep},
		{c(1, 9, 1), word.Dead, word.Taken},
	} {
		if got := word.ReaderDrain(tt.from, tt.owner); got != tt.want {
			t.Errorf("ReaderDrain(%#x, owner %d) = %v, want %v", tt.from, tt.owner, got, tt.want)
		}
	}
}

func TestBell(t *testing.T) {
	for _, tt := range []struct{ from, announced, rung uint32 }{
		{0, w, 0},
		{w, w, 1},
		{5, w | 5, 5},
		{w | 5, w | 5, 6},
		{w | (w - 1), w | (w - 1), 0},
	} {
		if got := word.BellAnnounce(tt.from); got != tt.announced {
			t.Errorf("BellAnnounce(%#x) = %#x, want %#x", tt.from, got, tt.announced)
		}
		want := word.Move{Next: tt.rung, Verdict: word.Released}
		if tt.from&w != 0 {
			want.Wake = word.All
		}
		if got := word.BellRing(tt.from); got != want {
			t.Errorf("BellRing(%#x) = %#x, want %#x", tt.from, got, want)
		}
	}
}

// A reader that waits, and is not run while writers that give up let others of its
// process in, some thousand times, is in all the same.
func TestReaderPhaseLasts(t *testing.T) {
	const began = 5
	word64 := word.ReaderWait(c(began, 0, 1)).Next
	for range 1 << 12 {
		word64 = word.ReaderGrant(word64).Next // the first time it is let in itself
		word64 = word.ReaderWait(word.ReaderEnter(word64)).Next
		if m := word.ReaderQuit(word64, began); m.Verdict != word.Taken {
			t.Fatalf("%#x: %v", word64, m.Verdict)
		}
		word64 = word.ReaderGrant(word64).Next
		word64 = word.ReaderLeave(word64).Next
		word64 = word.ReaderWait(word.ReaderEnter(word64)).Next
	}
}
