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
