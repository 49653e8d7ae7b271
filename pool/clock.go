package pool

import (
	"time"

	"shmkit/internal/sys"
)

// clock is the monotonic clock of the machine, the same in all processes, without a system
// call each time.
type clock struct {
	origin time.Time
	offset int64
}

func newClock() clock {
	now := time.Now()
	return clock{now, sys.Monotonic()}
}

// now is in nanoseconds.
func (c clock) now() int64 { return c.offset + int64(time.Since(c.origin)) }
