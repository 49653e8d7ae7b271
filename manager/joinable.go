package manager

import (
	"context"
	"iter"
	"time"

	"shmkit/internal/wire"
	"shmkit/ring"
)

// JoinableQueue is a [Queue] whose producers can wait until all that they put is done. Who
// takes a message has it until TaskDone; if its process dies before, or is cut off, the
// message goes to another consumer: it is not lost, and it is counted once.
//
// Use [NewJoinableQueue], [OpenJoinableQueue] or unmarshal one that another process sent; a
// JoinableQueue must not be copied. All methods may be called concurrently, and from several
// processes. A handle that is detached or forgotten gives back what was taken through it and
// is not done.
type JoinableQueue[T any] struct{ items[T] }

// NewJoinableQueue makes an empty JoinableQueue; see [NewQueue].
func NewJoinableQueue[T any](c *Client, capacity int, options ...Option) (*JoinableQueue[T], error) {
	j := &JoinableQueue[T]{}
	if err := j.prepare(); err != nil {
		return nil, err
	}
	var err error
	j.proxy, err = createQueue(c, wire.TypeJoinable, capacity, options)
	return j, err
}

// OpenJoinableQueue opens the JoinableQueue of that name.
// Errors: ErrNotFound; ErrType.
func OpenJoinableQueue[T any](c *Client, name string) (*JoinableQueue[T], error) {
	j := &JoinableQueue[T]{}
	if err := j.prepare(); err != nil {
		return nil, err
	}
	var err error
	j.proxy, err = open(c, wire.TypeJoinable, name)
	return j, err
}

// queue is j as far as it is a Queue.
func (j *JoinableQueue[T]) queue() *Queue[T] { return &Queue[T]{j.items} }

// Put is [Queue.Put]. From the instant at which the message is in the queue it is unfinished.
func (j *JoinableQueue[T]) Put(v T) error { return j.queue().Put(v) }

// PutContext is [Queue.PutContext].
func (j *JoinableQueue[T]) PutContext(ctx context.Context, v T) error {
	return j.queue().PutContext(ctx, v)
}

// TryPut is [Queue.TryPut].
func (j *JoinableQueue[T]) TryPut(v T) error { return j.queue().TryPut(v) }

// PutN is [Queue.PutN].
func (j *JoinableQueue[T]) PutN(list []T) (n int, err error) { return j.queue().PutN(list) }

// PutNContext is [Queue.PutNContext].
func (j *JoinableQueue[T]) PutNContext(ctx context.Context, list []T) (n int, err error) {
	return j.queue().PutNContext(ctx, list)
}

// TryPutN is [Queue.TryPutN].
func (j *JoinableQueue[T]) TryPutN(list []T) (n int, err error) { return j.queue().TryPutN(list) }

// Get takes the oldest message, and waits for one as long as it takes. The message is
// unfinished until TaskDone. Errors: as [Queue.Get]; ring.ErrClosed only when no other client
// has a message that is not done, because that may come back.
func (j *JoinableQueue[T]) Get() (T, error) { return j.get(inherit, 0) }

// GetContext is Get that gives up when ctx ends; see [Queue.GetContext].
func (j *JoinableQueue[T]) GetContext(ctx context.Context) (T, error) { return j.get(ctx, 0) }

// TryGet is Get that does not wait: ring.ErrEmpty if there is no message.
func (j *JoinableQueue[T]) TryGet() (T, error) { return j.get(inherit, -1) }

func (j *JoinableQueue[T]) get(ctx context.Context, patience time.Duration) (v T, err error) {
	lease, _, err := j.queue().take(ctx, patience, &v)
	j.took(lease)
	return v, err
}

// took puts what was taken on the list of the handle. If that was detached meanwhile it goes
// back.
func (j *JoinableQueue[T]) took(l leases) {
	if l.n > 0 && !j.ref.queue.add(l) {
		j.giveBack(l)
	}
}

// GetN is [Queue.GetN]: each message that it takes wants a TaskDone.
func (j *JoinableQueue[T]) GetN(list []T) (n int, err error) { return j.getN(inherit, list, 0) }

// GetNContext is [Queue.GetNContext].
func (j *JoinableQueue[T]) GetNContext(ctx context.Context, list []T) (n int, err error) {
	return j.getN(ctx, list, 0)
}

// TryGetN is [Queue.TryGetN].
func (j *JoinableQueue[T]) TryGetN(list []T) (n int, err error) { return j.getN(inherit, list, -1) }

func (j *JoinableQueue[T]) getN(ctx context.Context, list []T, patience time.Duration) (n int, err error) {
	ours, rest, n, err := j.queue().takeN(ctx, list, patience)
	j.took(ours)
	j.giveBack(rest)
	return n, err
}

// All is [Queue.All]: each message that it takes wants a TaskDone.
func (j *JoinableQueue[T]) All() iter.Seq2[T, error] { return j.AllContext(inherit) }

// AllContext is [Queue.AllContext].
func (j *JoinableQueue[T]) AllContext(ctx context.Context) iter.Seq2[T, error] {
	return each(func(v *T) (got bool, err error) {
		lease, _, err := j.queue().take(ctx, 0, v)
		j.took(lease)
		return lease.n > 0, err
	})
}

// Lease is [Queue.Lease]: Ack says that the message is done, and TaskDone is not called for
// it. Where several goroutines share a handle it is Lease that tells which message is done.
func (j *JoinableQueue[T]) Lease() (*Lease[T], error) { return j.queue().Lease() }

// LeaseContext is [Queue.LeaseContext].
func (j *JoinableQueue[T]) LeaseContext(ctx context.Context) (*Lease[T], error) {
	return j.queue().LeaseContext(ctx)
}

// TryLease is [Queue.TryLease].
func (j *JoinableQueue[T]) TryLease() (*Lease[T], error) { return j.queue().TryLease() }

// TaskDone says that a message is done that Get took through this handle: the oldest one.
// Errors: ring.ErrTaskDone if there is none; ErrClosed.
//
// In the terminology of the Go memory model it synchronizes before the Join that returns
// because of it.
func (j *JoinableQueue[T]) TaskDone() error {
	if j.detached() {
		return errDetached
	}
	lease, ok := j.ref.queue.oldest()
	if !ok {
		return ring.ErrTaskDone
	}
	return j.conclude(wire.QueueAck, leases{lease, 1})
}

// Join waits until nothing is unfinished: no message waits, and none is taken and not done. A
// Join that waits hears of each such instant. If ctx ends first it returns its cause. If so
// already, ctx is not looked at. If all consumers die, it waits for others to come.
func (j *JoinableQueue[T]) Join(ctx context.Context) error {
	k, _, err := j.attempt(ctx, wire.QueueJoin, nil, 0, nil)
	if err == nil {
		k.free()
	}
	return err
}

// Unfinished is how many messages wait, or are taken and not done; 0 also if the server does
// not tell: see Info.
func (j *JoinableQueue[T]) Unfinished() int {
	i, _ := j.Info()
	return i.Unfinished
}

// Info is [Queue.Info].
func (j *JoinableQueue[T]) Info() (QueueInfo, error) { return j.queue().Info() }

// Len is [Queue.Len]: messages that are taken and not done do not count.
func (j *JoinableQueue[T]) Len() int { return j.queue().Len() }

// Cap is [Queue.Cap].
func (j *JoinableQueue[T]) Cap() int { return j.queue().Cap() }

// Close is [Queue.Close]. Join goes on: what is in the queue can be taken and done.
func (j *JoinableQueue[T]) Close() error { return j.queue().Close() }

// Detach is [Queue.Detach]. What was taken through this handle and is not done goes back.
func (j *JoinableQueue[T]) Detach() error { return j.queue().Detach() }

// Ctx is the same JoinableQueue, whose calls end with ctx.
func (j *JoinableQueue[T]) Ctx(ctx context.Context) *JoinableQueue[T] {
	k := *j
	k.ctx = ctx
	return &k
}

func (*JoinableQueue[T]) want() wire.Type { return wire.TypeJoinable }

// UnmarshalBinary implements encoding.BinaryUnmarshaler as that of Value does.
func (j *JoinableQueue[T]) UnmarshalBinary(b []byte) error { return j.unmarshal(j.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (j *JoinableQueue[T]) UnmarshalText(text []byte) error { return j.unmarshalText(j.want(), text) }
