package word

import "shmkit/internal/layout"

// The words of a queue are described in internal/layout. What a producer with ticket t
// sees in the slot of t, and what it does:
//
//	slot                    seat     producer                    consumer
//	Empty, turn of t        Open     Full(turn, own block)       there is nothing at t or after it
//	Full, turn of t         Taken    help Tail past t            take the block, or help: see below
//	Closed, turn of t       Closed   ErrClosed                   ErrClosed
//	Full, the turn before   Before   full; or help: see below    –
//	a later turn            Past     look at Tail again          help Head past t
//	anything else           Damaged  –                           –
//
// A Full slot whose block is not Queued with that ticket has been taken from. Whoever
// meets it makes it Empty of the next turn and moves Head on: the taker may be dead.

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

// QueueResolve is what becomes of a block whose word is w when the process in slot is
// dead. seat is the slot word of the ticket in w, read after w. Move is false if the
// block is not that process's, or goes on without it.
//
//	block    slot of its ticket         becomes
//	Loaned   –                          Free
//	Queued   Full with this block       stays: it was published
//	Queued   anything else              Free: it never was. Had it been published and taken,
//	                                    the word would have changed before the slot did
//	Held     –                          Returned
func QueueResolve(w uint64, slot, block uint32, seat, turn uint64) (next uint64, move bool) {
	if layout.CellSlot(w) != slot {
		return w, false
	}
	switch w & layout.CellStateMask {
	case layout.CellLoaned:
		return QueueFree, true
	case layout.CellQueued:
		return QueueFree, seat != layout.SlotWord(layout.SlotFull, turn, block)
	case layout.CellHeld:
		return QueueReturn(w), true
	}
	return w, false
}

// QueueReturned is Queue.Returns after one more return: a new version, and pending.
func QueueReturned(returns uint64) uint64 { return (returns + 2) | QueuePending }

// QueuePending is the bit of Queue.Returns that says that some block may be Returned.
const QueuePending uint64 = 1
