package shm

import (
	"fmt"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// Redo follows the item of a Value whose size is not 1, 2, 4 or 8 bytes, at the
// next multiple of 8. It makes a store of any size whole: whoever holds the lock
// writes Shadow, sets RedoCopy, copies Shadow over the item, clears State. Whoever
// gets the lock and finds RedoCopy does the copy again, before anything else.
type Redo[T any] struct {
	Shadow T
	State  uint64 // bits below; written only by the holder of the lock
}

// Bits of Redo.State.
//
//	owed copy held   meaning
//	0    0    0      the item is whole, or is being changed in place by a holder
//	                 of the lock who is to be told of deaths
//	x    0    1      the item is whole; the holder only loads and stores it whole
//	x    1    1      the shadow is whole and is being copied over the item
//	1    x    1      as without it, but some holder before died while State was 0,
//	                 and that is still to be told
//
// So if a holder dies with RedoHeld alone, there is nothing to repair.
const (
	RedoHeld uint64 = 1 << 0
	RedoCopy uint64 = 1 << 1
	RedoOwed uint64 = 1 << 2

	redoStateSize = 8
)

// RedoOf is the Redo of o, a Value of T that has one. It panics if it has none.
func RedoOf[T any](o *Object) *Redo[T] {
	if o.spec.Kind != layout.ObjectValue || o.spec.extra() < redoStateSize {
		panic(fmt.Sprintf("shm: %v has no redo area", o.spec))
	}
	off := o.itemsOff + (uint64(o.spec.Type.Size)+7)&^7
	r, err := mem.At[Redo[T]](o.core.mem, o.data+off)
	if err != nil {
		panic("shm: checked object out of bounds: " + err.Error())
	}
	return r
}
