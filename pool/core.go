package pool

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shmkit/process"
	"shmkit/ring"
	"shmkit/shm"
)

// core is a pool, in the process that decides. Locks are taken in the order open, mu.
type core struct {
	*settings
	tasks   *ring.Queue[[]byte]
	results *ring.Queue[[]byte]
	table   *table
	clock   clock
	longest int                    // frame for a queue, in bytes
	entries []atomic.Pointer[task] // of places; who has the place writes it
	free    chan uint32            // places that nobody has
	limited atomic.Int64           // tasks with a time limit that are placed
	watch   chan struct{}          // wakes who watches over them
	spares  spares                 // for long arguments
	over    atomic.Pointer[failed] // why no worker is to begin any more

	ctx    context.Context // ends when nothing waits for room any more
	cancel context.CancelCauseFunc
	open   sync.RWMutex // held for reading while a task is put in the queue
	closed bool         // the queues are; under open

	mu       sync.Mutex
	phase    phase
	why      error // what tasks get that were not run; set with terminated
	left     int   // tasks that have not ended, and jobs that make more of them
	queued   int   // of these, tasks
	waiting  []*task
	wake     chan struct{} // there is one waiting
	members  []*member     // by position
	living   map[uint32]*member
	failures int // starts, one after the other, that came to nothing
	signals  int // and by a signal
	idle     int // workers that died one after the other, and no task had a result
	next     uint32
	stats    counters

	helping
	woke        atomic.Bool // somebody who waited for a result
	supervisors sync.WaitGroup
	collected   chan struct{} // closed when nobody collects any more
	ended       chan struct{} // closed when nothing is left
}

// phase only grows.
type phase uint8

const (
	accepting  phase = iota
	closing          // no new tasks
	drained          // no task is left
	terminated       // what is left is given up
)

// counters are of tasks.
type counters struct{ done, failed, restarted uint64 }

// member is a worker, as its parent sees it.
type member struct {
	name     string
	position int
	worker   uint32                     // in words
	job      *process.Job[process.None] // nil while it is started
	doomed   bool                       // it is to be killed when job is there
	ready    bool                       // and then pid is
	pid      int
	tasks    uint64 // that have a result
	started  time.Time
	buried   chan struct{} // closed when its tasks are decided
	seen     word          // the task that guard saw it with before it had said since when
	seenAt   int64         // and when that was
	died     error         // what Wait gave; before its death is put
}

// newCore makes a pool without workers.
func newCore(workers int, s *settings) (c *core, err error) {
	c = &core{
		settings: s, clock: newClock(), entries: make([]atomic.Pointer[task], s.places),
		free: make(chan uint32, s.places), watch: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		members: make([]*member, workers), living: map[uint32]*member{}, collected: make(chan struct{}), ended: make(chan struct{}),
	}
	// Workers that are stopped while they fill or take a message have so many blocks that
	// most are left to others.
	c.longest = max(1, s.places/(4*workers)) * blockSize
	if c.table, err = newTable(s.places, workers); err != nil {
		return nil, err
	}
	for _, q := range []**ring.Queue[[]byte]{&c.tasks, &c.results} {
		if *q, err = ring.New[[]byte](max(s.places, 2*workers), ring.BlockSize(blockSize)); err != nil {
			c.release()
			return nil, err
		}
	}
	for i := range s.places {
		c.free <- uint32(i)
	}
	c.spares.heap, c.spares.most = shm.Default, parentSpare
	c.hurry = make(chan struct{}, 1)
	c.looks.Store(mostLooks / 2)
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c, nil
}

// release gives the shared memory back.
func (c *core) release() {
	c.open.Lock()
	defer c.open.Unlock()
	c.closed = true
	for _, q := range []*ring.Queue[[]byte]{c.tasks, c.results} {
		if q != nil {
			q.Detach()
		}
	}
	c.table.array.Close()
	c.spares.close()
}

// register says that a task comes, or a job that makes tasks.
func (c *core) register(tasks int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.why != nil && c.why != ErrTerminated:
		return c.why
	case c.phase != accepting:
		return ErrClosed
	}
	c.left++
	c.queued += tasks
	return nil
}

// more says that a job has made a task.
func (c *core) more() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left++
	c.queued++
}

// account says that a task has ended; by is the worker that has sent its result, if any.
func (c *core) account(failed bool, by *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if by != nil {
		by.tasks++
		c.idle = 0
	}
	c.left--
	c.queued--
	if failed {
		c.stats.failed++
	} else {
		c.stats.done++
	}
	c.drain()
}

// enough says that a job makes no more tasks.
func (c *core) enough() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	c.drain()
}

// drain lets the workers end if there is nothing left to do. It is called with mu held.
func (c *core) drain() {
	if c.phase == closing && c.left == 0 {
		c.phase = drained
		c.tasks.Close()
		c.cancel(ErrClosed)
	}
}

// close takes no more tasks.
func (c *core) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == accepting {
		c.phase = closing
		c.drain()
	}
}

// kill ends the worker. It is called with mu held.
func (m *member) kill() {
	if m.job == nil {
		m.doomed = true
		return
	}
	m.job.Kill()
}
