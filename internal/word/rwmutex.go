package word

import "shmkit/internal/layout"

// The words of an RWMutex are described in internal/layout: the writers' word is that
// of a Mutex, with its moves; c is the Reader word of a process, p:n:a for phase,
// waiting and active. "drained" tells that active has become 0, for which the writer
// in the word may sleep.
//
//	writers' word  ReaderLook, owner o   verdict         the reader, which is active,
//	x 0            any                   Taken           reads
//	x Orphan       any                   Orphaned        leaves: a writer must repair
//	x Unusable     any                   NotRecoverable  leaves
//	generation 0   any                   Corrupt         leaves
//	x x o          Unasked               Held            lets the writer pass
//	x x o          Alive                 Sleep           waits
//	x x o          Dead                  Orphaned        leaves
//
//	c              move                  becomes         verdict
//	p:n:a          ReaderEnter           p:n:a+1         —           one instruction
//	p:n:a          ReaderLeave           p:n:a-1         Released    drained if a was 1
//	p:n:0          ReaderLeave           —               NotHeld
//	p:n:a          ReaderWait            p:n+1:a-1       Sleep       drained if a was 1
//	p:max:a        ReaderWait            p:max:a-1       Held        it is not among n
//	p:n:a          ReaderCount, from p   p:n-1:a+1       Held        look at the word again
//	q:n:a          ReaderCount, from p   —               Taken       was let in meanwhile
//	p:n:a          ReaderQuit, from p    p:n-1:a         Released
//	q:n:a          ReaderQuit, from p    —               Taken       was let in meanwhile
//	p:n:a          ReaderGrant           p+1:0:a+n       Taken
//	p:0:a          ReaderGrant           —               Released    nobody waits
//
//	c              ReaderDrain, owner    verdict
//	x:x:0          any                   Taken           nobody reads here
//	x:x:a          Unasked               Held
//	x:x:a          Alive                 Sleep
//	x:x:a          Dead                  Taken           the dead do not read
//
// Order is what it lives on: a reader is active before it looks at the word, a writer
// is in the word before it looks at the readers. A reader that waits has rung for
// attention (BellAnnounce) before it looks again, a writer looks at the bell after it
// has given the word back.

// CellMove is a move of a Reader word.
type CellMove struct {
	Next    uint64  // what the word becomes; the value that was looked at if it stays
	Verdict Verdict // what is true once Next is in the word
	Drained bool    // the writer may sleep until this
}

// ReaderEnter is what a reader makes of c before it looks at the writers' word.
func ReaderEnter(c uint64) uint64 { return c + 1 }

// ReaderLook is what w, the writers' word, means for a reader.
func ReaderLook(w uint32, owner Owner) Verdict {
	switch state := w &^ layout.MutexWaiters; {
	case state == 0:
		return Taken
	case state == layout.MutexOrphan:
		return Orphaned
	case state == layout.MutexUnusable:
		return NotRecoverable
	case layout.OwnerGeneration(w) == 0:
		return Corrupt
	case owner == Unasked:
		return Held
	case owner == Dead:
		return Orphaned
	}
	return Sleep
}

// ReaderLeave is the end of one that is active.
func ReaderLeave(c uint64) CellMove {
	active := c & layout.ReaderActive
	if active == 0 {
		return CellMove{Next: c, Verdict: NotHeld}
	}
	return CellMove{c - 1, Released, active == 1}
}

// ReaderWait makes one that is active wait. If it is active no more, because the
// process unlocked too often, it waits all the same.
func ReaderWait(c uint64) CellMove {
	m := CellMove{Next: c, Verdict: Sleep}
	if c&layout.ReaderActive > 0 {
		m.Next--
		m.Drained = m.Next&layout.ReaderActive == 0
	}
	if c&layout.ReaderWaiting == layout.ReaderWaiting {
		m.Verdict = Held
		return m
	}
	m.Next += layout.ReaderOne
	return m
}

// ReaderCount makes one that waits since phase active.
func ReaderCount(c uint64, phase uint16) CellMove {
	m := ReaderQuit(c, phase)
	if m.Verdict == Released {
		m.Next, m.Verdict = m.Next+1, Held
	}
	return m
}

// ReaderQuit is the end of one that waits since phase.
func ReaderQuit(c uint64, phase uint16) CellMove {
	switch {
	case layout.ReaderPhaseOf(c) != phase:
		return CellMove{Next: c, Verdict: Taken}
	case c&layout.ReaderWaiting == 0:
		return CellMove{Next: c, Verdict: NotHeld}
	}
	return CellMove{Next: c - layout.ReaderOne, Verdict: Released}
}

// ReaderGrant lets all in that wait. Only who has the writers' word may do it, when
// it is about to give that back.
func ReaderGrant(c uint64) CellMove {
	waits := layout.ReaderWaits(c)
	if waits == 0 {
		return CellMove{Next: c, Verdict: Released}
	}
	next := layout.ReaderWord(layout.ReaderPhaseOf(c)+1, 0, uint32(c)+waits)
	return CellMove{Next: next, Verdict: Taken}
}

// ReaderDrain is what c means for the writer that has the word; owner is what it
// knows of the process that reads.
func ReaderDrain(c uint64, owner Owner) Verdict {
	switch {
	case c&layout.ReaderActive == 0, owner == Dead:
		return Taken
	case owner == Unasked:
		return Held
	}
	return Sleep
}

// BellAnnounce is what a reader makes of the bell before it looks for the last time.
func BellAnnounce(b uint32) uint32 { return b | layout.BellWaiters }

// BellRing wakes all readers that wait, if there may be some.
func BellRing(b uint32) Move {
	if b&layout.BellWaiters == 0 {
		return Move{Next: b, Verdict: Released}
	}
	return Move{Next: (b + 1) &^ layout.BellWaiters, Verdict: Released, Wake: All}
}
