package pool

import (
	"context"
	"log"
	"runtime"
	"time"
)

// Pool is a number of workers, which run tasks. Use [New]; it must not be copied. Several
// goroutines may use it, in the process that made it, and no other: it cannot be sent. If a
// worker dies its task fails and a new worker is started; if this process dies the workers
// end.
type Pool struct {
	core    *core
	cleanup runtime.Cleanup
}

// New makes a pool of so many workers: see [Default]. It returns when their processes exist;
// what they do first is told by the tasks, see [InitError]. A pool that is forgotten without
// Close is terminated, and that is logged. Errors: [ErrWorkers], [ErrOption],
// process.ErrNoMain, those of starting a process, after which no worker is left, and of
// shared memory.
func New(workers int, options ...Option) (*Pool, error) {
	s, err := settingsOf(workers, options)
	if err != nil {
		return nil, err
	}
	c, err := newCore(workers, s)
	if err != nil {
		return nil, err
	}
	go c.collect(0)
	for i := range workers {
		m, err := c.begin(i)
		if err != nil {
			c.giveUp(err)
			c.finish()
			return nil, err
		}
		c.supervisors.Add(1)
		go c.supervise(m)
	}
	go c.dispatch()
	go c.guard()
	go c.finish()
	p := &Pool{core: c}
	p.cleanup = runtime.AddCleanup(p, forgotten, c)
	return p, nil
}

// forgotten ends a pool that nobody can use any more.
func forgotten(c *core) {
	log.Printf("pool: %s was forgotten and not closed", c.name)
	c.terminate()
}

// Workers is the number of workers.
func (p *Pool) Workers() int { return len(p.core.members) }

// Close takes no more tasks: they get [ErrClosed]. What was given to the pool is done, and
// then the workers end. It does not wait: see Join. Calling it again does nothing.
func (p *Pool) Close() {
	p.cleanup.Stop()
	p.core.close()
}

// Terminate ends the workers at once. Tasks that have not ended get [ErrTerminated]. It does
// not wait: see Join. Calling it again does nothing.
func (p *Pool) Terminate() {
	p.cleanup.Stop()
	p.core.terminate()
}

// Join waits until all workers have ended. It gives up when ctx ends: it then returns the
// cause of ctx. Errors: [ErrRunning] before Close or Terminate.
func (p *Pool) Join(ctx context.Context) error {
	p.core.mu.Lock()
	early := p.core.phase == accepting
	p.core.mu.Unlock()
	if early {
		return ErrRunning
	}
	select {
	case <-p.core.ended:
		return nil
	default:
	}
	select {
	case <-p.core.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Shutdown is Close and Join. With cancel it withdraws the tasks that no worker has begun:
// they get [ErrCanceled].
func (p *Pool) Shutdown(ctx context.Context, cancel bool) error {
	p.Close()
	if cancel {
		p.core.over.CompareAndSwap(nil, &failed{ErrCanceled})
		p.core.withdrawAll(ErrCanceled)
	}
	return p.Join(ctx)
}

// Stats is a picture of a pool. It is plain data of one process.
type Stats struct {
	Busy      int    // workers that run a task
	Queued    int    // tasks that wait; of a Map only those that were made of its items so far
	Done      uint64 // tasks that gave a result for all of their items
	Failed    uint64 // other tasks that have ended
	Restarted uint64 // workers that were started in place of others
	Workers   []WorkerStats
}

// WorkerStats is a picture of a worker. It is plain data of one process.
type WorkerStats struct {
	Name    string
	PID     int       // 0 while it is started
	Tasks   uint64    // that have ended, except by its death
	Started time.Time // the process
	Busy    bool
	Since   time.Time // when it began its task, if it is busy
}

// Stats looks at the pool. Each number is right at some instant during the call.
func (p *Pool) Stats() Stats {
	c := p.core
	busy := c.busy()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Done: c.stats.done, Failed: c.stats.failed, Restarted: c.stats.restarted}
	for _, m := range c.members {
		if m == nil {
			continue
		}
		w := WorkerStats{Name: m.name, Tasks: m.tasks, Started: m.started}
		if m.job != nil {
			w.PID = m.job.PID()
		}
		if w.Since, w.Busy = busy[m.worker]; w.Busy {
			s.Busy++
		}
		s.Workers = append(s.Workers, w)
	}
	s.Queued = max(0, c.queued-s.Busy)
	return s
}

// busy is which workers have a task, and since when.
func (c *core) busy() map[uint32]time.Time {
	c.open.RLock()
	defer c.open.RUnlock()
	list := map[uint32]time.Time{}
	if c.closed {
		return list
	}
	now, clock := time.Now(), c.clock.now()
	for i := range c.entries {
		w := c.table.load(uint32(i))
		if w.state() != stateRunning && w.state() != stateCondemned {
			continue
		}
		c.mu.Lock()
		m := c.living[w.worker()]
		c.mu.Unlock()
		if m != nil {
			at, _ := c.table.begun(m.position)
			list[m.worker] = now.Add(time.Duration(at - clock))
		}
	}
	return list
}

// isRunning tells whether a worker has a task.
func (c *core) isRunning(t *task) bool {
	c.open.RLock()
	defer c.open.RUnlock()
	if c.closed || t.state.Load() != taskPlaced {
		return false
	}
	s := seat(t.at.Load())
	w := c.table.load(s.place())
	return w.state() >= stateRunning && w.generation() == s.queued().generation()
}
