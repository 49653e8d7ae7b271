package value

import (
	"unsafe"

	"shmkit/internal/race"
)

// The race detector does not see synchronisation through mapped memory. It is told
// through the one Go object that all handles of a value in this process share.
// Only built into race-enabled programs.

func (v *Value[T]) raceAcquire() { race.Acquire(unsafe.Pointer(v.hold.Object)) }

func (v *Value[T]) raceRelease() { race.Release(unsafe.Pointer(v.hold.Object)) }
