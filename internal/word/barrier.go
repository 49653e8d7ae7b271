package word

import "shmkit/internal/layout"

// The barrier word is described in internal/layout. g is the generation, W is
// BarrierWaiters, e the epoch, n the number of parties. A call comes once, with
// BarrierArrive, and then asks with BarrierOutcome until its generation has ended.
//
//	word                  BarrierArrive          becomes                  verdict   wake
//	g W Filling e a<n-1                          g W Filling e a+1        Arrived
//	g W Filling e n-1     without an action      g+1 0 Filling e 0        Passed    all if W
//	g W Filling e n-1     with one               g W Acting e n           Last
//	g W Acting e n                               g 1 Acting e n           Sleep
//	g W Broken e 0                               —                        Broken
//	else                                         —                        Corrupt
//
//	word                  BarrierRelease of g    becomes                  verdict   wake
//	g W Acting e n                               g+1 0 Filling e 0        Passed    all if W
//	else                                         —                        Broken
//
//	word                  BarrierOutcome of g,e  becomes                  verdict
//	g W s e a                                    g 1 s e a                Sleep
//	g+1 x Broken e 0                             —                        Broken
//	h x s e a                                    —                        Passed
//	h x s f a             Ends[e] = e,g+1        —                        Broken
//	h x s f a             Ends[e] = e,h'         —                        Passed
//	h x s f a             Ends[e] = another      —                        Broken: too long ago to know
//
//	word                  BarrierBreak           becomes                  verdict   wake
//	g W Broken e 0                               —                        Broken
//	g W s e a                                    g+1 0 Broken e 0         Broken    all if W
//
//	word                  BarrierReset           becomes                  verdict
//	g W Filling e 0                              —                        Passed
//	g W s e a                                    as BarrierBreak          Broken: once more
//	g W Broken e 0        once Ends[e] = e,g     g 0 Filling e+1 0        Passed

// Move64 is a [Move] of a word of 64 bits.
type Move64 struct {
	Next    uint64
	Verdict Verdict
	Wake    int
}

// ended is w with the next generation in this state.
func ended(w, state uint64) Move64 {
	move := Move64{Next: layout.BarrierWord(layout.BarrierGeneration(w)+1, state, layout.BarrierEpoch(w), 0)}
	if w&layout.BarrierWaiters != 0 {
		move.Wake = All
	}
	return move
}

// BarrierArrive is one more party, of n, that comes. acts tells that it has an action
// to run if it is the last one. With Arrived and Last, BarrierArrived of w is its
// index.
func BarrierArrive(w uint64, n uint32, acts bool) Move64 {
	arrived := layout.BarrierArrived(w)
	switch state := w & layout.BarrierStateMask; {
	case state == layout.BarrierBroken:
		return Move64{Next: w, Verdict: Broken}
	case state == layout.BarrierActing && arrived == n:
		return Move64{Next: w | layout.BarrierWaiters, Verdict: Sleep}
	case state != layout.BarrierFilling || arrived >= n:
		return Move64{Next: w, Verdict: Corrupt}
	case arrived+1 < n:
		return Move64{Next: w + 1, Verdict: Arrived}
	case acts:
		return Move64{Next: w + 1 | layout.BarrierActing, Verdict: Last}
	}
	move := ended(w, layout.BarrierFilling)
	move.Verdict = Passed
	return move
}

// BarrierRelease lets all parties of w, whose action is over, go; came is the word
// that the one who acts left when it came.
func BarrierRelease(w, came uint64) Move64 {
	if (w^came)&^layout.BarrierWaiters != 0 {
		return Move64{Next: w, Verdict: Broken}
	}
	move := ended(w, layout.BarrierFilling)
	move.Verdict = Passed
	return move
}

// BarrierOutcome is one look of a party that came when the word was came. end is the
// entry of its epoch in Barrier.Ends, read after w.
func BarrierOutcome(w, came, end uint64) Move64 {
	verdict := Passed
	next, epoch := layout.BarrierGeneration(came)+1, layout.BarrierEpoch(came)
	switch {
	case layout.BarrierEpoch(w) != epoch:
		if uint32(end>>32) != epoch || uint32(end) == next {
			verdict = Broken
		}
	case layout.BarrierGeneration(w)+1 == next:
		return Move64{Next: w | layout.BarrierWaiters, Verdict: Sleep}
	case layout.BarrierGeneration(w) == next && w&layout.BarrierStateMask == layout.BarrierBroken:
		verdict = Broken
	}
	return Move64{Next: w, Verdict: verdict}
}

// BarrierBreak breaks the barrier.
func BarrierBreak(w uint64) Move64 {
	if w&layout.BarrierStateMask == layout.BarrierBroken {
		return Move64{Next: w, Verdict: Broken}
	}
	move := ended(w, layout.BarrierBroken)
	move.Verdict = Broken
	return move
}

// BarrierReset makes the barrier usable and empty. With Broken it must be asked again
// once Next is in the word. With Passed, BarrierEnded of w must be in Barrier.Ends
// before Next is in the word, if they differ.
func BarrierReset(w uint64) Move64 {
	switch state := w & layout.BarrierStateMask; {
	case state == layout.BarrierFilling && layout.BarrierArrived(w) == 0:
		return Move64{Next: w, Verdict: Passed}
	case state != layout.BarrierBroken:
		return BarrierBreak(w)
	}
	return Move64{
		Next:    layout.BarrierWord(layout.BarrierGeneration(w), layout.BarrierFilling, layout.BarrierEpoch(w)+1, 0),
		Verdict: Passed,
	}
}

// BarrierEnded is the entry in Barrier.Ends of the epoch that ends with w, which is
// Broken.
func BarrierEnded(w uint64) uint64 {
	return layout.BarrierEnd(layout.BarrierEpoch(w), layout.BarrierGeneration(w))
}
