package pool

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"shmkit/process"
)

// Map runs f for each of args and waits for the results, in the order of args. Items are
// run by the chunk, see [ChunkSize]. What goes wrong with some does not keep others from
// running: the error is a [*MapError] then, and the results of the others are there. If a
// worker dies its chunk has no results. When ctx ends all is given up that has not ended.
func Map[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], args []A, options ...CallOption) ([]R, error) {
	m, ok := prepare(ctx, p, f, args, options)
	if ok {
		m.feed(args)
	}
	<-m.done
	return m.AsyncResult.result, m.err
}

// MapAsync is Map that does not wait. args and what they refer to must not change before
// the tasks have ended.
func MapAsync[A, R any](p *Pool, f *process.Func[A, R], args []A, options ...CallOption) *AsyncResult[[]R] {
	return MapAsyncContext(context.Background(), p, f, args, options...)
}

// MapAsyncContext is MapAsync whose tasks are given up when ctx ends, as those of [Map].
func MapAsyncContext[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], args []A, options ...CallOption) *AsyncResult[[]R] {
	m, ok := prepare(ctx, p, f, args, options)
	if ok {
		go m.feed(args)
	}
	return &m.AsyncResult
}

// many is a job of many items.
type many[A, R any] struct {
	AsyncResult[[]R]
	f     *process.Func[A, R]
	pool  *Pool
	args  []A    // tasks refer to them until they have ended
	spare []task // memory for the next ones
	how   call
	going context.Context // ends when no more tasks are to be made
	list  []R
	meter *meter
	left  atomic.Int64 // items that have no outcome
	fed   int          // items that are in a task, or have an outcome

	errors sync.Mutex
	bad    []*ItemError
}

// prepare makes the job. It is false if that has ended already.
func prepare[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], args []A, options []CallOption) (*many[A, R], bool) {
	m := &many[A, R]{f: f, pool: p, args: args}
	m.going, m.halt = context.WithCancel(p.core.ctx)
	m.init(ctx, p.core)
	how, err := p.core.callOf(options)
	if err == nil {
		err = f.Sendable()
	}
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = p.core.register(0)
	}
	if err != nil {
		m.AsyncResult.complete(nil, err)
		return m, false
	}
	if how.chunk == 0 {
		workers := len(p.core.members)
		how.chunk = max(1, (len(args)+4*workers-1)/(4*workers))
	}
	m.mu.Lock()
	m.tasks = make([]*task, 0, 1+len(args)/how.chunk)
	m.mu.Unlock()
	m.how, m.list = how, make([]R, len(args))
	m.left.Store(int64(len(args)))
	if how.progress != nil {
		m.meter = newMeter(how.progress, len(args), m.finish)
	}
	if len(args) == 0 {
		p.core.enough()
		m.settle(0, 0)
		return m, false
	}
	return m, true
}

// feed makes tasks of args.
func (m *many[A, R]) feed(args []A) {
	defer m.core.enough()
	defer func() {
		if m.fed < len(args) {
			m.skip(m.fed, len(args)-m.fed, errInputRanAway)
		}
	}()
	for i := 0; i < len(args); i += m.how.chunk {
		if why := m.ended(); why != nil {
			m.skip(i, len(args)-i, why.err)
			return
		}
		m.send(i, args[i:min(i+m.how.chunk, len(args))])
	}
}

// ended is why there are to be no more tasks; nil if there may be.
func (m *many[A, R]) ended() *failed {
	if why := m.stopped.Load(); why != nil {
		return why
	}
	return m.core.over.Load()
}

// send makes one task of items, the first of which is i. What cannot be encoded fails alone.
func (m *many[A, R]) send(i int, items []A) {
	t := m.newTask()
	t.first, t.count = i, len(items)
	if err := encodeTask(t, m.core, m.f.Name(), items); err != nil {
		t.drop()
		if len(items) == 1 {
			m.skip(i, 1, err)
			return
		}
		for k := range items {
			m.send(i+k, items[k:k+1])
		}
		return
	}
	m.fed = i + len(items)
	m.core.more()
	if !m.add(t) {
		m.core.withdraw(t, m.stopped.Load().err)
		return
	}
	if m.core.enter(m.going, t) {
		return
	}
	if why := m.stopped.Load(); why != nil {
		m.core.withdraw(t, why.err)
		return
	}
	m.core.withdraw(t, m.core.reason())
}

// taskBatch is for how many tasks memory is taken at once.
const taskBatch = 32

func (m *many[A, R]) newTask() *task {
	if len(m.spare) == 0 {
		m.spare = make([]task, min(taskBatch, 1+(len(m.args)-1)/m.how.chunk))
	}
	t := &m.spare[0]
	m.spare = m.spare[1:]
	t.job, t.pool, t.timeout, t.retries = m, m.pool, m.how.timeout, m.how.retries
	return t
}

// skip is the outcome of items that are in no task.
func (m *many[A, R]) skip(i, n int, err error) {
	m.fed = i + n
	m.fail(i, n, err)
	m.settle(i, n)
}

func (m *many[A, R]) item(i int, s status, body []byte, from *member) bool {
	if err := decode(s, body, from, &m.list[i]); err != nil {
		m.fail(i, 1, err)
		return false
	}
	return true
}

func (m *many[A, R]) fail(i, n int, err error) {
	m.errors.Lock()
	defer m.errors.Unlock()
	for k := range n {
		m.list[i+k] = *new(R) // what was decoded of it
		m.bad = append(m.bad, &ItemError{i + k, err})
	}
}

func (m *many[A, R]) settle(_, n int) {
	left := m.left.Add(int64(-n))
	switch {
	case m.meter != nil:
		m.meter.note(len(m.list) - int(left))
	case left == 0:
		m.finish()
	}
}

// finish makes the results known.
func (m *many[A, R]) finish() {
	m.pool, m.args = nil, nil
	m.errors.Lock()
	bad := m.bad
	m.errors.Unlock()
	m.AsyncResult.complete(m.list, m.verdict(bad))
}

// verdict is the error of all items. If none of them ran for one reason it is that.
func (m *many[A, R]) verdict(bad []*ItemError) error {
	if len(bad) == 0 {
		return nil
	}
	slices.SortFunc(bad, func(a, b *ItemError) int { return a.Index - b.Index })
	if why := m.ended(); why != nil && len(bad) == len(m.list) && !slices.ContainsFunc(bad, func(e *ItemError) bool { return e.Err != why.err }) {
		return why.err
	}
	return &MapError{bad}
}
