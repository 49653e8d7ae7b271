package shm

import (
	"fmt"

	"shmkit/internal/layout"
)

// Kinds of objects.
const (
	KindMutex = layout.ObjectMutex
	KindValue = layout.ObjectValue
	KindArray = layout.ObjectArray
	KindBytes = layout.ObjectBytes

	KindRWMutex        = layout.ObjectRWMutex
	KindRecursiveMutex = layout.ObjectRecursiveMutex
	KindSemaphore      = layout.ObjectSemaphore
	KindPermits        = layout.ObjectPermits
	KindCond           = layout.ObjectCond
	KindEvent          = layout.ObjectEvent
	KindBarrier        = layout.ObjectBarrier
	KindOnce           = layout.ObjectOnce
	KindWaitGroup      = layout.ObjectWaitGroup
)

// kind is what the segment has to know of the objects of one kind.
type kind struct {
	name string
	// head is how many bytes the payload has in front of the items; 0: what Spec says.
	head uint64
	lock bool // the head starts with a layout.Mutex
	// count is how many items there are, one for each slot say; 0: as many as Spec says.
	count uint64
	// owners is the format of the owner fields, OwnerNone: what Spec says.
	owners uint32
	// disown takes away what owner has in o: it is dead, or has no handle any more. It
	// may be called again, and by several processes one after the other.
	disown func(v *view, o *layout.Object, owner uint32)
	// check reports the laws that o breaks.
	check func(c *checker, where string, o *layout.Object)
	// describe is the state of o for people, in one line; "" if there is nothing to tell.
	describe func(v *view, o *layout.Object) string
	// rings are the queues or streams that o is made of.
	rings func(v *view, o *layout.Object) []RingInfo
	// peek adds copies of up to n messages that wait in o to p.
	peek func(p *peeker, o *layout.Object) error
}

// kinds by number. Those with functions add themselves, each in the file that has
// them.
var kinds = map[uint16]*kind{
	KindMutex: {name: "Mutex"}, KindValue: {name: "Value"}, KindArray: {name: "Array"}, KindBytes: {name: "Bytes"},
}

// kindOf is never nil.
func kindOf(number uint16) *kind {
	if k := kinds[number]; k != nil {
		return k
	}
	return &kind{name: fmt.Sprintf("kind %d", number)}
}

// KindName is the name of an object kind for people: "Mutex", "Value", …
func KindName(number uint16) string { return kindOf(number).name }
