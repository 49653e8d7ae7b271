package layout

import "structs"

// A waiter cell of a condition is one 64-bit word: owner:32 | stamp:30 | state:2. Its
// low half, stamp and state, is the futex that the waiter sleeps on.
//
//	owner stamp state     meaning
//	0     0     Free      nobody's; who holds the lock may claim it
//	o     t     Looking   o waits since ticket t, and looks around before it sleeps
//	o     t     Asleep    o waits since ticket t, and must be woken
//	o     n     Notified  o was notified when n was the next ticket, and has not yet
//	                      retaken the lock
//	0     n     Notified  the same, but its owner died: it is for any waiter whose
//	                      ticket is older than n
//
// Law: a notification is in exactly one cell, from the notifier's compare-and-swap to
// that of the waiter who returns with the lock, or to the moment when nobody is left
// to whom it could go.
const (
	CondFree      uint64 = 0
	CondLooking   uint64 = 1
	CondAsleep    uint64 = 2
	CondNotified  uint64 = 3
	CondStateMask uint64 = 3

	// CondTicketMask covers a ticket. Tickets wrap around; of two the older one is
	// found by the sign of their difference.
	CondTicketMask uint32 = 1<<30 - 1

	condTicketShift = 2
	condOwnerShift  = 32
)

// CondMost is the greatest number of waiter cells of one condition.
const CondMost = 1 << 16

// Cond is the head of a condition; its items are the waiter cells.
type Cond struct {
	_ structs.HostLayout

	Ticket         uint32    // that the next waiter gets; written by who holds the lock
	High           uint32    // cells from here on are free; written by who holds the lock
	Left           uint32    // not 0: some cell may be Notified without an owner
	LockIndex      uint32    // object index of the lock, in the same segment
	LockGeneration uint32    // generation of that object
	LockKind       uint32    // kind of that object
	_              [104]byte // zero
}

// CondCell packs a cell.
func CondCell(state uint64, owner, stamp uint32) uint64 {
	return state | uint64(stamp&CondTicketMask)<<condTicketShift | uint64(owner)<<condOwnerShift
}

// CondOwner is the owner id in a cell.
func CondOwner(w uint64) uint32 { return uint32(w >> condOwnerShift) }

// CondStamp is the ticket in a cell: that of the waiter, or the next one at the time
// of the notification.
func CondStamp(w uint64) uint32 { return uint32(w) >> condTicketShift }

// CondOlder tells whether ticket a was given out before b.
func CondOlder(a, b uint32) bool { return int32((b-a)<<condTicketShift) > 0 }
