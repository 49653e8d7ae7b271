package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shmkit/internal/codec"
	"shmkit/process"
	"shmkit/shm"
)

// Starts that come to nothing, one after the other, until the pool is broken. What ends a
// worker by a signal may have nothing to do with it.
const (
	mostFailures = 3
	mostSignals  = 256

	firstBackoff = 5 * time.Millisecond
	lastBackoff  = time.Second
	mostIdle     = 100 * time.Millisecond // where workers begin, and die without a task
)

var errExited = errors.New("pool: the worker ended its process with exit code 0")

// begin starts a worker.
func (c *core) begin(position int) (*member, error) {
	c.mu.Lock()
	c.next = c.next%workerMask + 1
	m := &member{position: position, worker: c.next, started: time.Now(), buried: make(chan struct{})}
	m.name = fmt.Sprintf("%s-Worker-%d", c.name, m.worker)
	c.members[position], c.living[m.worker] = m, m // before it says anything
	c.mu.Unlock()
	options := append([]process.Option{process.Name(m.name)}, c.settings.worker...)
	options = append(options, process.Daemon(true), process.Group())
	job, err := startWorker(setup{
		Tasks: c.tasks, Results: c.results, Table: c.table.array, Places: c.places,
		Position: position, Worker: m.worker, Longest: c.longest,
		PerChild: c.perChild, Memory: int64(c.memory), Init: c.init, Arg: c.initArg,
	}, options)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.members[position] = nil
		delete(c.living, m.worker)
		return nil, err
	}
	m.job = job
	if m.doomed || c.phase == terminated {
		m.kill()
	}
	return m, nil
}

// startWorker is how workers are started. Tests make it fail.
var startWorker = func(s setup, options []process.Option) (*process.Job[process.None], error) {
	return worker.Start(context.Background(), s, options...)
}

// supervise sees to it that there is a worker at a position until none is needed.
func (c *core) supervise(m *member) {
	defer c.supervisors.Done()
	position := m.position
	for {
		m.died = m.job.Wait()
		c.report(m)
		if m.died != nil {
			shm.Sweep() // what its functions had shared from a heap of its own
		}
		again, pause := c.judge(m)
		m.job.Close()
		for m = nil; again && m == nil; {
			if !c.sleep(pause) {
				again = false
				break
			}
			var err error
			if m, err = c.begin(position); err != nil {
				again, pause = c.failed(err, false)
			}
		}
		if m == nil {
			return
		}
	}
}

// report puts the death of a worker behind all that it has put, and waits until its tasks
// are decided.
func (c *core) report(m *member) {
	buf := codec.NewBuffer()
	f := frame{kind: kindDeath, word: wordOf(0, stateFree, m.worker)}
	f.writeHead(buf)
	if err := c.results.Put(buf.Bytes()); err != nil {
		c.giveUp(err)
		return
	}
	select {
	case <-m.buried:
	case <-c.collected:
	}
}

// judge tells whether there is to be a new worker after m, and how long to wait before.
func (c *core) judge(m *member) (again bool, pause time.Duration) {
	if !m.ready {
		var exit *process.ExitError
		var start *process.StartError
		bySignal := errors.As(m.died, &exit) && exit.Signal != 0
		if errors.As(m.died, &start) && start.Err == nil {
			bySignal = m.diedIn().Signal != 0
		}
		if m.died == nil {
			m.died = errExited
		}
		return c.failed(m.died, bySignal)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase >= drained {
		return false, 0
	}
	c.stats.restarted++
	if m.tasks == 0 {
		pause = min(time.Millisecond<<min(c.idle, 16), mostIdle)
		c.idle++
	}
	return true, pause
}

// failed counts a start that came to nothing.
func (c *core) failed(err error, bySignal bool) (again bool, pause time.Duration) {
	c.mu.Lock()
	if c.phase >= drained {
		c.mu.Unlock()
		return false, 0
	}
	if bySignal {
		c.signals++
	} else {
		c.failures++
	}
	tries := c.failures + c.signals
	enough := c.failures >= mostFailures || c.signals >= mostSignals
	c.stats.restarted++
	c.mu.Unlock()
	if enough {
		c.giveUp(&InitError{tries, err})
		return false, 0
	}
	if bySignal {
		return true, firstBackoff // the fewer there are, the more surely a killer finds each of them
	}
	return true, min(firstBackoff<<min(tries, 16), lastBackoff)
}

// sleep waits, and is false if no worker is needed any more.
func (c *core) sleep(d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.ctx.Done():
		}
	}
	return c.ctx.Err() == nil
}

// diedIn is how the worker ended, for the task that it ran.
func (m *member) diedIn() *WorkerDied {
	d := &WorkerDied{Name: m.name, PID: m.job.PID(), Code: -1, Err: m.died}
	if code, ok := m.job.ExitCode(); ok && code >= 0 {
		d.Code = code
	} else if ok {
		d.Signal = signalOf(code)
	}
	var last *process.PanicError
	if errors.As(m.died, &last) {
		d.Text, d.Stack = last.Text, last.Stack
	}
	return d
}

// finish waits for all workers, and ends the pool.
func (c *core) finish() {
	c.supervisors.Wait()
	c.results.Close()
	<-c.collected
	c.turn.Lock() // nor does anybody help any more
	defer c.turn.Unlock()
	// Nobody takes what is queued any more, and nobody puts: the queue is closed. Whatever is
	// left was not decided because the queue of the results is damaged, or a word is.
	for i := range c.entries {
		t := c.entries[i].Load()
		if t != nil && !c.withdraw(t, c.reason()) && t.state.CompareAndSwap(taskPlaced, taskEnded) {
			c.entries[i].Store(nil)
			c.end(t, c.reason())
		}
	}
	c.release()
	close(c.ended)
}
