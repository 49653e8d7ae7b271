package pipe

import (
	"runtime"
	"sync/atomic"
	"time"

	"shmkit/internal/park"
)

const (
	// spinTime is what it costs to wake a thread whose processor sleeps, twice: so who looks
	// meets an answer of one who had to be woken for it, and the two do not go on with a
	// wake-up for each message, for good.
	spinTime = 100 * time.Microsecond
	// maxDoubt is the base-2 logarithm of how many reads a socket waits for without spinning
	// where that did not pay.
	maxDoubt = 4
	// lookPauses keep a reader that spins from calling the kernel all the time.
	lookPauses = 16
)

// spinners is how many readers of sockets spin in this process. Each has a processor for
// itself, and one is left to what they wait for.
var spinners atomic.Int32

// eager decides whether a reader spins before it waits. It is that of one socket, and of
// whoever reads from it. That costs spinTime at most, for a read in 16 where it never pays.
//
//	doubt  idle  the next read that finds nothing
//	0      0     spins
//	n      k>0   waits, and leaves k-1
//	n      0     spins: if something came doubt is 0, else n+1 and idle 2^(n+1)-1
type eager struct {
	doubt uint8
	idle  uint8
}

// spin tries for a while, unless that is unlikely to pay.
func (e *eager) spin(try func() bool) bool {
	if park.Alone() {
		return false
	}
	if e.idle > 0 {
		e.idle--
		return false
	}
	if int(spinners.Add(1)) >= runtime.NumCPU() {
		spinners.Add(-1)
		return false
	}
	done := spinFor(try)
	spinners.Add(-1)
	if done {
		e.doubt = 0
	} else {
		e.doubt = min(e.doubt+1, maxDoubt)
		e.idle = 1<<e.doubt - 1
	}
	return done
}

func spinFor(try func() bool) bool {
	for begin := time.Now(); time.Since(begin) < spinTime; {
		runtime.Gosched() // others of this process may have what the peer waits for
		if try() {
			return true
		}
		park.Pause(lookPauses)
	}
	return false
}
