//go:build race

package race

import (
	"runtime"
	"unsafe"
)

// Enabled tells whether the race detector is on.
const Enabled = true

// Acquire orders what follows after the last Release of key.
func Acquire(key unsafe.Pointer) { runtime.RaceAcquire(key) }

// Release orders what came before it before the next Acquire of key.
func Release(key unsafe.Pointer) { runtime.RaceReleaseMerge(key) }
