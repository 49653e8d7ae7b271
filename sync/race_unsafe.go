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

// Readers of an RWMutex are ordered with writers, not among themselves: they have a
// second key, inside the same object.

func readerKey(o *shm.Object) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(o), 8) }

func raceAcquireReaders(m *Mutex) {
	if o, mapped := m.obj.(*shm.Object); mapped {
		race.Acquire(readerKey(o))
	}
}

func raceReleaseReader(m *Mutex) {
	if o, mapped := m.obj.(*shm.Object); mapped {
		race.Release(readerKey(o))
	}
}
