package process

import (
	"sync"

	"shmkit/shm"
)

// tidier removes the files that killed processes left, and takes from them what they had in
// ours, once all that is left of them has gone: children of theirs that were not born yet, or
// processes that were killed with them.
type tidier struct {
	mu     sync.Mutex
	active bool // a goroutine is at it
	again  bool // it is to begin anew
}

var sweeper tidier

// wake tells that a process has ended otherwise than it should.
func (t *tidier) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.again = true
	if !t.active {
		t.active = true
		go t.run()
	}
}

func (t *tidier) run() {
	for t.next() {
		shm.SweepKilled()
	}
}

// next tells whether there is something to do.
func (t *tidier) next() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active, t.again = t.again, false
	return t.active
}
