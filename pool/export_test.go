package pool

import (
	"shmkit/process"
)

// AtStep makes f be called between the steps of the workers of this process.
func AtStep(f func(step string)) { atStep = f }

// FailStarts makes the starts of workers fail with err from the nth on; -1: never.
func FailStarts(n int, err error) (restore func()) {
	before := startWorker
	startWorker = func(s setup, options []process.Option) (*process.Job[process.None], error) {
		if n--; n <= 0 {
			return nil, err
		}
		return before(s, options)
	}
	return func() { startWorker = before }
}

// Tasks are those that r was made with.
func Tasks[R any](r *AsyncResult[R]) (list []*task) { return r.made() }

// WithdrawLate withdraws a task whose pool has ended just after it was looked at.
func WithdrawLate(p *Pool, t *task) bool {
	t.state.Store(taskPlaced)
	go t.state.Store(taskEnded)
	return p.core.withdraw(t, ErrCanceled)
}

// Age makes all places of p, none of which is in use, ones that have had so many tasks.
func Age(p *Pool, generation uint64) {
	for i := range p.core.entries {
		w := p.core.table.load(uint32(i))
		p.core.table.swap(uint32(i), w, wordOf(generation, stateFree, 0))
	}
}

// LastGeneration is the one before the first.
const LastGeneration = generationMask

// Scribble writes over the words of all places of p that are in use.
func Scribble(p *Pool, change func(uint64) uint64) {
	for i := range p.core.entries {
		if w := p.core.table.load(uint32(i)); p.core.entries[i].Load() != nil {
			p.core.table.swap(uint32(i), w, word(change(uint64(w))))
		}
	}
}
