package layout

import "structs"

// The word of a wait group: begin:1 | slot:10 | tag:21 | waiters:1 | open:31. Its low
// half is a futex.
//
//	begin W open        meaning
//	0     0 n           n units are nobody's
//	0     1 n           the same, and somebody may sleep until all units are done
//	1     x n           the process in slot has taken a unit out of open, which its
//	                    cell does not show yet if the cell's seq ends with tag
//
// Begin is the only operation that changes two words. Whoever meets a word with begin
// finishes it, and changes nothing before; slot and tag stay when begin goes, so that
// no two words with a Begin between them are equal, but for 2,097,152 of one process.
//
// The cell of a process, one for each slot: seq:32 | lost:16 | count:16.
//
//	count   units that the process has begun
//	lost    units that processes of this slot had begun when they died, and nobody
//	        has taken note of; it stays at WorkMost when there are more
//	seq     times that count rose; after 4,294,967,296 it comes again
//
// Law: only the process of the slot, who finishes its Begin, and who has proved its
// death change count. The group is done when open and all counts are 0.
const (
	WorkBegin   uint64 = 1 << 63
	WorkWaiters uint64 = 1 << 31
	WorkOpen    uint64 = 1<<31 - 1 // mask of open, and the most there can be
	WorkMost    uint64 = 1<<16 - 1 // mask of count and of lost, and the most there can be

	workTagShift  = 32
	workSlotShift = 53
	workTagMask   = 1<<(workSlotShift-workTagShift) - 1
	workLostShift = 16
	workSeqShift  = 32
)

// WaitGroup is the head of a wait group object. The cells follow it.
type WaitGroup struct {
	_ structs.HostLayout

	Word uint64    // see the table above
	_    [120]byte // zero
}

// WorkPending is the word of a wait group whose Begin of slot is not finished, as
// long as the seq of its cell ends as seq does.
func WorkPending(w uint64, slot, seq uint32) uint64 {
	return WorkBegin | uint64(slot)<<workSlotShift | uint64(seq&workTagMask)<<workTagShift | w&(WorkWaiters|WorkOpen)
}

// WorkSlot is the slot in the word of a wait group.
func WorkSlot(w uint64) uint32 { return uint32(w>>workSlotShift) & (MaxSlots - 1) }

// WorkTagged tells whether seq ends with the tag of w.
func WorkTagged(w uint64, seq uint32) bool {
	return uint32(w>>workTagShift)&workTagMask == seq&workTagMask
}

// WorkCell packs the cell of a slot.
func WorkCell(count, lost uint64, seq uint32) uint64 {
	return count | lost<<workLostShift | uint64(seq)<<workSeqShift
}

// CellCount is how many units a cell has begun.
func CellCount(c uint64) uint64 { return c & WorkMost }

// CellLost is how many units a cell has lost.
func CellLost(c uint64) uint64 { return c >> workLostShift & WorkMost }

// CellSeq is how often the count of a cell rose.
func CellSeq(c uint64) uint32 { return uint32(c >> workSeqShift) }
