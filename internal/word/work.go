package word

import "shmkit/internal/layout"

// The word of a wait group and the cells are described in internal/layout. Each
// function makes the next value of one word of 64 bits; all but WorkFinished want a
// word without begin, and answer WorkBusy if there is one: finish that first.
//
//	word             becomes                              verdict
//	W n              W n+k, if 0 ≤ n+k                    WorkDone     WorkAdd
//	W n              —, if n+k < 0                        WorkNone
//	W n              —, if n+k > WorkOpen                 WorkFull
//	W n > 0          begin, slot, tag of its cell, W n-1  WorkDone     WorkBegin
//	W 0              —                                    WorkNone
//	W n              —, if the cell has WorkMost          WorkFull
//	begin x          x                                    WorkDone     WorkFinished
//	x n              W n                                  WorkDone     WorkAnnounce
//	W n              0 n                                  WorkDone     WorkWoken
//
//	cell             becomes                              verdict
//	c l s, s is tag  c+1 l s+1                            WorkDone     WorkShow
//	c l s            —, if s does not end with the tag    WorkNone     (it shows already)
//	c > 0 l s        c-1 l s                              WorkDone     WorkEnd
//	0 l s            —                                    WorkNone
//	c > 0 l s        0 l+c s                              WorkDone     WorkLose
//	c l > 0 s        c 0 s                                WorkDone     WorkForget

// WorkMove is the answer of a transition function of a wait group.
type WorkMove struct {
	Next    uint64 // what the word or cell becomes; what was looked at if it stays
	Verdict WorkVerdict
}

// WorkVerdict tells what is true once Next is there.
type WorkVerdict uint8

const (
	// WorkDone: it is as it was asked for.
	WorkDone WorkVerdict = iota
	// WorkBusy: first finish the Begin that is in the word.
	WorkBusy
	// WorkNone: there is no unit, or nothing, to take away.
	WorkNone
	// WorkFull: there is no room for more.
	WorkFull
)

// WorkAdd adds n units, or takes -n away, that are nobody's.
func WorkAdd(w uint64, n int64) WorkMove {
	open := int64(w & layout.WorkOpen)
	switch most := int64(layout.WorkOpen); {
	case w&layout.WorkBegin != 0:
		return WorkMove{w, WorkBusy}
	case n < -open:
		return WorkMove{w, WorkNone}
	case n > most-open:
		return WorkMove{w, WorkFull}
	}
	return WorkMove{w&^layout.WorkOpen | uint64(open+n), WorkDone}
}

// WorkBegin moves one unit to the process in slot, whose cell was loaded after w.
func WorkBegin(w, cell uint64, slot uint32) WorkMove {
	switch {
	case w&layout.WorkBegin != 0:
		return WorkMove{w, WorkBusy}
	case w&layout.WorkOpen == 0:
		return WorkMove{w, WorkNone}
	case layout.CellCount(cell) == layout.WorkMost:
		return WorkMove{w, WorkFull}
	}
	return WorkMove{layout.WorkPending(w-1, slot, layout.CellSeq(cell)), WorkDone}
}

// WorkShow lets the cell show the Begin that is in w. It may be stored only if the
// word still was w after the cell was loaded.
func WorkShow(w, cell uint64) WorkMove {
	count, lost, seq := layout.CellCount(cell), layout.CellLost(cell), layout.CellSeq(cell)
	if !layout.WorkTagged(w, seq) {
		return WorkMove{cell, WorkNone}
	}
	// A cell that is full though none is begun beyond it is damaged; it stays full.
	return WorkMove{layout.WorkCell(min(count+1, layout.WorkMost), lost, seq+1), WorkDone}
}

// WorkFinished takes the Begin out of w, which the cell shows.
func WorkFinished(w uint64) WorkMove { return WorkMove{w &^ layout.WorkBegin, WorkDone} }

// WorkEnd completes one unit of a cell.
func WorkEnd(cell uint64) WorkMove {
	if layout.CellCount(cell) == 0 {
		return WorkMove{cell, WorkNone}
	}
	return WorkMove{cell - 1, WorkDone}
}

// WorkLose completes all units of a cell whose process is dead, as lost.
func WorkLose(cell uint64) WorkMove {
	count := layout.CellCount(cell)
	if count == 0 {
		return WorkMove{cell, WorkNone}
	}
	lost := min(layout.CellLost(cell)+count, layout.WorkMost)
	return WorkMove{layout.WorkCell(0, lost, layout.CellSeq(cell)), WorkDone}
}

// WorkForget takes note of the lost units of a cell.
func WorkForget(cell uint64) WorkMove {
	if layout.CellLost(cell) == 0 {
		return WorkMove{cell, WorkNone}
	}
	return WorkMove{layout.WorkCell(layout.CellCount(cell), 0, layout.CellSeq(cell)), WorkDone}
}

// WorkAnnounce says that somebody may sleep.
func WorkAnnounce(w uint64) WorkMove { return mark(w, w|layout.WorkWaiters) }

// WorkWoken says that nobody sleeps: the caller wakes all.
func WorkWoken(w uint64) WorkMove { return mark(w, w&^layout.WorkWaiters) }

func mark(w, next uint64) WorkMove {
	if w&layout.WorkBegin != 0 {
		return WorkMove{w, WorkBusy}
	}
	return WorkMove{next, WorkDone}
}
