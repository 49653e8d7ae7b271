package work

import (
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// Group is a word and its cells. Use Of; it may be copied.
type Group struct {
	word  *uint64
	cells []uint64
}

// Of is the group of these words; ok is false unless there is a cell for each slot.
func Of(word *uint64, cells []uint64) (g Group, ok bool) {
	return Group{word, cells}, len(cells) == layout.MaxSlots
}

// Word is the word as it is now.
func (g Group) Word() uint64 { return atomic.LoadUint64(g.word) }

// Cell is the cell of slot as it is now.
func (g Group) Cell(slot uint32) uint64 { return atomic.LoadUint64(&g.cells[slot]) }

// Add adds n units that are nobody's, or takes -n away.
func (g Group) Add(n int64) word.WorkVerdict {
	_, verdict := g.move(func(w uint64) word.WorkMove { return word.WorkAdd(w, n) })
	return verdict
}

// Begin moves a unit to the process in slot, on behalf of which it is called.
func (g Group) Begin(slot uint32) word.WorkVerdict {
	// The cell after the word: a Begin in between would have changed that.
	w, verdict := g.move(func(w uint64) word.WorkMove { return word.WorkBegin(w, g.Cell(slot), slot) })
	if verdict == word.WorkDone {
		g.finish(w)
	}
	return verdict
}

// Done completes a unit that the process in slot has begun, else one that is nobody's.
func (g Group) Done(slot uint32) word.WorkVerdict {
	for cell := &g.cells[slot]; ; {
		c := atomic.LoadUint64(cell)
		move := word.WorkEnd(c)
		if move.Verdict == word.WorkNone {
			return g.Add(-1)
		}
		// sync: work done
		if atomic.CompareAndSwapUint64(cell, c, move.Next) {
			return word.WorkDone
		}
	}
}

// Announce says that the caller may sleep until the low half of the word, which it
// gives, has changed. It looks at the group once more before it does.
func (g Group) Announce() uint32 {
	w, _ := g.move(word.WorkAnnounce)
	return uint32(w)
}

// Settled tells whether there is no work left and somebody may sleep: the caller then
// has to wake all. Whoever completes or loses units calls it afterwards.
func (g Group) Settled() bool {
	if g.Word()&layout.WorkWaiters == 0 {
		return false
	}
	if idle, _ := g.Idle(); !idle {
		return false
	}
	g.move(word.WorkWoken)
	return true
}

// Greet tells whether somebody may sleep, who has then to be woken: the caller is going
// to begin work for the first time, and sleepers have to watch it.
func (g Group) Greet() bool {
	if g.Word()&layout.WorkWaiters == 0 {
		return false
	}
	g.move(word.WorkWoken)
	return true
}

// Idle tells whether there was an instant of the call at which there was no work left,
// and how many units are lost that nobody has taken note of.
func (g Group) Idle() (idle bool, lost uint64) {
	for {
		w := g.Word()
		if w&layout.WorkBegin != 0 {
			g.finish(w)
			continue
		}
		if w&layout.WorkOpen != 0 {
			return false, 0
		}
		lost = 0
		for i := range g.cells {
			// sync: work done
			c := atomic.LoadUint64(&g.cells[i])
			if layout.CellCount(c) != 0 {
				return false, 0
			}
			lost += layout.CellLost(c)
		}
		// If the word is what it was, no unit has come into a cell meanwhile.
		if g.Word() == w {
			return true, lost
		}
	}
}

// LoseFrom completes as lost what the process in slot had begun when its cell was seen,
// if that has not changed: a process that came into the slot since would have changed
// it. The process that was there is dead.
func (g Group) LoseFrom(slot uint32, seen uint64) bool {
	move := word.WorkLose(seen)
	return move.Verdict == word.WorkDone && atomic.CompareAndSwapUint64(&g.cells[slot], seen, move.Next)
}

// Lose completes as lost what the process in slot has begun; it is dead, or has no
// handle any more, and no other is there yet.
func (g Group) Lose(slot uint32) {
	// The last thing that it did may be half of a Begin.
	if w := g.Word(); w&layout.WorkBegin != 0 {
		g.finish(w)
	}
	for {
		seen := g.Cell(slot)
		if layout.CellCount(seen) == 0 || g.LoseFrom(slot, seen) {
			return
		}
	}
}

// Forget takes note of what was lost, and tells how much that is.
func (g Group) Forget() (lost uint64) {
	for i := range g.cells {
		for {
			c := atomic.LoadUint64(&g.cells[i])
			move := word.WorkForget(c)
			if move.Verdict == word.WorkNone {
				break
			}
			if atomic.CompareAndSwapUint64(&g.cells[i], c, move.Next) {
				lost += layout.CellLost(c)
				break
			}
		}
	}
	return lost
}

// move makes a move of the word, and gives what the word is after it.
func (g Group) move(decide func(w uint64) word.WorkMove) (uint64, word.WorkVerdict) {
	for {
		w := g.Word()
		switch move := decide(w); {
		case move.Verdict == word.WorkBusy:
			g.finish(w)
		case move.Next == w, move.Verdict != word.WorkDone:
			return w, move.Verdict
		// sync: work done
		case atomic.CompareAndSwapUint64(g.word, w, move.Next):
			return move.Next, move.Verdict
		}
	}
}

// finish finishes the Begin in w, if the word still is w.
func (g Group) finish(w uint64) {
	cell := &g.cells[layout.WorkSlot(w)]
	for {
		c := atomic.LoadUint64(cell)
		if g.Word() != w {
			return // somebody has finished it
		}
		// The word was w after the cell was c. So if the tag fits the cell does not show
		// the Begin yet, or has changed since, and then the swap fails.
		move := word.WorkShow(w, c)
		if move.Verdict == word.WorkNone || atomic.CompareAndSwapUint64(cell, c, move.Next) {
			atomic.CompareAndSwapUint64(g.word, w, word.WorkFinished(w).Next)
			return
		}
	}
}
