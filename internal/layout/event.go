package layout

import "structs"

// The event word, a futex of 32 bits: set:1 | waiters:1 | generation:30.
//
//	S W generation   meaning
//	0 0 g            not set, nobody sleeps
//	0 1 g            not set, and somebody may sleep: who sets it must wake all
//	1 0 g            set, for the g'th time
//	1 1 g            nobody writes this
//
// S is the highest bit: that makes the test of it one comparison.
//
// Law: the generation changes when the event is set, and only then. So whoever waits
// since an earlier generation knows that it was set, whatever it is now.
const (
	EventIsSet      uint32 = 1 << 31
	EventWaiters    uint32 = 1 << 30
	EventGeneration uint32 = EventWaiters - 1 // mask
)

// Event is the payload of an event object.
type Event struct {
	_ structs.HostLayout

	Word uint32   // see the table above; anybody sets and clears it
	_    [60]byte // zero
}
