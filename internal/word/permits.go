package word

import "shmkit/internal/layout"

// The words of permits are described in internal/layout: Seq, on which those sleep
// who found no free cell, and a cell for each permit. s is the process that asks, o
// another one, W is PermitsWaiters.
//
//	cell         PermitTake          becomes    verdict
//	0            any                 s          Taken
//	s or o       Unasked, Alive      —          Held
//	o            Dead                s          TakenOver
//
//	cell         PermitGive of o     becomes    verdict
//	o            dead, or itself     0          Released
//	else                             —          NotHeld
//
//	Seq          PermitsAnnounce     becomes    verdict    wake
//	x n          any                 1 n        Sleep
//
//	Seq          PermitsTaken        becomes    verdict    wake
//	W n                              —          Taken      1 if W
//
//	Seq          PermitsChanged      becomes    verdict    wake
//	0 n                              —          Released
//	1 n                              0 n+1      Released   1
//
// The order makes it work. A sleeper announces itself and then looks at all cells again; who gives a permit back, or
// takes one, changes the cell and then looks at Seq. So one of them sees the other.
//
// Who takes a permit that others may sleep for wakes one of them. Two that give back
// may have woken one sleeper, because the first has cleared W; and those who sleep do
// so on the death words of the owners that they saw. The one who is woken finds
// what is free, or sleeps on the death word of the new owner too. Who has slept has
// announced itself once more before it took, so W tells the next.

// PermitTake is one try of self to take a permit whose cell is c.
func PermitTake(c, self uint32, owner Owner) Move {
	switch {
	case c == 0:
		return Move{Next: self, Verdict: Taken}
	case layout.OwnerGeneration(c) == 0 || c&^layout.OwnerMask != 0:
		return Move{Next: c, Verdict: Corrupt}
	case c != self && owner == Dead:
		return Move{Next: self, Verdict: TakenOver}
	}
	return Move{Next: c, Verdict: Held}
}

// PermitGive takes the permit whose cell is c from owner.
func PermitGive(c, owner uint32) Move {
	if c != owner {
		return Move{Next: c, Verdict: NotHeld}
	}
	return Move{Next: 0, Verdict: Released}
}

// PermitsAnnounce says in a Seq of seq that somebody is going to sleep.
func PermitsAnnounce(seq uint32) Move {
	return Move{Next: seq | layout.PermitsWaiters, Verdict: Sleep}
}

// PermitsTaken follows a permit that was taken.
func PermitsTaken(seq uint32) Move {
	move := Move{Next: seq, Verdict: Taken}
	if seq&layout.PermitsWaiters != 0 {
		move.Wake = 1
	}
	return move
}

// PermitsChanged follows a permit that was given back.
func PermitsChanged(seq uint32) Move {
	if seq&layout.PermitsWaiters == 0 {
		return Move{Next: seq, Verdict: Released}
	}
	return Move{Next: (seq + 1) &^ layout.PermitsWaiters, Verdict: Released, Wake: 1}
}
