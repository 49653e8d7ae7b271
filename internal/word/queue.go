package word

import "shmkit/internal/layout"

// The words of a queue are described in internal/layout. What a producer with ticket t
// sees in the slot of t, and what it does:
//
//	slot                    seat     producer                    consumer
//	Empty, turn of t        Open     Full(turn, own block)       there is nothing at t or after it
//	Full, turn of t         Taken    t is not the next one       take the block, or go on: see below
//	Closed, turn of t       Closed   ErrClosed                   ErrClosed
//	Full, the turn before   Before   ErrFull, or as Open         there is nothing at t or after it
//	a later turn            Past     t is not the next one       t was taken long ago
//	anything else           Damaged  –                           –
//
// A Full slot whose block is not Queued with that ticket has been taken from. It stays
// as it is until somebody publishes there.

// Seat is what a slot word means to one who comes with a ticket.
type Seat uint8

// The seats; see the table.
const (
	SeatOpen Seat = iota
	SeatTaken
	SeatClosed
	SeatBefore
	SeatPast
	SeatDamaged
)

// SeatOf is what the slot word w means to a ticket of that turn.
func SeatOf(w, turn uint64) Seat {
	state, age := w&layout.SlotStateMask, layout.SlotAge(w, turn)
	switch {
	case age > 0:
		return SeatPast
	case age == 0 && state == layout.SlotEmpty:
		return SeatOpen
	case age == 0 && state == layout.SlotFull:
		return SeatTaken
	case age == 0 && state == layout.SlotClosed:
		return SeatClosed
	case age == -1 && state == layout.SlotFull:
		return SeatBefore
	}
	return SeatDamaged
}

// QueuePublish is the word of a slot that was open, with the word w, when block is
// published there. This passes the block to the consumers.
func QueuePublish(w uint64, block uint32) uint64 {
	turn := layout.SlotTurn(w)
	if w&layout.SlotStateMask == layout.SlotFull {
		turn++ // the message that was there is gone
	}
	return layout.SlotWord(layout.SlotFull, turn, block)
}

// QueueThere tells whether the message with that ticket is still in the block whose
// word is w: it is if a slot led to it.
func QueueThere(w, ticket uint64) bool {
	return w&layout.CellStateMask == layout.CellQueued && layout.SameTicket(w, ticket)
}

// QueueTake is the word of a block that is there, or was returned, when the process in
// slot takes its message. This passes the message to that process.
func QueueTake(w uint64, slot uint32) uint64 {
	return layout.CellWord(layout.CellHeld, slot, layout.CellDeliveries(w), layout.CellTicket(w))
}

// QueueReturn is the word of a block that is Held when its message goes back. This
// passes the message to whoever comes next.
func QueueReturn(w uint64) uint64 {
	n := min(layout.CellDeliveries(w)+1, layout.MaxDeliveries)
	return layout.CellWord(layout.CellReturned, 0, n, layout.CellTicket(w))
}

// QueueFree is the word of a block in nobody's hands.
const QueueFree = uint64(layout.CellFree)

// QueueLinked is the word of a block that belongs to the message whose first block, which
// is ours, is first and has that version. This ties its fate to the first one's.
func QueueLinked(first, version uint32) uint64 {
	return layout.CellWord(layout.CellLinked, 0, 0, layout.LinkTicket(first, version))
}

// QueueResolve is what becomes of a block whose word is w when the process in slot is
// dead. seat is the slot word of the ticket in w, read after w. Move is false if the
// block is not that process's, or goes on without it.
//
//	block    slot of its ticket         becomes
//	Loaned   –                          Free, once nothing is Linked to it
//	Queued   Full with this block       stays: it was published
//	Queued   anything else              Loaned: it never was. Had it been published and taken,
//	                                    the word would have changed before the slot did
//	Held     –                          Returned
//
// Queued does not become Free at once, because what is Linked to the block is let go first,
// and only the exchange shows that it is the dead's still.
func QueueResolve(w uint64, slot, block uint32, seat, turn uint64) (next uint64, move bool) {
	if layout.CellSlot(w) != slot {
		return w, false
	}
	switch w & layout.CellStateMask {
	case layout.CellLoaned:
		return QueueFree, true
	case layout.CellQueued:
		return layout.CellWord(layout.CellLoaned, slot, 0, 0), seat != layout.SlotWord(layout.SlotFull, turn, block)
	case layout.CellHeld:
		return QueueReturn(w), true
	}
	return w, false
}

// QueueReturned is Queue.Returns after one more return: a new version, and pending.
func QueueReturned(returns uint64) uint64 { return (returns + 2) | QueuePending }

// QueuePending is the bit of Queue.Returns that says that some block may be Returned.
const QueuePending uint64 = 1

// QueueAnnounce is the word of a futex of a queue when one more is about to sleep on it.
func QueueAnnounce(w uint32) uint32 {
	if w&layout.QueueSleepers == layout.QueueNobody {
		return w | layout.QueueOne
	}
	return w&^layout.QueueSleepers | layout.QueueMany
}

// QueueWake is the word of a futex of a queue, on which somebody sleeps, when one of
// them is woken: if it was the only one nobody is left.
func QueueWake(w uint32) uint32 {
	next := (w + 1) &^ layout.QueueSleepers
	if w&layout.QueueSleepers == layout.QueueOne {
		return next | layout.QueueNobody
	}
	return next | layout.QueueMany
}

// QueueNobodyLeft is the word w after it turned out that nobody was there to wake.
// Whoever announced itself since is woken.
func QueueNobodyLeft(w uint32) uint32 { return (w + 1) &^ layout.QueueSleepers }
