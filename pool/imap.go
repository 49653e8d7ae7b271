package pool

import (
	"context"
	"iter"

	"shmkit/process"
)

// Imap runs f for each item of in and gives the results in the order of in, as soon as they
// are there. It takes no more of in than [InFlight] allows, in a goroutine of its own; what
// it has taken when the loop ends is withdrawn, if no worker has begun it. An item without a
// result comes with its error, as for [Apply], and a zero result, and the loop goes on. When
// ctx ends all is given up, and its cause comes last.
func Imap[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq[A], options ...CallOption) iter.Seq2[R, error] {
	return Imap2(ctx, p, f, withoutErrors(in), options...)
}

// ImapUnordered is [Imap] that gives results in the order in which they come.
func ImapUnordered[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq[A], options ...CallOption) iter.Seq2[R, error] {
	return ImapUnordered2(ctx, p, f, withoutErrors(in), options...)
}

// Imap2 is [Imap] of an input that may fail: then that error comes last, behind the results
// of all that came before it.
func Imap2[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq2[A, error], options ...CallOption) iter.Seq2[R, error] {
	return imap(ctx, p, f, in, true, options)
}

// ImapUnordered2 is [ImapUnordered] of an input that may fail, as Imap2.
func ImapUnordered2[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq2[A, error], options ...CallOption) iter.Seq2[R, error] {
	return imap(ctx, p, f, in, false, options)
}

func withoutErrors[A any](in iter.Seq[A]) iter.Seq2[A, error] {
	return func(yield func(A, error) bool) {
		for a := range in {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func imap[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], in iter.Seq2[A, error], ordered bool, options []CallOption) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		s, err := newStream(ctx, p, f, ordered, options)
		if err != nil {
			yield(*new(R), err)
			return
		}
		defer s.stop()
		go s.feed(in)
		s.drain(yield)
	}
}
