package ring

import (
	"unsafe"

	"shmkit/internal/race"
)

// acquired and released tell the race detector what it does not see in mapped memory,
// through the one Go object that all ends in this process share.

func (e *end) acquired() { race.Acquire(unsafe.Pointer(e.obj)) }

func (e *end) released() { race.Release(unsafe.Pointer(e.obj)) }
