package pool

import (
	"sync/atomic"
	"time"

	"shmkit/array"
)

// task is what one worker runs at once: items from one call. Whoever takes it out of its
// state, or out of the word of its place, ends it; so it ends once.
type task struct {
	job      job
	pool     *Pool // stays reachable until the task has ended
	first    int   // item of the job
	count    int   // of items
	message  []byte
	keep     any                // what the message refers to: handles in arguments
	spilled  *array.Array[byte] // what the message refers to
	timeout  time.Duration
	retries  int
	deaths   int
	attended bool // somebody waits for it: see helping
	tame     bool // no method of a caller's runs where its result is decoded

	state atomic.Uint32
	at    atomic.Uint64          // its seat, while it is placed
	cause atomic.Pointer[failed] // why it was given up
}

type failed struct{ err error }

// seat is a place and the generation of its task, in generation:36 | place:16.
type seat uint64

func seatOf(place uint32, w word) seat { return seat(w.generation()<<placeBits | uint64(place)) }

const placeBits = 16

func (s seat) place() uint32 { return uint32(s & (1<<placeBits - 1)) }

// queued is the word of the place while the queue has the task.
func (s seat) queued() word { return wordOf(uint64(s>>placeBits), stateQueued, 0) }

// States of a task in the parent.
//
//	waiting   in the list of those that wait, or in the hands of who puts it in the queue
//	placed    its place knows more
//	ended     its job was told, or is about to be
const (
	taskWaiting = iota
	taskPlaced
	taskEnded
)

// job is what tasks are of. Its methods are called by whoever ends the task.
type job interface {
	// item is the outcome of item i, and tells whether it is well. body is the caller's.
	item(i int, s status, body []byte, from *member) (ok bool)
	// fail is the outcome of n items, from i on.
	fail(i, n int, err error)
	// settle says that n items, from i on, have an outcome.
	settle(i, n int)
}

// fail ends a task without a result.
func (t *task) fail(err error) {
	t.job.fail(t.first, t.count, err)
	t.job.settle(t.first, t.count)
}

// drop ends the use of what a task needs until it ends. Its message may still be in the
// hands of who puts it in the queue.
func (t *task) drop() {
	if t.spilled != nil {
		t.pool.core.spares.give(t.spilled)
		t.spilled = nil
	}
	t.pool, t.keep = nil, nil
}
