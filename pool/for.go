package pool

import (
	"context"
	"errors"
	"fmt"

	"shmkit/array"
	"shmkit/process"
)

// Part is a part of a shared array that a worker deals with: the items [From, To). It is
// plain data of one process; the array is the same in all of them.
type Part[T any] struct {
	Array    *array.Array[T]
	From, To int
}

// RegisterFor makes f known under a name, for [For]: see process.RegisterFunc. f gets items
// of the array in place, the first of which is item from. It must not keep them.
//
// Preconditions: as for process.RegisterFunc.
func RegisterFor[T any](name string, f func(ctx context.Context, items []T, from int) error) *process.Func[Part[T], process.None] {
	return process.Register(name, func(ctx context.Context, part Part[T]) error {
		if part.Array == nil {
			return fmt.Errorf("%w: a Part without an array", ErrArgument)
		}
		defer part.Array.Close()
		items := part.Array.Slice()
		if part.From < 0 || part.To < part.From || part.To > len(items) {
			return &array.BoundsError{From: part.From, To: part.To, Len: len(items), Range: true}
		}
		return f(ctx, items[part.From:part.To:part.To], part.From)
	})
}

// For runs f over all of arr, which is split among the workers and not copied. [ChunkSize] is
// the number of items of a part; by default there are four parts for each worker. What a
// part that fails has written stays written. Errors: as [Map], with the first item of the
// part in the [*ItemError].
//
// In the terminology of the Go memory model, what was written to arr before the call
// synchronizes before f, and f before the return of For.
func For[T any](ctx context.Context, p *Pool, arr *array.Array[T], f *process.Func[Part[T], process.None], options ...CallOption) error {
	how, err := p.core.callOf(options)
	if err != nil {
		return err
	}
	n, size := arr.Len(), how.chunk
	if size == 0 {
		size = max(1, (n+4*p.Workers()-1)/(4*p.Workers()))
	}
	size = min(size, max(n, 1))
	parts := make([]Part[T], 0, (n+size-1)/size)
	for i := 0; i < n; i += size {
		parts = append(parts, Part[T]{arr, i, min(i+size, n)})
	}
	_, err = Map(ctx, p, f, parts, append(options[:len(options):len(options)], ChunkSize(1))...)
	var several *MapError
	if errors.As(err, &several) {
		for _, item := range several.Items {
			item.Index *= size
		}
	}
	return err
}
