package park

import (
	"runtime"
	"sync/atomic"
)

const (
	maxRounds  = 40
	minRounds  = 1
	pauseBegin = 4
	pauseEnd   = 64
)

// rounds is how often a call tries before it sleeps: an estimate, for the whole
// process, of whether that pays. It creeps up while spinning succeeds and down
// while it fails; lost updates do no harm.
var rounds atomic.Int32

// cores is what decides whether a spinning thread can meet a running owner.
var cores = runtime.NumCPU()

func init() { rounds.Store(maxRounds / 2) }

// spin tries a bounded number of times, with growing pauses between.
func spin(r *Round, attempt func(r *Round) (bool, error)) (bool, error) {
	if cores == 1 {
		return false, nil
	}
	r.Spinning = true
	limit := rounds.Load()
	pauses := uint32(pauseBegin)
	for range limit {
		if done, err := attempt(r); done || err != nil {
			rounds.Store(min(limit+1+(maxRounds-limit)/8, maxRounds))
			r.Spinning = false
			return done, err
		}
		pause(pauses)
		pauses = min(2*pauses, pauseEnd)
	}
	rounds.Store(max(limit-1-limit/8, minRounds))
	r.Spinning = false
	return false, nil
}

// Pause tells the core n times that it runs a waiting loop.
func Pause(n uint32) { pause(n) }

// Alone tells whether there is one core only: then spinning never pays.
func Alone() bool { return cores == 1 }
