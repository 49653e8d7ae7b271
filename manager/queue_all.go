package manager

import (
	"context"
	"errors"
	"iter"

	"shmkit/ring"
)

// All gets one message after the other, and waits for each as long as it takes, until the
// queue is closed and empty. An error other than that comes last, with a zero T, but for
// messages that cannot be decoded, after which the loop goes on. Several loops, in any
// processes, share the messages. A message is acknowledged before the body of the loop sees
// it; see [Queue.Lease] for those that must not be lost with the process.
func (q *Queue[T]) All() iter.Seq2[T, error] { return q.AllContext(inherit) }

// AllContext is All that gives up when ctx ends; the cause of ctx comes last then.
func (q *Queue[T]) AllContext(ctx context.Context) iter.Seq2[T, error] {
	return each(func(v *T) (got bool, err error) {
		lease, _, err := q.take(ctx, 0, v)
		q.acknowledge(lease)
		return lease.n > 0, err
	})
}

// each yields what take takes until the queue is closed, or nothing was got.
func each[T any](take func(v *T) (got bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			var v T
			got, err := take(&v)
			if !got && errors.Is(err, ring.ErrClosed) || !yield(v, err) || !got {
				return
			}
		}
	}
}
