package pool

import (
	"context"

	"shmkit/process"
)

// Args2 are the arguments of a function of two. It is plain data.
type Args2[A, B any] struct {
	A A
	B B
}

// Args3 are the arguments of a function of three. It is plain data.
type Args3[A, B, C any] struct {
	A A
	B B
	C C
}

// Register2 is process.RegisterFunc for a function of two arguments.
func Register2[A, B, R any](name string, f func(context.Context, A, B) (R, error)) *process.Func[Args2[A, B], R] {
	return process.RegisterFunc(name, func(ctx context.Context, args Args2[A, B]) (R, error) {
		return f(ctx, args.A, args.B)
	})
}

// Register3 is process.RegisterFunc for a function of three arguments.
func Register3[A, B, C, R any](name string, f func(context.Context, A, B, C) (R, error)) *process.Func[Args3[A, B, C], R] {
	return process.RegisterFunc(name, func(ctx context.Context, args Args3[A, B, C]) (R, error) {
		return f(ctx, args.A, args.B, args.C)
	})
}

// Starmap is [Map] of a function of two arguments. One of three is run by Map, with [Args3].
func Starmap[A, B, R any](ctx context.Context, p *Pool, f *process.Func[Args2[A, B], R], list []Args2[A, B], options ...CallOption) ([]R, error) {
	return Map(ctx, p, f, list, options...)
}

// StarmapAsync is [MapAsync] of a function of two arguments.
func StarmapAsync[A, B, R any](p *Pool, f *process.Func[Args2[A, B], R], list []Args2[A, B], options ...CallOption) *AsyncResult[[]R] {
	return MapAsync(p, f, list, options...)
}

// Zip2 makes arguments of two lists, as long as the shorter one.
func Zip2[A, B any](as []A, bs []B) []Args2[A, B] {
	list := make([]Args2[A, B], min(len(as), len(bs)))
	for i := range list {
		list[i] = Args2[A, B]{as[i], bs[i]}
	}
	return list
}
