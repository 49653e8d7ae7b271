package word

import "shmkit/internal/layout"

// The mutex word is described in internal/layout. o is the owner that it names, s is
// the process that asks, W and D are MutexWaiters and MutexDied. W? is W if it was
// set or if this call has slept: others may still sleep, and the bit clears itself
// when an unlock wakes nobody.
//
//	word         MutexLock, o        becomes    verdict         wake
//	W? 0         any                 W? s       Taken           1 if W?
//	W? Orphan    any                 W? D s     TakenOver       1 if W?
//	W? Unusable  any                 —          NotRecoverable
//	generation 0 any                 —          Corrupt
//	x x o        Unasked             —          Held
//	x x o        Alive               W x o      Sleep
//	x x o        Dead                W D s      TakenOver       1
//
//	word         MutexUnlock         becomes    verdict         wake
//	x 0 s                            0          Released        1 if W
//	x 1 s                            Unusable   Ruined          all if W
//	else                             —          NotHeld
//
//	word         MutexPass           becomes    verdict         wake
//	W 0 s                            W 0        Released        1
//	else                             as MutexUnlock
//
//	word         MutexConsistent     becomes    verdict         wake
//	x 1 s                            x 0 s      Repaired
//	x 0 s                            —          Consistent
//	else                             —          NotHeld
//
//	word         MutexAbandon        becomes    verdict         wake
//	x x s                            Orphan     Orphaned        1 if W
//	else                             —          NotHeld
//
//	word         MutexOrphan of o    becomes    verdict         wake
//	x x o                            x Orphan   Orphaned        1 if W
//	else                             —          NotHeld
//
// Who takes a lock that others may sleep for wakes one of them. Those who sleep do so
// on the death word of the holder they saw; the one who is woken sees the new one, and
// sleeps on its death word. So there is always somebody whom the kernel tells.
//
// A take-over from a dead owner sets W whether or not it was set: that costs one
// wake-up which nobody may need.

// MutexLock is one try of self to take a mutex whose word is w. slept tells whether
// this call has slept.
func MutexLock(w, self uint32, owner Owner, slept bool) Move {
	keep, herald := w&layout.MutexWaiters, 0
	if slept {
		keep = layout.MutexWaiters
	}
	if keep != 0 {
		herald = 1
	}
	switch state := w &^ layout.MutexWaiters; {
	case state == 0:
		return Move{Next: keep | self, Verdict: Taken, Wake: herald}
	case state == layout.MutexOrphan:
		return Move{Next: keep | layout.MutexDied | self, Verdict: TakenOver, Wake: herald}
	case state == layout.MutexUnusable:
		return Move{Next: w, Verdict: NotRecoverable}
	case layout.OwnerGeneration(w) == 0:
		return Move{Next: w, Verdict: Corrupt}
	}
	switch owner {
	case Unasked:
		return Move{Next: w, Verdict: Held}
	case Dead:
		return Move{Next: layout.MutexWaiters | layout.MutexDied | self, Verdict: TakenOver, Wake: 1}
	}
	return Move{Next: w | layout.MutexWaiters, Verdict: Sleep}
}

// MutexUnlock gives back a mutex whose word is w and that self holds.
func MutexUnlock(w, self uint32) Move {
	move := Move{Next: 0, Verdict: Released, Wake: 1}
	switch {
	case w&layout.OwnerMask != self:
		return Move{Next: w, Verdict: NotHeld}
	case w&layout.MutexDied != 0:
		move = Move{Next: layout.MutexUnusable, Verdict: Ruined, Wake: All}
	}
	if w&layout.MutexWaiters == 0 {
		move.Wake = 0
	}
	return move
}

// MutexPass is MutexUnlock that no fast path of MutexLock takes advantage of, if
// somebody may sleep.
func MutexPass(w, self uint32) Move {
	move := MutexUnlock(w, self)
	if move.Verdict == Released && move.Wake > 0 {
		move.Next = layout.MutexWaiters
	}
	return move
}

// MutexConsistent says that self, who holds the mutex, has repaired what it guards.
func MutexConsistent(w, self uint32) Move {
	switch {
	case w&layout.OwnerMask != self:
		return Move{Next: w, Verdict: NotHeld}
	case w&layout.MutexDied == 0:
		return Move{Next: w, Verdict: Consistent}
	}
	return Move{Next: w &^ layout.MutexDied, Verdict: Repaired}
}

// MutexOrphan takes the mutex away from owner, who is dead or has no handle left.
func MutexOrphan(w, owner uint32) Move {
	if w&layout.OwnerMask != owner {
		return Move{Next: w, Verdict: NotHeld}
	}
	move := Move{Next: w&layout.MutexWaiters | layout.MutexOrphan, Verdict: Orphaned}
	if w&layout.MutexWaiters != 0 {
		move.Wake = 1
	}
	return move
}

// MutexAbandon is the holder's unlock without having repaired, that lets the next
// one try. As in MutexUnlock W goes with the wake-up: who wakes sets it again.
func MutexAbandon(w, self uint32) Move {
	move := MutexOrphan(w, self)
	if move.Verdict == Orphaned {
		move.Next = layout.MutexOrphan
	}
	return move
}
