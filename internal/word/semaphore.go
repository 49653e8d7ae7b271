package word

import "shmkit/internal/layout"

// The semaphore word is described in internal/layout. c is the count, n what is
// asked for, W and M are SemaphoreWaiters and SemaphoreMany, and M? is M if n > 1.
//
//	word         SemaphoreAcquire    becomes    verdict    wake
//	W M c >= n   new                 W M c-n    Taken
//	x 0 c > n    slept               1 0 c-n    Taken      1
//	x 0 c = n    slept               1 0 0      Taken
//	x 1 c > n    slept               0 0 c-n    Taken      all
//	x 1 c = n    slept               1 1 0      Taken
//	x M c < n    any                 1 M|M? c   Sleep
//
//	word         SemaphoreRelease    becomes    verdict    wake
//	W 0 c        c+n <= bound        0 0 c+n    Released   n if W
//	1 1 c        c+n <= bound        0 0 c+n    Released   all
//	x x c        c+n > bound         —          TooMany
//
//	word         SemaphoreGiveUp     becomes    verdict    wake
//	x M c        slept               —          Released   1, all if M
//
// Two releases one after the other may wake one sleeper, because the first has
// cleared W. So who has slept answers for the others: it leaves W set when it takes,
// and wakes the next one if it leaves something. Who has not slept owes nothing.

// SemaphoreAcquire is one try to take n permits from a semaphore whose word is w.
// slept tells whether this call has slept.
func SemaphoreAcquire(w, n uint32, slept bool) Move {
	flags, count := w&^layout.SemaphoreMost, w&layout.SemaphoreMost
	if count < n {
		if n > 1 {
			flags |= layout.SemaphoreMany
		}
		return Move{Next: flags | layout.SemaphoreWaiters | count, Verdict: Sleep}
	}
	left := count - n
	switch {
	case !slept:
		return Move{Next: flags | left, Verdict: Taken}
	case left == 0:
		return Move{Next: flags | layout.SemaphoreWaiters, Verdict: Taken}
	case flags&layout.SemaphoreMany != 0:
		return Move{Next: left, Verdict: Taken, Wake: All}
	}
	return Move{Next: layout.SemaphoreWaiters | left, Verdict: Taken, Wake: 1}
}

// SemaphoreRelease gives n permits to a semaphore whose word is w, and which has
// room for bound.
func SemaphoreRelease(w, n, bound uint32) Move {
	count := w & layout.SemaphoreMost
	if count > bound || n > bound-count {
		return Move{Next: w, Verdict: TooMany}
	}
	move := Move{Next: count + n, Verdict: Released}
	switch {
	case w&layout.SemaphoreMany != 0:
		move.Wake = All
	case w&layout.SemaphoreWaiters != 0:
		move.Wake = int(n)
	}
	return move
}

// SemaphoreGiveUp is what one who has slept does when it stops waiting: the wake-up
// of another may have come to it.
func SemaphoreGiveUp(w uint32) Move {
	if w&layout.SemaphoreMany != 0 {
		return Move{Next: w, Verdict: Released, Wake: All}
	}
	return Move{Next: w, Verdict: Released, Wake: 1}
}
