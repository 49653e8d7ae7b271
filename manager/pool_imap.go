package manager

import (
	"context"
	"errors"
	"iter"

	"shmkit/pool"
	"shmkit/process"
)

// Imap runs f for each item of in and gives the results in the order of in, as soon as they
// are there; see [pool.Imap]. It takes no more of in than InFlight allows, in a goroutine of
// its own; what has not ended when the loop ends is given up. An item without a result comes
// with its error, and the loop goes on. When ctx ends all is given up, and its cause comes last.
func Imap[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq[A], options ...TaskOption) iter.Seq2[R, error] {
	return Imap2(ctx, p, f, sure(in), options...)
}

// Imap2 is Imap of an input that may fail: then that error comes last, behind the results of
// all that came before it.
func Imap2[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq2[A, error], options ...TaskOption) iter.Seq2[R, error] {
	return stream(ctx, p, f, in, options, func(going context.Context, parts <-chan *part[R], yield func(*part[R]) bool) {
		for x := range parts {
			select {
			case <-x.result.done:
			case <-going.Done():
				return
			}
			if !yield(x) {
				return
			}
		}
	})
}

// ImapUnordered is Imap that gives results in the order in which they come.
func ImapUnordered[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq[A], options ...TaskOption) iter.Seq2[R, error] {
	return ImapUnordered2(ctx, p, f, sure(in), options...)
}

// ImapUnordered2 is ImapUnordered of an input that may fail, as Imap2.
func ImapUnordered2[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq2[A, error], options ...TaskOption) iter.Seq2[R, error] {
	return stream(ctx, p, f, in, options, func(going context.Context, parts <-chan *part[R], yield func(*part[R]) bool) {
		ready, left := make(chan *part[R]), 0
		for parts != nil || left > 0 {
			select {
			case x, ok := <-parts:
				if !ok {
					parts = nil
					continue
				}
				left++
				go func() {
					select {
					case <-x.result.done:
					case <-going.Done():
						return
					}
					select {
					case ready <- x:
					case <-going.Done():
					}
				}()
			case x := <-ready:
				if left--; !yield(x) {
					return
				}
			case <-going.Done():
				return
			}
		}
	})
}

func sure[A any](in iter.Seq[A]) iter.Seq2[A, error] {
	return func(yield func(A, error) bool) {
		for x := range in {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// A part is a chunk of the items of Imap, and what there will be of it.
type part[R any] struct {
	n      int
	result *AsyncResult[[]R]
}

// each yields what the items of a part gave, which has ended.
func (x *part[R]) each(yield func(R, error) bool) bool {
	list, err := x.result.result, x.result.err
	var some *pool.MapError
	bad := map[int]error{}
	if errors.As(err, &some) {
		for _, item := range some.Items {
			bad[item.Index] = item.Err
		}
	}
	for i := range x.n {
		var result R
		why := err
		if i < len(list) {
			result, why = list[i], bad[i]
		}
		if !yield(result, why) {
			return false
		}
	}
	return true
}

// stream feeds the pool with parts of in, and lets order give those that have ended.
func stream[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq2[A, error], options []TaskOption,
	order func(going context.Context, parts <-chan *part[R], yield func(*part[R]) bool)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		ctx = p.within(ctx)
		going, stop := context.WithCancelCause(ctx)
		defer stop(pool.ErrCanceled)
		s := &feeder[A, R]{p: p, f: f, options: options}
		if err := s.prepare(); err != nil {
			var none R
			yield(none, err)
			return
		}
		go s.feed(going, in)
		more := true
		order(going, s.parts, func(x *part[R]) bool {
			more = x.each(yield)
			s.room <- struct{}{}
			return more
		})
		var none R
		switch {
		case !more:
		case ctx.Err() != nil:
			yield(none, context.Cause(ctx))
		case s.failed != nil: // which was set before parts was closed
			yield(none, s.failed)
		}
	}
}

// A feeder makes parts of an input, in a goroutine.
type feeder[A, R any] struct {
	p       *Pool
	f       *process.Func[A, R]
	options []TaskOption
	chunk   int
	parts   chan *part[R]
	room    chan struct{} // a token for each part that may be made
	failed  error         // of the input; before parts is closed
}

// prepare reads the options.
func (s *feeder[A, R]) prepare() error {
	how := taskSettingsOf(s.options)
	if how.bad != nil {
		return how.bad
	}
	s.chunk = max(how.chunk, 1)
	most := how.inFlight / s.chunk
	if how.inFlight == 0 {
		most = inFlightChunks
	}
	most = max(most, 1)
	s.parts, s.room = make(chan *part[R], most), make(chan struct{}, most)
	for range most {
		s.room <- struct{}{}
	}
	return nil
}

// inFlightChunks is how many chunks are on their way at once if InFlight does not say.
const inFlightChunks = 64

// feed takes items of in and asks for tasks.
func (s *feeder[A, R]) feed(going context.Context, in iter.Seq2[A, error]) {
	defer close(s.parts)
	var items []A
	send := func() bool {
		select {
		case <-s.room:
		case <-going.Done():
			return false
		}
		x := &part[R]{len(items), startMany(going, s.p, s.f, items, s.options)}
		items = nil
		select {
		case s.parts <- x:
			return true
		case <-going.Done():
			return false
		}
	}
	for a, err := range in {
		if err != nil {
			s.failed = err
			break
		}
		if items = append(items, a); len(items) == s.chunk && !send() {
			return
		}
		if going.Err() != nil {
			return
		}
	}
	if len(items) > 0 {
		send()
	}
}
