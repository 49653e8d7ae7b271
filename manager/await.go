package manager

import (
	"context"
	"errors"
	"time"

	"shmkit/internal/wire"
)

// never is the patience of a call that must not wait.
const never time.Duration = -1

// within is the context of a call that was given ctx.
func (p *proxy) within(ctx context.Context) context.Context {
	if ctx == inherit {
		return p.context()
	}
	return ctx
}

// await is callUndo of a method that waits for something and takes it: what is free is taken
// even if ctx has ended, for which the server has the time that it has to answer a Cancel.
func (p *proxy) await(ctx context.Context, m wire.Method, args []byte, patience time.Duration, u undo) (*call, wire.Reader, error) {
	ctx = p.within(ctx)
	if ctx.Err() == nil {
		return p.callUndo(ctx, m, args, patience, u)
	}
	if p.ref == nil || p.ref.closed.Load() {
		return nil, wire.Reader{}, ErrClosed
	}
	short, stop := context.WithTimeoutCause(context.WithoutCancel(ctx), p.ref.c.unknown, context.Cause(ctx))
	defer stop()
	k, r, err := p.callUndo(short, m, args, never, u)
	if patience != never && errors.Is(err, ErrWouldWait) {
		err = context.Cause(ctx)
	}
	return k, r, err
}

// cause is why the server has ended a call: because ctx did, unless its time was over.
func cause(ctx context.Context, timedOut bool) error {
	switch err := context.Cause(ctx); {
	case timedOut:
		return context.DeadlineExceeded
	case err != nil:
		return err
	}
	return context.Canceled
}

// notOurs is err, of a call that has failed, unless that is one of tells, by which the call
// tells what the caller has: contexts end with the errors of other calls.
func notOurs(ctx context.Context, err error, tells ...error) error {
	for _, tell := range tells {
		if errors.Is(err, tell) {
			return ended{err.Error(), ctx.Err()}
		}
	}
	return err
}

// ended is the end of a context whose cause would be misunderstood. It is plain data of one
// process, which dies with it.
type ended struct {
	cause string
	kind  error
}

func (e ended) Error() string { return "manager: context ended: " + e.cause }
func (e ended) Unwrap() error { return e.kind }
