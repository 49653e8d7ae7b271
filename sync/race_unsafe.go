package sync

import (
	"unsafe"

	"shmkit/internal/race"
	"shmkit/shm"
)

// The race detector does not see synchronisation through mapped memory. It is
// told through the one Go object that all handles of a lock in this process
// share. Only built into race-enabled programs.

func raceAcquire(m *Mutex) {
	if o, mapped := m.obj.(*shm.Object); mapped {
		race.Acquire(unsafe.Pointer(o))
	}
}

func raceRelease(m *Mutex) {
	if o, mapped := m.obj.(*shm.Object); mapped {
		race.Release(unsafe.Pointer(o))
	}
}
