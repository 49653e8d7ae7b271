package pool

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"shmkit/internal/codec"
	"shmkit/internal/function"
	"shmkit/process"
)

// running is a task that a worker runs: so many items of it have an outcome in buf.
type running struct {
	frame
	f      function.Function
	known  bool // f is
	items  []byte
	closed func() error // ends the use of items
	failed error        // why there are no items
	next   int
	buf    *codec.Buffer
	start  int   // of the item in buf
	keep   []any // what results refer to
}

// fright is what a panic leaves.
type fright struct{ Text, Stack string }

func newRunning(w *inside, f frame) *running {
	r := &running{frame: f, buf: codec.NewBuffer()}
	r.f, r.known = function.Find(f.name)
	head := frame{kind: kindResult, count: f.count}
	head.writeHead(r.buf)
	r.closed, r.failed = r.frame.unspill()
	r.items = r.frame.items
	return r
}

// run runs the function for each item.
func (r *running) run(w *inside) {
	ctx, cancel := w.ctx, func() {}
	if r.timeout > 0 {
		at, _ := w.table.begun(w.Position)
		left := time.Duration(r.timeout - (w.clock.now() - at))
		ctx, cancel = context.WithTimeoutCause(ctx, left, ErrTimeout)
	}
	defer cancel()
	for r.next < r.count {
		r.item(ctx)
	}
	if r.failed == nil {
		r.closed()
	}
}

// item runs the function for the next item. Whatever it does, the item has an outcome then.
func (r *running) item(ctx context.Context) {
	returned := false
	r.start = beginItem(r.buf, resultHead)
	defer func() {
		if !returned {
			r.broke(recover())
		}
	}()
	r.next++
	s := r.call(ctx)
	if err := endItem(r.buf, resultHead, r.start, s); err != nil {
		r.replace(statusResult, err.Error())
	}
	returned = true
}

// call gives the outcome of one item, which is in buf.
func (r *running) call(ctx context.Context) status {
	if r.failed != nil {
		return r.write(statusArgument, r.failed.Error())
	}
	_, arg, rest, err := nextItem(r.items, taskHead)
	if err != nil {
		r.failed = err
		r.closed()
		return r.write(statusArgument, err.Error())
	}
	r.items = rest
	if !r.known {
		return r.write(statusArgument, fmt.Sprintf("function %q is not registered in the worker: register it in a package variable or in init", r.name))
	}
	keep, err := r.f.Run(ctx, arg, r.buf, func() {})
	if keep != nil {
		r.keep = append(r.keep, keep)
	}
	switch e := err.(type) {
	case nil:
		return statusOK
	case *function.ArgumentError:
		return r.write(statusArgument, e.Err.Error())
	case *function.ResultError:
		return r.write(statusResult, e.Err.Error())
	}
	r.cut()
	r.buf.Write(process.EncodeError(err))
	return statusFailed
}

// broke is the outcome of an item whose function did not return: it panicked, or ended its
// goroutine.
func (r *running) broke(with any) {
	if with == nil {
		r.cut()
		r.buf.Write(process.EncodeError(process.ErrGoexit))
		endItem(r.buf, resultHead, r.start, statusFailed)
		return
	}
	stack := string(debug.Stack())
	r.replace(statusPanicked, fright{textOf(with), stack})
}

// textOf is what a function panicked with, whose own methods may panic.
func textOf(with any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T, which cannot be printed", with)
		}
	}()
	if err, ok := with.(error); ok {
		return err.Error()
	}
	return fmt.Sprint(with)
}

// cut drops what was written of the item.
func (r *running) cut() { r.buf.Truncate(r.start + resultHead) }

// write makes v the outcome of the item.
func (r *running) write(s status, v any) status {
	r.cut()
	codec.Encode(r.buf, v) // text alone
	return s
}

// replace makes v the outcome of the item, and ends it.
func (r *running) replace(s status, v any) {
	endItem(r.buf, resultHead, r.start, r.write(s, v))
}
