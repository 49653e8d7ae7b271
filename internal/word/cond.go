package word

import "shmkit/internal/layout"

// The cell of a waiter is described in internal/layout. s is the process that asks, t
// the ticket of its wait, n the next ticket, o any owner that is not 0.
//
//	cell           CondClaim        becomes        wake
//	Free           holder of lock   s t Looking
//
//	cell           CondAnnounce     becomes
//	s t Looking                     s t Asleep
//
//	cell           CondNotify       becomes        wake
//	o t Looking    holder of lock   o n Notified
//	o t Asleep     holder of lock   o n Notified   1
//
//	cell           CondNudge        becomes        wake
//	o t Asleep     anybody          o t Looking    1
//
//	cell           CondQuit         becomes
//	s t Looking    s                Free
//	s t Asleep     s                Free
//	s n Notified   s                —              it was notified, and must go on
//
//	cell           CondDone         becomes
//	s n Notified   s                Free
//
//	cell           CondDisown of o  becomes
//	o t Looking                     Free
//	o t Asleep                      Free
//	o n Notified                    0 n Notified
//
//	cell           CondAdopt        becomes
//	0 n Notified   t older than n   s n Notified   and the cell of s becomes Free
//	o n Notified   the same, o dead s n Notified   the same
//
//	cell           CondForget       becomes
//	0 n Notified   nobody waits     Free
//	               with t older
//
// Everything else stays as it is. Who makes a cell 0 n Notified then looks for one who
// is Asleep with an older ticket, and nudges it. Who goes to sleep is Asleep first, and
// then looks for such cells. So one of the two sees the other.

// CondMove is what a cell becomes. If OK is false it stays.
type CondMove struct {
	Next uint64
	OK   bool
	Wake bool // the owner sleeps on the cell
}

func condWaits(w uint64) bool {
	state := w & layout.CondStateMask
	return state == layout.CondLooking || state == layout.CondAsleep
}

func condNotified(w uint64) bool { return w&layout.CondStateMask == layout.CondNotified }

// CondClaim begins the wait of self that has this ticket.
func CondClaim(w uint64, self, ticket uint32) CondMove {
	return CondMove{Next: layout.CondCell(layout.CondLooking, self, ticket), OK: w == layout.CondFree}
}

// CondAnnounce says that self may sleep from now on.
func CondAnnounce(w uint64, self uint32) CondMove {
	ok := w&layout.CondStateMask == layout.CondLooking && layout.CondOwner(w) == self
	return CondMove{Next: layout.CondCell(layout.CondAsleep, self, layout.CondStamp(w)), OK: ok}
}

// CondNotify notifies the waiter of a cell; next is the next ticket.
func CondNotify(w uint64, next uint32) CondMove {
	return CondMove{
		Next: layout.CondCell(layout.CondNotified, layout.CondOwner(w), next),
		OK:   condWaits(w), Wake: w&layout.CondStateMask == layout.CondAsleep,
	}
}

// CondNudge makes a sleeper look around.
func CondNudge(w uint64) CondMove {
	asleep := w&layout.CondStateMask == layout.CondAsleep
	return CondMove{
		Next: layout.CondCell(layout.CondLooking, layout.CondOwner(w), layout.CondStamp(w)), OK: asleep, Wake: asleep,
	}
}

// CondQuit ends a wait of self that nobody has notified.
func CondQuit(w uint64, self uint32) CondMove {
	return CondMove{Next: layout.CondFree, OK: condWaits(w) && layout.CondOwner(w) == self}
}

// CondDone ends a wait of self that was notified: it has the lock again.
func CondDone(w uint64, self uint32) CondMove {
	return CondMove{Next: layout.CondFree, OK: condNotified(w) && layout.CondOwner(w) == self}
}

// CondDisown takes the cell away from owner, who is dead, or does not use what it was
// notified of.
func CondDisown(w uint64, owner uint32) CondMove {
	move := CondMove{Next: layout.CondFree, OK: owner != 0 && w != layout.CondFree && layout.CondOwner(w) == owner}
	if condNotified(w) {
		move.Next = layout.CondCell(layout.CondNotified, 0, layout.CondStamp(w))
	}
	return move
}

// CondAdopt gives self, who waits since ticket, a notification that dead did not live
// to see. dead is 0 if the cell has no owner any more.
func CondAdopt(w uint64, dead, self, ticket uint32) CondMove {
	return CondMove{
		Next: layout.CondCell(layout.CondNotified, self, layout.CondStamp(w)),
		OK:   condNotified(w) && layout.CondOwner(w) == dead && CondFor(w, ticket),
	}
}

// CondFor tells whether w is a notification that a waiter with this ticket may have.
func CondFor(w uint64, ticket uint32) bool {
	return condNotified(w) && layout.CondOlder(ticket, layout.CondStamp(w))
}

// CondForget ends a notification without an owner, which nobody is left for.
func CondForget(w uint64) CondMove {
	return CondMove{Next: layout.CondFree, OK: CondOwnerless(w)}
}

// CondOwnerless tells whether w is a notification without an owner.
func CondOwnerless(w uint64) bool { return condNotified(w) && layout.CondOwner(w) == 0 }

// CondWaits tells whether the owner of w waits, and since which ticket.
func CondWaits(w uint64) (ticket uint32, ok bool) { return layout.CondStamp(w), condWaits(w) }
