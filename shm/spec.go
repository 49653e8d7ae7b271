package shm

import (
	"fmt"
	"math/bits"

	"shmkit/internal/layout"
)

// Spec says what an object is: at creation what to make, at opening what to
// insist on.
type Spec struct {
	Kind  uint16
	Type  Type   // of one item
	Count uint64 // items; at opening not compared
	Mutex bool   // the payload starts with a layout.Mutex
}

const mutexSize = 64

// owners is what a sweep has to look for.
func (s Spec) owners() (format, off, count, stride uint32) {
	if k := kindOf(s.Kind); k.owners != layout.OwnerNone {
		return k.owners, 0, uint32(s.Count), s.Type.Size
	}
	if s.Mutex {
		return layout.OwnerMutex32, 0, 1, mutexSize
	}
	return layout.OwnerNone, 0, 0, 0
}

// size is the length of the payload, and where in it the items start.
func (s Spec) size() (size, itemsOff uint64, err error) {
	switch k := kindOf(s.Kind); {
	case k.head > 0:
		itemsOff = k.head
	case s.Mutex:
		itemsOff = mutexSize
	}
	item := uint64(s.Type.Size)
	switch s.Kind {
	case KindQueue, KindJoinable:
		item = cellStride(s.Type.Size)
	case KindBroadcast:
		item = layout.BroadcastSlot(item)
	}
	hi, items := bits.Mul64(s.Count, item)
	if hi != 0 || items > hardMax {
		return 0, 0, fmt.Errorf("%w: %d items of %d bytes", ErrTooLarge, s.Count, s.Type.Size)
	}
	return itemsOff + items + s.extra(), itemsOff, nil
}

// extra is what follows the item of a Value: up to a whole word, so that a small
// one can be read in one piece, or a Redo, so that a large one can be written in
// one.
func (s Spec) extra() uint64 {
	item := uint64(s.Type.Size)
	whole := (item + 7) &^ 7
	switch {
	case s.Kind != KindValue:
		return 0
	case item == 1 || item == 2 || item == 4 || item == 8:
		return whole - item
	}
	return whole - item + redoStateSize + whole
}

func (s Spec) align() uint64 { return 64 }

// match compares what an object is with what the caller expects.
func (s Spec) match(have Spec) error {
	size := s.Type.Size
	if s.Type.Code == layout.TypeMessage && size == 0 {
		size = have.Type.Size // blocks of any size
	}
	if have.Kind != s.Kind || have.Type.Code != s.Type.Code || have.Type.Size != size ||
		have.Type.Hash != s.Type.Hash || have.Mutex != s.Mutex {
		return &TypeError{Have: have.String(), Want: s.String()}
	}
	return nil
}

// String is for messages: "Value of d (8 bytes)".
func (s Spec) String() string {
	text := KindName(s.Kind)
	if s.Type.Size > 0 {
		text += " of " + s.Type.String()
	} else if s.Type.Code == layout.TypeMessage {
		text += " of " + s.Type.Signature
	}
	if !s.Mutex && kindOf(s.Kind).head == 0 {
		text += " without lock"
	}
	return text
}

func recordType(o *layout.Object) Type {
	n := min(int(o.SigLen), len(o.Signature))
	return Type{Code: o.TypeCode, Size: o.ItemSize, Align: o.Align, Signature: string(o.Signature[:n]), Hash: o.TypeHash}
}
