package sync

import (
	"unsafe"

	"shmkit/internal/race"
)

// acquired and released tell the race detector what it does not see in mapped
// memory, through the one Go object that all handles in this process share.

func (u *use) acquired() { race.Acquire(unsafe.Pointer(u.obj)) }

func (u *use) released() { race.Release(unsafe.Pointer(u.obj)) }
