package pool

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"shmkit/process"
)

// stream is an Imap that runs: a goroutine makes parcels of the input, and the loop of the
// caller opens them. There are no more parcels than tokens.
type stream[A, R any] struct {
	ctx     context.Context // ends with that of the caller, and with the loop
	cancel  context.CancelCauseFunc
	given   context.Context // the caller's
	pool    *Pool
	core    *core
	f       *process.Func[A, R]
	how     call
	ordered bool
	tokens  chan struct{}
	ready   chan *parcel[A, R] // in the order in which they are opened; has room for all

	enough func() // there are no more tasks: the input, or the loop, has ended

	mu    sync.Mutex
	tasks map[*task]bool // that have not ended
}

// parcel is a chunk of items, or the end of the input.
type parcel[A, R any] struct {
	stream *stream[A, R]
	list   []R
	errs   []error       // nil if all is well; under stream.mu until done is closed
	done   chan struct{} // closed when all items have an outcome
	fed    int           // items that are in a task, or have an outcome
	left   atomic.Int64  // items that have no outcome
	tasks  []*task       // under stream.mu
	last   bool
	count  int   // of parcels, in the last one
	err    error // of the input, in the last one
	panic  any   // of the input, in the last one
}

const mostChunk = 1 << 30 // of an input of unknown length

func newStream[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], ordered bool, options []CallOption) (*stream[A, R], error) {
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
		return nil, err
	}
	how.chunk = min(max(how.chunk, 1), mostChunk)
	if how.inFlight == 0 {
		how.inFlight = 4 * p.Workers() * how.chunk
	}
	n := min(max(1, how.inFlight/how.chunk), mostPlaces) // no more are with the workers
	how.chunk = min(how.chunk, how.inFlight)
	s := &stream[A, R]{
		given: ctx, pool: p, core: p.core, f: f, how: how, ordered: ordered,
		tokens: make(chan struct{}, n), ready: make(chan *parcel[A, R], n+1), tasks: map[*task]bool{},
	}
	s.enough = sync.OnceFunc(p.core.enough)
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s, nil
}

// feed makes parcels of the input.
func (s *stream[A, R]) feed(in iter.Seq2[A, error]) {
	defer s.enough()
	last := &parcel[A, R]{stream: s, last: true}
	returned := false
	defer func() {
		if last.panic = recover(); last.panic == nil && !returned {
			last.err = errInputRanAway
		}
		s.ready <- last
	}()
	var items []A
	for a, err := range in {
		if why := s.core.over.Load(); why != nil && err == nil {
			err = why.err
		}
		if last.err = err; err != nil {
			break
		}
		if len(items) == 0 && !s.token() {
			returned = true
			return
		}
		if items = append(items, a); len(items) == s.how.chunk {
			last.count++ // before: send may not return
			s.send(items)
			items = nil
		}
	}
	if len(items) > 0 {
		last.count++
		s.send(items)
	}
	returned = true
}

// token waits until there may be one more parcel. It is false if the loop has ended.
func (s *stream[A, R]) token() bool {
	select {
	case s.tokens <- struct{}{}:
		return s.ctx.Err() == nil
	case <-s.ctx.Done():
		return false
	}
}

// send makes a parcel of items, and tasks of that.
func (s *stream[A, R]) send(items []A) {
	p := &parcel[A, R]{stream: s, list: make([]R, len(items)), done: make(chan struct{})}
	p.left.Store(int64(len(items)))
	if s.ordered {
		s.ready <- p
	}
	defer func() {
		if p.fed < len(items) {
			p.skip(p.fed, len(items)-p.fed, errInputRanAway)
		}
	}()
	p.send(0, items)
}

// send makes one task of items, the first of which is i. What cannot be encoded fails alone.
func (p *parcel[A, R]) send(i int, items []A) {
	s := p.stream
	t := &task{job: p, pool: s.pool, keep: items, first: i, count: len(items), timeout: s.how.timeout, retries: s.how.retries}
	if err := encodeTask(t, s.core, s.f.Name(), items); err != nil {
		t.drop()
		if len(items) == 1 {
			p.skip(i, 1, err)
			return
		}
		for k := range items {
			p.send(i+k, items[k:k+1])
		}
		return
	}
	p.fed = i + len(items)
	s.core.more()
	s.mu.Lock()
	p.tasks = append(p.tasks, t)
	s.tasks[t] = true
	s.mu.Unlock()
	switch {
	case s.ctx.Err() != nil: // stop may have come before
		s.core.withdraw(t, context.Cause(s.ctx))
	case !s.core.enter(s.ctx, t):
		err := s.core.reason()
		if s.ctx.Err() != nil {
			err = context.Cause(s.ctx)
		}
		s.core.withdraw(t, err)
	}
}

// skip is the outcome of items that are in no task.
func (p *parcel[A, R]) skip(i, n int, err error) {
	p.fed = i + n
	p.fail(i, n, err)
	p.settle(i, n)
}

func (p *parcel[A, R]) item(i int, s status, body []byte, from *member) bool {
	err := decode(s, body, from, &p.list[i])
	if err != nil {
		p.fail(i, 1, err)
	}
	return err == nil
}

func (p *parcel[A, R]) fail(i, n int, err error) {
	p.stream.mu.Lock()
	defer p.stream.mu.Unlock()
	if p.errs == nil {
		p.errs = make([]error, len(p.list))
	}
	for k := i; k < i+n; k++ {
		p.list[k], p.errs[k] = *new(R), err
	}
}

func (p *parcel[A, R]) settle(_, n int) {
	if p.left.Add(int64(-n)) > 0 {
		return
	}
	p.stream.mu.Lock()
	for _, t := range p.tasks {
		delete(p.stream.tasks, t)
	}
	p.tasks = nil
	p.stream.mu.Unlock()
	close(p.done)
	p.stream.core.woke.Store(true)
	if !p.stream.ordered {
		p.stream.ready <- p
	}
}

// drain gives the results to the loop of the caller.
func (s *stream[A, R]) drain(yield func(R, error) bool) {
	var last *parcel[A, R]
	done := 0
	for opened := 0; last == nil || opened < last.count; {
		p := s.next()
		switch {
		case p == nil:
			yield(*new(R), context.Cause(s.given))
			return
		case p.last:
			last = p
			continue
		}
		opened++
		done += len(p.list)
		s.progress(done, -1)
		if !p.open(yield) {
			return
		}
		<-s.tokens
	}
	s.progress(done, done)
	if last.panic != nil {
		panic(last.panic)
	}
	if last.err != nil {
		yield(*new(R), last.err)
	}
}

// next is the next parcel to open; nil if the caller's context has ended.
func (s *stream[A, R]) next() (p *parcel[A, R]) {
	select {
	case p = <-s.ready:
	case <-s.given.Done():
		return nil
	}
	if p.last {
		return p
	}
	select {
	case <-p.done:
		return p
	case <-s.given.Done():
		return nil
	}
}

func (s *stream[A, R]) progress(done, total int) {
	if s.how.progress != nil {
		careful(func() { s.how.progress(done, total) })
	}
}

// open gives the results of a parcel.
func (p *parcel[A, R]) open(yield func(R, error) bool) bool {
	for i, v := range p.list {
		var err error
		if p.errs != nil {
			err = p.errs[i]
		}
		if !yield(v, err) {
			return false
		}
	}
	return true
}

// stop ends what was not opened.
func (s *stream[A, R]) stop() {
	defer s.enough()
	s.cancel(ErrCanceled)
	s.mu.Lock()
	tasks := slices.Collect(maps.Keys(s.tasks))
	s.mu.Unlock()
	for _, t := range tasks {
		if s.given.Err() != nil {
			s.core.giveUpTask(t, context.Cause(s.given))
		} else {
			s.core.withdraw(t, ErrCanceled)
		}
	}
}
