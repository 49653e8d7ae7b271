package pool

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"

	"shmkit/ring"
	"shmkit/shm"
)

// batch is how many messages the collector takes at once.
const batch = 32

// inbox is what was taken from the queue of results. Whoever has turn hears it.
type inbox struct {
	list    [batch][]byte
	n, next int
}

// collect takes what the workers say, until they have all ended. It and those who help it
// are the only ones that decide about tasks that a worker has, one at a time, and they wait
// for nobody. A result may end the goroutine in which it is decoded: then another one goes on.
func (c *core) collect(helped uint64) {
	over := false
	defer func() {
		if !over {
			go c.collect(helped)
			return
		}
		close(c.collected)
	}()
	for {
		if c.collectSome() != nil {
			over = true
			return // closed; or broken, which those that wait for it see
		}
		if c.woke.Swap(false) {
			// Who was woken is next on this processor; before it takes another one to find that out.
			runtime.Gosched()
		}
		helped = c.rest(helped)
	}
}

// collectSome waits for results, if none is left.
func (c *core) collectSome() error {
	c.turn.Lock()
	defer c.turn.Unlock()
	if c.inbox.next == c.inbox.n {
		n, err := c.results.GetN(c.inbox.list[:])
		if err = c.taken(n, err); err != nil {
			return err
		}
	}
	for b := c.unheard(); b != nil; b = c.unheard() {
		c.hear(b)
	}
	return nil
}

// taken notes how many results were taken into the inbox, and an error of that.
func (c *core) taken(n int, err error) error {
	c.inbox.n, c.inbox.next = n, 0
	switch {
	case n > 0 || err == ring.ErrEmpty:
		return nil
	case err != nil && err != ring.ErrClosed && err != ring.ErrDetached:
		c.giveUp(err)
		c.results.Close() // nobody is to wait for room
	}
	return err
}

// unheard is the next message of the inbox, which is then the caller's; nil: there is none.
func (c *core) unheard() []byte {
	in := &c.inbox
	if in.next == in.n {
		return nil
	}
	b := in.list[in.next]
	in.list[in.next] = nil
	in.next++
	return b
}

func (c *core) hear(b []byte) {
	if bad := c.heard(b); bad != nil {
		c.giveUp(bad)
	}
}

// heard is one message.
func (c *core) heard(b []byte) error {
	f, err := readFrame(b)
	if err != nil {
		return err
	}
	c.mu.Lock()
	m := c.living[f.word.worker()]
	c.mu.Unlock()
	if m == nil {
		return fmt.Errorf("%w: from worker %d, which there is not", ErrCorrupt, f.word.worker())
	}
	switch f.kind {
	case kindReady:
		c.mu.Lock()
		m.ready, m.pid = true, int(f.timeout)
		c.failures, c.signals = 0, 0
		c.mu.Unlock()
	case kindDeath:
		c.bury(m)
	case kindResult:
		return c.received(m, f)
	default:
		return fmt.Errorf("%w: kind %d", ErrCorrupt, f.kind)
	}
	return nil
}

// received is a result.
func (c *core) received(m *member, f frame) error {
	if f.place >= uint32(len(c.entries)) || c.table.load(f.place) != f.word || f.word.state() != stateDone {
		return fmt.Errorf("%w: place %d is not %v", ErrCorrupt, f.place, f.word)
	}
	t := c.entries[f.place].Load()
	if t == nil {
		return fmt.Errorf("%w: place %d is empty", ErrCorrupt, f.place)
	}
	closed, err := f.unspill()
	if errors.Is(err, shm.ErrGone) {
		// It went with the worker, who kept it for us: the task is one of those that die with it.
		c.kill(m.worker)
		return nil
	}
	if err != nil {
		t.job.fail(t.first, t.count, err)
		c.settle(t, m, f, false)
		return nil
	}
	d := &delivery{task: t, from: m, items: f.items, ok: true}
	defer func() {
		closed()
		c.settle(t, m, f, d.ok)
	}()
	d.run()
	return nil
}

// settle ends a task whose result was delivered.
func (c *core) settle(t *task, m *member, f frame, ok bool) {
	c.reclaim(t, f.place, f.word)
	t.state.Store(taskEnded)
	t.message = nil
	t.drop()
	c.account(!ok, m)
	t.job.settle(t.first, t.count)
}

// reclaim makes the place of a task nobody's. Nobody but the collector changes its word from
// w, unless that is running.
func (c *core) reclaim(t *task, place uint32, w word) bool {
	if !c.table.swap(place, w, w.freed()) {
		return false
	}
	c.vacate(t, place)
	return true
}

// bury decides what becomes of the tasks of a worker that has ended. All results that it
// has put were received.
func (c *core) bury(m *member) {
	for i := range c.entries {
		place := uint32(i)
		for w := c.table.load(place); w.belongs(m.worker); w = c.table.load(place) {
			t := c.entries[i].Load()
			if t == nil {
				break // somebody has written what nobody writes
			}
			if c.reclaim(t, place, w) {
				c.orphan(t, w, m)
				break
			}
		}
		if t := c.entries[i].Load(); t != nil && c.damaged(t, place) {
			c.giveUp(fmt.Errorf("%w: place %d is %v", ErrCorrupt, place, c.table.load(place)))
		}
	}
	c.mu.Lock()
	delete(c.living, m.worker)
	c.mu.Unlock()
	close(m.buried)
}

// damaged tells whether a task is in a place whose word nobody of us has made.
func (c *core) damaged(t *task, place uint32) bool {
	at, before := seat(t.at.Load()), t.state.Load()
	w := c.table.load(place)
	if at.place() != place || before != taskPlaced || w.follows(at.queued()) {
		return false
	}
	return c.entries[place].Load() == t && t.state.Load() == taskPlaced && seat(t.at.Load()) == at // all the time
}

// orphan decides what becomes of a task whose worker has ended.
func (c *core) orphan(t *task, w word, m *member) {
	t.deaths++
	died := m.diedIn()
	err := error(died)
	c.mu.Lock()
	why := c.why
	c.mu.Unlock()
	switch cause := t.cause.Load(); {
	case why != nil:
		err = why // it was us
	case w.state() == stateCondemned && cause != nil:
		err = cause.err
	case t.deaths <= t.retries:
		t.message = bytes.Clone(t.message) // for the race detector: who put it has only just read it, for all it knows
		t.state.Store(taskWaiting)
		c.await(t)
		return
	case t.retries > 0:
		err = &PoisonError{t.deaths, died}
	}
	t.state.Store(taskEnded)
	t.message = nil
	c.end(t, err)
}

// giveUpTask ends a task, with its worker if one has begun it, unless it has ended anyway.
func (c *core) giveUpTask(t *task, cause error) {
	for !c.withdraw(t, cause) && !c.condemn(t, cause) {
		runtime.Gosched() // somebody is about to say what it is now
	}
}

// condemn ends a task that a worker runs, with its worker. The collector tells the job, when
// that is dead. It is false if the task waits, or may.
func (c *core) condemn(t *task, cause error) bool {
	c.open.RLock()
	defer c.open.RUnlock()
	at := t.at.Load()
	switch t.state.Load() {
	case taskEnded:
		return true
	case taskWaiting:
		return false
	}
	if c.closed {
		return true
	}
	s := seat(at)
	w := c.table.load(s.place())
	switch {
	case w == s.queued() || w == s.queued().freed() || c.entries[s.place()].Load() != t:
		return false
	case w.generation() == s.queued().generation() && w.state() == stateRunning:
		return c.strike(t, s.place(), w, cause)
	}
	return true // whoever has it ends it; if the word is damaged that is finish
}

// strike is condemn of a task whose place has the word w, which is running. It is called with
// open held.
func (c *core) strike(t *task, place uint32, w word, cause error) bool {
	t.cause.CompareAndSwap(nil, &failed{cause})
	if !c.table.swap(place, w, w.by(w.worker(), stateCondemned)) {
		return false
	}
	c.kill(w.worker())
	return true
}

// kill ends a worker.
func (c *core) kill(worker uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.living[worker]; m != nil {
		m.kill()
	}
}
