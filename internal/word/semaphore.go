package word

import "shmkit/internal/layout"

// The semaphore word is described in internal/layout. c is the count, n what is
// asked for, W and M are SemaphoreWaiters and SemaphoreMany, and M? is M if n > 1.
//
//	word         SemaphoreAcquire    becomes    verdict    wake
//	W M c >= n   new                 W M c-n    Taken
//	x 0 c > n    slept               1 0 c-n    Taken      1
//	x M c >= n   slept, otherwise    1 M c-n    Taken
//	x 0 c < n    any, 0 < c          1 1 c      Sleep      all
//	x M c < n    any, otherwise      1 M|M? c   Sleep
//
//	word         SemaphoreRelease    becomes    verdict    wake
//	W 0 c        c+n <= bound        0 0 c+n    Released   n if W
//	1 1 c        c+n <= bound        0 0 c+n    Released   all
//	x x c        c+n > bound         —          TooMany
//
// Two releases one after the other may wake one sleeper, because the first has
// cleared W. So who has slept answers for the others: it leaves W set when it takes,
// and wakes the next one if it leaves something. Who has not slept owes nothing.
//
// A wake-up for one must not come to a sleeper that needs more than there is. So while
// M is set all are woken; and who sets it when there is something wakes all who may
// sleep for that, because the wake-up that is on its way to one of them may come to it
// instead. Law: while M is set and something is there, nobody sleeps whom that is
// enough for.

// SemaphoreAcquire is one try to take n permits from a semaphore whose word is w.
// slept tells whether this call has slept.
func SemaphoreAcquire(w, n uint32, slept bool) Move {
	flags, count := w&^layout.SemaphoreMost, w&layout.SemaphoreMost
	if count < n {
		move := Move{Next: w | layout.SemaphoreWaiters, Verdict: Sleep}
		if n > 1 {
			move.Next |= layout.SemaphoreMany
			if flags&layout.SemaphoreMany == 0 && count > 0 {
				move.Wake = All
			}
		}
		return move
	}
	move := Move{Next: flags | (count - n), Verdict: Taken}
	if slept {
		move.Next |= layout.SemaphoreWaiters
		if flags&layout.SemaphoreMany == 0 && count > n {
			move.Wake = 1
		}
	}
	return move
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
