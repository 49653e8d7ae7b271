package pool

import (
	"bytes"
	"context"
	"fmt"
	"reflect"

	"shmkit/internal/codec"
	"shmkit/process"
)

// Apply runs f(arg) in a worker and waits for the result. When ctx ends the task is given up,
// with its worker if that has begun it, and the error is the cause of ctx. Errors:
// [*process.RemoteError] if f gave one, [*TaskPanic], [*WorkerDied], [*PoisonError],
// [ErrTimeout], [ErrArgument], [ErrResult], [*InitError], [ErrClosed], [ErrTerminated].
func Apply[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], arg A, options ...CallOption) (result R, err error) {
	if ctx.Err() != nil {
		return result, context.Cause(ctx)
	}
	r := start(ctx, p, f, arg, true, options)
	p.core.attend(r.done)
	return r.result, r.err
}

// ApplyAsync runs f(arg) in a worker, and does not wait. arg is encoded before it returns.
// Errors of any kind are those of the result; see [Apply].
func ApplyAsync[A, R any](p *Pool, f *process.Func[A, R], arg A, options ...CallOption) *AsyncResult[R] {
	return start(context.Background(), p, f, arg, false, options)
}

// ApplyAsyncContext is ApplyAsync whose task is given up when ctx ends, as that of [Apply].
func ApplyAsyncContext[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], arg A, options ...CallOption) *AsyncResult[R] {
	return start(ctx, p, f, arg, false, options)
}

// single is a job of one item.
type single[R any] struct {
	AsyncResult[R]
	task  task
	value R
	bad   error
}

func start[A, R any](ctx context.Context, p *Pool, f *process.Func[A, R], arg A, attended bool, options []CallOption) *AsyncResult[R] {
	r := &single[R]{}
	r.init(ctx, p.core)
	how, err := p.core.callOf(options)
	if err == nil {
		err = f.Sendable()
	}
	if err != nil {
		r.complete(r.value, err)
		return &r.AsyncResult
	}
	t := &r.task
	t.job, t.pool, t.count, t.timeout, t.retries, t.attended = r, p, 1, how.timeout, how.retries, attended
	t.tame = attended && codec.Tame(reflect.TypeFor[R]())
	args := one(arg)
	t.keep = args
	if err = encodeTask(t, p.core, f.Name(), args); err == nil {
		err = p.core.register(1)
	}
	if err != nil {
		t.drop()
		r.complete(r.value, err)
		return &r.AsyncResult
	}
	if !r.add(t) {
		p.core.withdraw(t, r.stopped.Load().err)
		return &r.AsyncResult
	}
	p.core.submit(t)
	return &r.AsyncResult
}

func (r *single[R]) item(_ int, s status, body []byte, from *member) bool {
	r.bad = decode(s, body, from, &r.value)
	return r.bad == nil
}

func (r *single[R]) fail(_, _ int, err error) { r.bad = err }

func (r *single[R]) settle(_, _ int) {
	if r.bad != nil {
		r.value = *new(R)
	}
	r.complete(r.value, r.bad)
}

func one[A any](arg A) []A { return []A{arg} }

// encodeTask makes the message of a task of items, whose own methods may panic. What they
// refer to must stay until the task has ended.
func encodeTask[A any](t *task, c *core, name string, items []A) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("pool: argument: panic: %v", p)
		}
	}()
	if len(name) > mostName {
		return fmt.Errorf("pool: a name of %d bytes is too long", len(name))
	}
	buf := codec.NewBuffer()
	defer buf.Free()
	f := frame{kind: kindTask, name: name, timeout: int64(t.timeout), count: len(items)}
	f.writeHead(buf)
	if len(items) == 1 {
		if b, ok := any(&items[0]).(*[]byte); ok && buf.Len()+taskHead+len(*b) > c.longest {
			return encodeLong(t, c, buf.Bytes(), *b)
		}
	}
	for i := range items {
		start := beginItem(buf, taskHead)
		if err := codec.EncodeFrom(buf, &items[i]); err != nil {
			return err
		}
		if err := endItem(buf, taskHead, start, 0); err != nil {
			return err
		}
	}
	if buf.Len() <= c.longest {
		t.message = bytes.Clone(buf.Bytes())
		return nil
	}
	t.message, t.spilled, err = c.spares.spill(buf.Bytes())
	return err
}

// encodeLong makes the message of a task of one item that is too long for the queue: it is
// copied to where the worker decodes it, and nowhere else.
func encodeLong(t *task, c *core, head, item []byte) error {
	arr, err := c.spares.take(taskHead + codec.BytesRoom(item))
	if err != nil {
		return err
	}
	t.spilled = arr // which drop gives back
	room := arr.Slice()
	n := len(codec.AppendBytes(room[taskHead:taskHead], item))
	if err := setItem(room, n); err != nil {
		return err
	}
	t.message, err = refer(head, arr, taskHead+n)
	return err
}

// decode makes of one outcome what it is: *to, or an error.
func decode[R any](s status, body []byte, from *member, to *R) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v", ErrResult, p)
		}
	}()
	switch s {
	case statusOK:
		if err := codec.Decode(body, to); err != nil {
			return fmt.Errorf("%w: %w", ErrResult, err)
		}
		return nil
	case statusFailed:
		return process.DecodeError(body, from.name, from.pid)
	case statusPanicked:
		var why fright
		if err := codec.Decode(body, &why); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		return &TaskPanic{from.name, from.pid, why.Text, why.Stack}
	}
	var text string
	if err := codec.Decode(body, &text); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if s == statusArgument {
		return fmt.Errorf("%w: %s", ErrArgument, text)
	}
	return fmt.Errorf("%w: %s", ErrResult, text)
}
