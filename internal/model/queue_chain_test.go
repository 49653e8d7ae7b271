package model_test

import (
	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// A message of two blocks stands for a chain of any length: what is done with the second
// block is done with each of the others, one after the other.

// queuePass is one of the walks of a sweep over all blocks.
type queuePass uint8

const (
	passMessages queuePass = iota // what is Queued or Held
	passLinked                    // what is tied to a block that is Loaned to the dead
	passLoaned                    // and that
)

// concerns tells whether a pass does anything about a block with the word w.
func (p queuePass) concerns(w uint64) bool {
	switch w & layout.CellStateMask {
	case layout.CellQueued, layout.CellHeld:
		return p == passMessages
	case layout.CellLinked:
		return p == passLinked
	case layout.CellLoaned:
		return p == passLoaned
	}
	return false
}

// putMore takes a second block. If none is free the first one goes back.
func (v *queueVariant) putMore(s queueState, i int, emit func(int, string, queueState)) {
	found := false
	for b, w := range s.Block[:v.blocks()] {
		if w != word.QueueFree {
			continue
		}
		found = true
		next := s
		next.Block[b] = layout.CellWord(layout.CellLoaned, queueOwner(i), 0, 0)
		next.Next[b] = 0
		next.A[i].L, next.A[i].PC = uint8(b), putHalf
		emit(i, "claims more", next)
	}
	if !found {
		a := s.A[i]
		s.Block[a.B] = word.QueueFree
		s.A[i] = queueActor{PC: putLook, T: a.T, N: a.N}
		emit(i, "gives way", s)
	}
}

// unlink is what follows the acknowledgement of a message of two blocks.
func (v *queueVariant) unlink(s *queueState, i int) {
	a := &s.A[i]
	if a.PC == getUnlink {
		l := s.Next[a.B] - 1
		if s.Block[l] == word.QueueLinked(uint32(a.B), uint32(s.Version[a.B])) {
			s.Block[l] = word.QueueFree
		}
		s.Next[a.B], a.PC = 0, getFree
		return
	}
	s.Block[a.B] = word.QueueFree
	*a = queueActor{PC: getReturns, T: a.T, N: a.N}
}

// sweepLink looks whose the block is that block I is tied to, and then frees I.
func (v *queueVariant) sweepLink(s *queueState) {
	x := &s.S
	first := layout.LinkFirst(x.W)
	switch {
	case !x.Ours && !v.forgets && s.Block[first] == layout.CellWord(layout.CellLoaned, queueOwner(int(x.Dead)), 0, 0) &&
		x.W == word.QueueLinked(first, uint32(s.Version[first])):
		x.Ours = true
		return
	case x.Ours && s.Block[x.I] == x.W:
		s.Block[x.I] = word.QueueFree
	}
	*x = queueSweep{Dead: x.Dead, Pass: x.Pass, I: x.I + 1}
}
