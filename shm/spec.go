package shm

import (
	"fmt"
	"math/bits"

	"shmkit/internal/layout"
)

// Kinds of objects.
const (
	KindMutex = layout.ObjectMutex
	KindValue = layout.ObjectValue
	KindArray = layout.ObjectArray
	KindBytes = layout.ObjectBytes
)

// KindName is the name of an object kind for people: "Mutex", "Value", …
func KindName(kind uint16) string {
	switch kind {
	case KindMutex:
		return "Mutex"
	case KindValue:
		return "Value"
	case KindArray:
		return "Array"
	case KindBytes:
		return "Bytes"
	}
	return fmt.Sprintf("kind %d", kind)
}

// Spec says what an object is: at creation what to make, at opening what to
// insist on.
type Spec struct {
	Kind  uint16
	Type  Type   // of one item
	Count uint64 // items; at opening not compared
	Mutex bool   // the payload starts with a layout.Mutex, items follow it
}

const mutexSize = 64

func (s Spec) owners() (format, off, count, stride uint32) {
	if !s.Mutex {
		return layout.OwnerNone, 0, 0, 0
	}
	return layout.OwnerMutex32, 0, 1, mutexSize
}

// size is the length of the payload, and where in it the items start.
func (s Spec) size() (size, itemsOff uint64, err error) {
	if s.Mutex {
		itemsOff = mutexSize
	}
	hi, items := bits.Mul64(s.Count, uint64(s.Type.Size))
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
	if have.Kind != s.Kind || have.Type.Code != s.Type.Code || have.Type.Size != s.Type.Size ||
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
	}
	if !s.Mutex {
		text += " without lock"
	}
	return text
}

func recordType(o *layout.Object) Type {
	n := min(int(o.SigLen), len(o.Signature))
	return Type{Code: o.TypeCode, Size: o.ItemSize, Align: o.Align, Signature: string(o.Signature[:n]), Hash: o.TypeHash}
}
