package word

import "shmkit/internal/layout"

// The event word is described in internal/layout. S is EventIsSet, W is EventWaiters, g
// the generation, b the generation in which a call began to wait, and whether it was set
// then.
//
//	word      EventSet        becomes      verdict   wake
//	0 W g                     1 0 g+1      Passed    all if W
//	1 0 g                     —            Passed
//
//	word      EventClear      becomes      verdict
//	1 W g                     0 W g        Passed
//	0 W g                     —            Passed
//
//	word      EventWait of b  becomes      verdict
//	1 W g                     —            Passed
//	0 W g≠b                   —            Passed
//	0 W b, b was set          —            Passed
//	0 W b                     0 1 b        Sleep

// EventSet sets the event whose word is w.
func EventSet(w uint32) Move {
	if w&(layout.EventIsSet|layout.EventWaiters) == layout.EventIsSet {
		return Move{Next: w, Verdict: Passed}
	}
	move := Move{Next: layout.EventIsSet | (w+1)&layout.EventGeneration, Verdict: Passed}
	if w&layout.EventWaiters != 0 {
		move.Wake = All
	}
	return move
}

// EventClear makes the event whose word is w one that is not set.
func EventClear(w uint32) Move { return Move{Next: w &^ layout.EventIsSet, Verdict: Passed} }

// EventWait is one look of a call that waits since the word was began.
func EventWait(w, began uint32) Move {
	if (w|began)&layout.EventIsSet != 0 || (w^began)&layout.EventGeneration != 0 {
		return Move{Next: w, Verdict: Passed}
	}
	return Move{Next: w | layout.EventWaiters, Verdict: Sleep}
}
