package manager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shmkit/internal/codec"
	"shmkit/internal/wire"
	"shmkit/pool"
	"shmkit/process"
)

// encoded is an argument or a result that the server passes on.
type encoded []byte

// MarshalCBOR gives the bytes as they are.
func (e encoded) MarshalCBOR() ([]byte, error) { return e, nil }

// UnmarshalCBOR takes a copy of them.
func (e *encoded) UnmarshalCBOR(b []byte) error {
	*e = append((*e)[:0], b...)
	return nil
}

// ErrFunction: the program of the server has no function of that name and type.
var ErrFunction = errors.New("manager: no such function")

// Run implements host.Workers.
func (w *workers) Run(ctx context.Context, m wire.Method, body []byte) func() wire.Outcome {
	pass := w.inLine()
	return func() wire.Outcome {
		var wait func() ([]byte, error)
		var err error
		pass(func() { wait, err = w.submit(ctx, m, wire.Read(body)) })
		if err == nil {
			var result []byte
			if result, err = wait(); err == nil {
				return wire.Outcome{Body: result}
			}
		}
		return wire.Outcome{Fault: taskFault(err)}
	}
}

// submit passes on to the pool what is asked for, and gives what waits for it.
func (w *workers) submit(ctx context.Context, m wire.Method, r wire.Reader) (wait func() ([]byte, error), err error) {
	if m == wire.PoolJoin {
		return func() ([]byte, error) { return nil, w.join(ctx) }, nil
	}
	p, err := w.begin()
	if err != nil {
		return nil, err
	}
	switch m {
	case wire.PoolStart:
		return func() ([]byte, error) { return nil, nil }, nil
	case wire.PoolApply:
		t, err := readTask(&r)
		if err != nil {
			return nil, err
		}
		result := pool.ApplyAsyncContext(ctx, p, t.f, encoded(r.Rest()), t.options...)
		return func() ([]byte, error) { return result.Get(context.Background()) }, nil
	case wire.PoolMap:
		t, err := readTask(&r)
		if err != nil {
			return nil, err
		}
		return t.submit(ctx, p, &r)
	case wire.PoolStats:
		return func() ([]byte, error) {
			buf := codec.NewBuffer() // it is not given back
			err := codec.Encode(buf, p.Stats())
			return buf.Bytes(), err
		}, nil
	}
	return nil, ErrNoMethod
}

// poolTask is what is to be run, and how.
type poolTask struct {
	f       *process.Func[encoded, encoded]
	options []pool.CallOption
}

// readTask reads the beginning of a request.
func readTask(r *wire.Reader) (t poolTask, err error) {
	timeout, retries, chunk := r.Int(), r.Int(), r.Int()
	name, signature := r.Text(), r.Text()
	if err := r.Err(); err != nil {
		return t, err
	}
	f, ok := process.Lookup[encoded, encoded](name)
	switch {
	case !ok:
		return t, fmt.Errorf("%w: %q", ErrFunction, name)
	case f.Signature() != signature:
		return t, fmt.Errorf("%w: %q is a %s here, not a %s", ErrFunction, name, f.Signature(), signature)
	}
	t.f = f
	if timeout >= 0 {
		t.options = append(t.options, pool.TaskTimeout(time.Duration(timeout)))
	}
	if retries >= 0 {
		t.options = append(t.options, pool.Retries(int(retries)))
	}
	if chunk >= 0 {
		t.options = append(t.options, pool.ChunkSize(int(chunk)))
	}
	return t, nil
}

// submit passes on the task for each of several arguments.
func (t *poolTask) submit(ctx context.Context, p *pool.Pool, r *wire.Reader) (func() ([]byte, error), error) {
	args := make([]encoded, 0, r.Count(4))
	for range cap(args) {
		args = append(args, r.Bytes())
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	results := pool.MapAsyncContext(ctx, p, t.f, args, t.options...)
	return func() ([]byte, error) {
		list, err := results.Get(context.Background())
		return appendResults(list, err)
	}, nil
}

// appendResults makes the answer of what several tasks gave.
func appendResults(list []encoded, err error) ([]byte, error) {
	var some *pool.MapError
	if err != nil && !errors.As(err, &some) {
		return nil, err
	}
	b := wire.AppendUint(nil, uint64(len(list)))
	for _, x := range list {
		b = wire.AppendBytes(b, x)
	}
	if some == nil {
		return wire.AppendBytes(b, nil), nil
	}
	return wire.AppendBytes(b, taskFault(err).Data), nil
}
