package array

import (
	"unsafe"

	"shmkit/internal/race"
)

// The race detector does not see synchronisation through mapped memory. It is told
// through the one Go object that all handles of an array in this process share.
// Only built into race-enabled programs.

func (a *Array[T]) raceAcquire() { race.Acquire(unsafe.Pointer(a.hold.Object)) }

func (a *Array[T]) raceRelease() { race.Release(unsafe.Pointer(a.hold.Object)) }
