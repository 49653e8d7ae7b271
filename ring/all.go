package ring

import (
	"context"
	"errors"
	"iter"
)

// All gets one message after the other, and waits for each as long as it takes, until
// the queue is closed and empty. An error other than that comes last, with a zero T:
// [ErrDetached]. One that could not be decoded comes as a [*DecodeError], with a zero T, and
// the loop goes on. Several loops, in any processes, share the messages. A message is
// acknowledged before the body of the loop sees it; see [Queue.Lease] for those that
// must not be lost with the process.
func (q *Queue[T]) All() iter.Seq2[T, error] { return q.AllContext(context.Background()) }

// AllContext is All that gives up when ctx ends; the cause of ctx comes last then.
func (q *Queue[T]) AllContext(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := q.GetContext(ctx)
			var bad *DecodeError
			if err != nil && !errors.As(err, &bad) {
				if !errors.Is(err, ErrClosed) || q.core.Load() == nil {
					yield(v, err)
				}
				return
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
