package ring

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"runtime"

	"shmkit/shm"
)

// Chan gives the messages of a [Queue] over a channel, for select. A goroutine leases one
// message, and acknowledges it when somebody has received it from the channel, which has no
// buffer. So one message waits in this process, and nobody else gets it meanwhile, and a
// queue that is closed does not end for others before it was dealt with.
//
// The channel is closed when the queue is closed and empty, when ctx ends, after stop, and
// after an error. stop ends it, waits until the message that nobody has received is given
// back to the queue, with one more delivery counted, and tells why the channel was closed:
// nil at the end of the queue and because of stop; the cause of ctx; [ErrDetached], if the
// handle was detached; *shm.CorruptError, and [*DecodeError] with a message that makes no
// sense: that is taken, and another Chan goes on behind it. A program calls stop or ends ctx,
// or else the goroutine stays.
//
// If the process dies, what it has received from the channel is lost with it, as with
// [Queue.Get], but for the last message: that may be delivered again. A message that was not
// received goes to another consumer.
//
// Of a [Consumer] it gives the items, and of a [Reader] copies of the records: each is
// released when it was received, and when the channel ends the next Get gives the one that
// was not. Until stop has returned the goroutine is the one that uses that end. stop gives
// [ErrPeerDied] too.
//
// It is no method because a channel is not made of items of 64 KiB and more, and a queue is.
func Chan[T any](ctx context.Context, from Source[T]) (messages <-chan T, stop func() error) {
	defer runtime.KeepAlive(from)
	o, s := from.source()
	return feed(ctx, o, s)
}

// Source is what [Chan] gives the messages of: a [Queue], a [Consumer] or a [Reader]. What
// becomes of them if a process dies is told there.
type Source[T any] interface {
	source() (*shm.Object, source[T])
}

func (q *Queue[T]) source() (*shm.Object, source[T]) {
	c := q.core.Load()
	if c == nil {
		return nil, nil
	}
	return c.obj, &leases[T]{q: q}
}

func (c *Consumer[T]) source() (*shm.Object, source[T]) { return c.obj, &peeks[T]{c} }

func (r *Reader) source() (*shm.Object, source[[]byte]) { return r.obj, &copies{r} }

// source is what a channel is fed from. After next there is one taken or back.
type source[T any] interface {
	next(ctx context.Context) (T, error)
	taken() error
	back() error
}

// errStop ends the context of a feed. No caller sees it.
var errStop = errors.New("ring: the channel was stopped")

// feed makes a channel. It keeps the memory of o, also if the handle is detached meanwhile.
func feed[T any](ctx context.Context, o *shm.Object, s source[T]) (<-chan T, func() error) {
	ch, done := make(chan T), make(chan struct{})
	if o == nil || !o.TryRetain() {
		close(ch)
		return ch, func() error { return ErrDetached }
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var why error
	go func() {
		defer close(done)
		defer o.Close()
		defer close(ch)
		why = run(ctx, ch, s)
	}()
	return ch, func() error {
		cancel(errStop)
		<-done
		if why == errStop || why == ErrClosed {
			return nil
		}
		return why
	}
}

func run[T any](ctx context.Context, ch chan<- T, s source[T]) error {
	for ctx.Err() == nil {
		v, err := s.next(ctx)
		if err != nil {
			return err
		}
		select {
		case ch <- v:
			err = s.taken()
		case <-ctx.Done():
			err = s.back()
		}
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

type leases[T any] struct {
	q *Queue[T]
	l *Lease[T]
}

func (s *leases[T]) next(ctx context.Context) (v T, err error) {
	if s.l, err = s.q.LeaseContext(ctx); err == nil {
		v = *s.l.Value
		// Bytes may lie in shared memory until Ack.
		if in := reflect.ValueOf(&v).Elem(); in.Kind() == reflect.Slice && in.Type().Elem().Kind() == reflect.Uint8 {
			in.SetBytes(bytes.Clone(in.Bytes()))
		}
	}
	return v, err
}

func (s *leases[T]) taken() error { return s.l.Ack() }
func (s *leases[T]) back() error  { return s.l.Nack() }

type peeks[T any] struct{ c *Consumer[T] }

func (s *peeks[T]) next(ctx context.Context) (v T, err error) {
	p, err := s.c.PeekContext(ctx)
	if err == nil {
		v = *p
	}
	return v, err
}

func (s *peeks[T]) taken() error { return s.c.Release() }

func (s *peeks[T]) back() error {
	s.c.inHand, s.c.limit = false, s.c.seen
	return nil
}

type copies struct{ r *Reader }

func (s *copies) next(ctx context.Context) ([]byte, error) {
	b, err := s.r.PeekContext(ctx)
	return bytes.Clone(b), err
}

func (s *copies) taken() error { return s.r.Release() }

func (s *copies) back() error {
	s.r.inHand = false
	return nil
}
