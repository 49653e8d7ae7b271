package layout

import "structs"

// A queue separates order from payload. Its items are cells; cell i is slot i of the
// ring, for i below Queue.Slots, and block i of the payload.
//
// A slot word says what has ticket t, where t % Slots is the slot and t / Slots the
// turn: state:2 | block:20 | turn:42.
//
//	state    turn    meaning
//	Empty    0       nothing was ever published here
//	Full     t's     block has the message of ticket t; if that block says otherwise the
//	                 message is taken, and the slot is free for ticket t + Slots
//	Closed   t's     nothing is ever published at t, or after it
//
// A block word says who has the block: state:3 | slot:10 | deliveries:7 | ticket:44.
//
//	state     slot      meaning
//	Free      –         nobody; any producer may take it
//	Loaned    producer  being filled, without a ticket
//	Queued    producer  filled, or being filled, for ticket: published if and only if
//	                    the slot of ticket is Full with this block
//	Held      consumer  taken out; it goes back if the consumer dies
//	Returned  –         given back; goes to the next consumer, ahead of the ring
//	Linked    –         belongs to the message whose first block is ticket's lower half,
//	                    which has the version in ticket's upper half
//
// Law: a message that was published is in exactly one block that is Queued and
// published, Held or Returned, until it is acknowledged. The word of a block alone says
// whose it is, and of one that is Linked, the word of the first one: while anything is
// Linked to a block that is not Free, and whoever has the message has all of it.
//
// A message that is longer than a block is a chain of them. Who fills it has all of them
// Loaned, raises Version of the first, sets Next of each and Length of the first, makes the
// others Linked, and publishes the first, as if it were alone. Who acknowledges it makes the
// first one Loaned, which is the acknowledgement, then the others Free, then the first. So
// nothing is Linked to a block that is Free, and what is Linked to one that is Loaned becomes
// Free before it.
//
// A ticket wraps around after 2^42 turns and 2^44 messages, which at 20 ns a message
// takes four days; a process would have to be stopped in the middle of an operation for
// exactly that many messages to mistake an old word for a new one.
const (
	SlotEmpty  uint64 = 0
	SlotFull   uint64 = 1
	SlotClosed uint64 = 2

	SlotStateMask uint64 = 3
	slotBlockAt          = 2
	slotBlockBits        = 20
	slotTurnAt           = slotBlockAt + slotBlockBits
	slotTurnBits         = 64 - slotTurnAt

	// MaxBlocks is the largest number of blocks of a queue.
	MaxBlocks = 1 << slotBlockBits
)

// Block states of a queue.
const (
	CellFree     uint64 = 0
	CellLoaned   uint64 = 1
	CellQueued   uint64 = 2
	CellHeld     uint64 = 3
	CellReturned uint64 = 4
	CellLinked   uint64 = 5

	CellStateMask    uint64 = 7
	cellSlotAt              = 3
	cellDeliveriesAt        = 13
	cellTicketAt            = 20
	cellTicketBits          = 64 - cellTicketAt

	// MaxDeliveries is where the count of deliveries stays.
	MaxDeliveries = 1<<7 - 1
)

// QueueHead is the head of a queue.
type QueueHead struct {
	_ structs.HostLayout

	// Line 0. Written by the creator.
	Slots     uint32    // capacity
	Blocks    uint32    // cells; Slots, and one for each message that may be in flight
	Stride    uint32    // bytes of a cell
	BlockSize uint32    // bytes of payload of a block
	_         [112]byte // zero

	// Line 1. Written by producers, and who helps them.
	Tail uint64    // next ticket to publish, or an earlier one
	_    [120]byte // zero

	// Line 2. Written by consumers, and who helps them.
	Head uint64    // next ticket to take, or an earlier one
	_    [120]byte // zero

	// Line 3. Written by consumers that sleep, and producers that wake them.
	Items uint32    // sleepers:2 | sequence:30, a futex
	_     [124]byte // zero

	// Line 4. Written by producers that sleep, and consumers that wake them.
	Space uint32    // sleepers:2 | sequence:30, a futex
	_     [124]byte // zero

	// Line 5. Rarely written.
	Flags       uint32   // joining:1 | starved:1 | closing:1
	Unfenced    uint32   // 1: to some process that uses the queue no barrier of another reaches
	Returns     uint64   // version:63 | pending:1, raised around each return
	Redelivered uint64   // messages that were delivered once more
	HighWater   uint64   // the largest depth that a producer has seen
	Finished    uint64   // a ticket: once all messages before it, and no others, were published and acknowledged
	Freed       uint32   // sequence, a futex; raised when QueueStarved is taken away
	Idle        uint32   // sequence, a futex; raised when QueueJoining is taken away
	_           [80]byte // zero
}

// Flags of a queue: what a call that has made a block free looks at. Who frees it by a
// store that is no barrier must have asked the kernel to let the barriers of others reach
// it (membarrier), or say Unfenced.
const (
	QueueClosing uint32 = 1 // nothing more may be published, as soon as a slot says so; stays
	QueueStarved uint32 = 2 // somebody sleeps on Freed
	QueueJoining uint32 = 4 // somebody sleeps on Idle
)

// How many may sleep on Items or Space.
const (
	QueueNobody   uint32 = 0
	QueueOne      uint32 = 1 << 30
	QueueMany     uint32 = 2 << 30
	QueueSleepers uint32 = 3 << 30 // mask
)

// QueueCell is the head of a cell. The payload follows.
type QueueCell struct {
	_ structs.HostLayout

	Slot    uint64 // slot word; 0 in cells that are no slots
	Block   uint64 // block word
	Length  uint64 // bytes of the message, in its first block; not used if the items are plain memory
	Version uint32 // raised when the block becomes the first one of a message of several
	Next    uint32 // the next block of the message, plus 1; 0 in its last block
}

// SlotWord packs a slot word. The turn is cut to its bits.
func SlotWord(state, turn uint64, block uint32) uint64 {
	return state | uint64(block)<<slotBlockAt | turn<<slotTurnAt
}

// SlotBlock is the block in a slot word.
func SlotBlock(w uint64) uint32 { return uint32(w>>slotBlockAt) & (MaxBlocks - 1) }

// SlotTurn is the turn in a slot word.
func SlotTurn(w uint64) uint64 { return w >> slotTurnAt }

// SlotAge is how many turns the slot word w is ahead of turn; negative if it is
// behind. It is right as long as they are less than 2^41 turns apart.
func SlotAge(w, turn uint64) int64 {
	return int64(w-turn<<slotTurnAt) >> slotTurnAt
}

// CellWord packs a block word. The ticket is cut to its bits.
func CellWord(state uint64, slot, deliveries uint32, ticket uint64) uint64 {
	return state | uint64(slot)<<cellSlotAt | uint64(deliveries)<<cellDeliveriesAt | ticket<<cellTicketAt
}

// CellSlot is the participant in a block word.
func CellSlot(w uint64) uint32 { return uint32(w>>cellSlotAt) & (MaxSlots - 1) }

// CellDeliveries is how often the message was delivered before.
func CellDeliveries(w uint64) uint32 { return uint32(w>>cellDeliveriesAt) & MaxDeliveries }

// CellTicket is the ticket in a block word.
func CellTicket(w uint64) uint64 { return w >> cellTicketAt }

// LinkTicket is the ticket of a block that is Linked to the block first, with that
// version.
func LinkTicket(first, version uint32) uint64 {
	const half = cellTicketBits / 2
	return uint64(first) | uint64(version)<<half
}

// LinkFirst is the first block of the message that a Linked block with the word w belongs
// to.
func LinkFirst(w uint64) uint32 {
	const half = cellTicketBits / 2
	return uint32(CellTicket(w) & (1<<half - 1))
}

// SameTicket tells whether the block word w has ticket t.
func SameTicket(w, t uint64) bool { return w>>cellTicketAt == t&(1<<cellTicketBits-1) }

// FullTicket is the ticket in a block word, of which that has the lower bits, when the
// tail of the queue is near it.
func FullTicket(w, tail uint64) uint64 {
	const span = 1 << cellTicketBits
	t := tail&^(span-1) | CellTicket(w)
	switch {
	case t > tail+span/2 && t >= span:
		t -= span
	case t+span/2 < tail:
		t += span
	}
	return t
}
