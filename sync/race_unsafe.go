package sync

import (
	"unsafe"

	"shmkit/internal/race"
)

// The race detector does not see synchronisation through mapped memory. It is
// told through the one Go object that all handles of a lock in this process
// share. Only built into race-enabled programs.

func raceAcquire(m *Mutex) { race.Acquire(unsafe.Pointer(m.obj)) }

func raceRelease(m *Mutex) { race.Release(unsafe.Pointer(m.obj)) }
