package manager

import (
	"context"
	"runtime"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
	"shmkit/pool"
	"shmkit/process"
)

// Apply runs f(arg) in a worker and waits for the result; see [pool.Apply]. When ctx ends the
// task is given up, with its worker if that has begun it.
// Errors: those of pool.Apply; ErrFunction if the server's program has no such function.
func Apply[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], arg A, options ...TaskOption) (R, error) {
	if ctx.Err() != nil {
		var none R
		return none, context.Cause(ctx)
	}
	return start(ctx, p, f, arg, options).Get(context.Background())
}

// ApplyAsync runs f(arg) in a worker, and does not wait. arg is encoded before it returns.
// Errors of any kind are those of the result; see [Apply].
func ApplyAsync[A, R any](p *Pool, f *process.Func[A, R], arg A, options ...TaskOption) *AsyncResult[R] {
	return start(p.context(), p, f, arg, options)
}

// start asks for a task of one argument.
func start[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], arg A, options []TaskOption) *AsyncResult[R] {
	body, err := taskBody(f, options)
	if err == nil {
		body, err = appendArgument(body, &arg)
	}
	if err != nil {
		return failed[R](err)
	}
	return submit(ctx, p, wire.PoolApply, body, func(r *wire.Reader) (result R, err error) {
		runtime.KeepAlive(arg) // what its handles name stays until the task has ended
		err = codec.Decode(r.Rest(), &result)
		return result, err
	})
}

// Map runs f for each of args and waits for the results, in the order of args; see [pool.Map].
// All of args travels at once, and so do the results.
// Errors: as Apply; *pool.MapError if some have no result, and those of the others are there.
func Map[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], args []A, options ...TaskOption) ([]R, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return startMany(ctx, p, f, args, options).Get(context.Background())
}

// MapAsync is Map that does not wait. args is encoded before it returns.
func MapAsync[A, R any](p *Pool, f *process.Func[A, R], args []A, options ...TaskOption) *AsyncResult[[]R] {
	return startMany(p.context(), p, f, args, options)
}

// Starmap is Map of a function of two arguments. One of three is run by Map, with pool.Args3.
func Starmap[A, B, R any](ctx context.Context, p *Pool, f *process.Func[pool.Args2[A, B], R], list []pool.Args2[A, B], options ...TaskOption) ([]R, error) {
	return Map(ctx, p, f, list, options...)
}

// StarmapAsync is MapAsync of a function of two arguments.
func StarmapAsync[A, B, R any](p *Pool, f *process.Func[pool.Args2[A, B], R], list []pool.Args2[A, B], options ...TaskOption) *AsyncResult[[]R] {
	return MapAsync(p, f, list, options...)
}

func startMany[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], args []A, options []TaskOption) *AsyncResult[[]R] {
	body, err := taskBody(f, options)
	body = wire.AppendUint(body, uint64(len(args)))
	for i := 0; i < len(args) && err == nil; i++ {
		at := len(body)
		if body, err = appendArgument(append(body, 0, 0, 0, 0), &args[i]); err == nil {
			wire.PutLength(body[at:], len(body)-at-4)
		}
	}
	if err != nil {
		return failed[[]R](err)
	}
	return submit(ctx, p, wire.PoolMap, body, func(r *wire.Reader) ([]R, error) {
		runtime.KeepAlive(args)
		return readResults[R](r)
	})
}

// readResults reads what several tasks gave, and what went wrong with some.
func readResults[R any](r *wire.Reader) ([]R, error) {
	list := make([]R, r.Count(4))
	encoded := make([][]byte, len(list))
	for i := range list {
		encoded[i] = r.Bytes()
	}
	bad := r.Bytes()
	if err := r.End(); err != nil {
		return nil, err
	}
	some := &pool.MapError{}
	if len(bad) > 0 {
		switch err := readTaskError(&wire.Fault{Data: bad}).(type) {
		case *pool.MapError:
			some = err
		default:
			return nil, err
		}
	}
	without := map[int]bool{}
	for _, item := range some.Items {
		without[item.Index] = true
	}
	for i := range list {
		if without[i] {
			continue
		}
		if err := codec.Decode(encoded[i], &list[i]); err != nil {
			return nil, err
		}
	}
	if len(some.Items) > 0 {
		return list, some
	}
	return list, nil
}

// taskBody begins a request for tasks of f.
func taskBody[A, R any](f *process.Func[A, R], options []TaskOption) ([]byte, error) {
	s := taskSettingsOf(options)
	if s.bad != nil {
		return nil, s.bad
	}
	if err := f.Sendable(); err != nil {
		return nil, err
	}
	b := wire.AppendInt(wire.AppendInt(wire.AppendInt(nil, int64(s.timeout)), int64(s.retries)), int64(s.chunk))
	return wire.AppendText(wire.AppendText(b, f.Name()), f.Signature()), nil
}

// appendArgument appends v as CBOR.
func appendArgument[A any](b []byte, v *A) ([]byte, error) {
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.EncodeFrom(buf, v); err != nil {
		return b, err
	}
	return append(b, buf.Bytes()...), nil
}
