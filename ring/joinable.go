package ring

import (
	"context"
	"runtime"

	"shmkit/internal/race"
	"shmkit/shm"
)

// Joinable is a [Queue] whose producers can wait until all that they put is done. Who
// takes a message has it until TaskDone; if its process dies before, the message goes to
// another consumer.
//
// Use [NewJoinable], [NewJoinableIn], [OpenJoinable] or unmarshal one that another process
// sent; the zero value is only good for that, and a Joinable must not be copied. A Queue
// cannot be opened as a Joinable, nor the other way round. All methods but Detach may be
// called concurrently, and from several processes. Nobody counts, so nothing is wrong when
// a process dies in any of them: what it had taken is unfinished until somebody else has
// taken it and done it.
//
// A message that was taken and is not done has its block, of which there are 64 more than
// the capacity. Get does not need one, Put does: it waits when the messages that wait and
// those that are not done make 64 more than the capacity. So a consumer that takes ever
// more before it does any of them may wait for messages that cannot be put.
type Joinable[T any] struct {
	q       Queue[T]
	taken   *takings
	cleanup runtime.Cleanup
}

// NewJoinable makes an empty Joinable of that capacity without a name on the process's
// default heap; see [New].
func NewJoinable[T any](capacity int, options ...Option) (*Joinable[T], error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewJoinableIn[T](seg, "", capacity, options...)
}

// NewJoinableIn makes an empty Joinable called name in seg; see [NewIn].
func NewJoinableIn[T any](seg *shm.Segment, name string, capacity int, options ...Option) (*Joinable[T], error) {
	j := new(Joinable[T])
	if _, err := j.q.create(shm.KindJoinable, seg, name, capacity, options); err != nil {
		return nil, err
	}
	return j.init(), nil
}

// OpenJoinable opens the Joinable called name in seg; see [Open].
func OpenJoinable[T any](seg *shm.Segment, name string, options ...Option) (*Joinable[T], error) {
	j := new(Joinable[T])
	if _, err := j.q.openNamed(shm.KindJoinable, seg, name, options); err != nil {
		return nil, err
	}
	return j.init(), nil
}

func (j *Joinable[T]) init() *Joinable[T] {
	j.taken = takingsOf(j.q.core.Load())
	j.cleanup = runtime.AddCleanup(j, (*takings).end, j.taken)
	return j
}

// Put is [Queue.Put]. From the instant at which the message is in the queue it is
// unfinished.
func (j *Joinable[T]) Put(v T) error { return j.q.Put(v) }

// PutContext is [Queue.PutContext].
func (j *Joinable[T]) PutContext(ctx context.Context, v T) error { return j.q.PutContext(ctx, v) }

// TryPut is [Queue.TryPut].
func (j *Joinable[T]) TryPut(v T) error { return j.q.TryPut(v) }

// PutN is [Queue.PutN].
func (j *Joinable[T]) PutN(list []T) (n int, err error) { return j.q.PutN(list) }

// PutNContext is [Queue.PutNContext].
func (j *Joinable[T]) PutNContext(ctx context.Context, list []T) (n int, err error) {
	return j.q.PutNContext(ctx, list)
}

// Get takes the oldest message, and waits for one as long as it takes. The message is
// unfinished until TaskDone; if this process dies before, or detaches, it goes to whoever
// comes next. Errors: as [Queue.Get]; [ErrClosed] only when no other process has a message
// that is not done, because that may come back.
func (j *Joinable[T]) Get() (T, error) { return j.GetContext(context.Background()) }

// GetContext is Get that gives up when ctx ends: it then returns the cause of ctx, and has
// taken nothing. If there is a message ctx is not looked at.
func (j *Joinable[T]) GetContext(ctx context.Context) (v T, err error) {
	c := j.q.core.Load()
	if c == nil {
		return v, ErrDetached
	}
	take := func() error { return j.take(c, &v) }
	if err = take(); err == ErrEmpty {
		err = c.persist(ctx, &j.q.core, wantItem, ErrEmpty, take)
	}
	return v, err
}

// TryGet is Get that does not wait: [ErrEmpty] if there is no message.
func (j *Joinable[T]) TryGet() (v T, err error) {
	c := j.q.core.Load()
	if c == nil {
		return v, ErrDetached
	}
	if err = j.take(c, &v); c.comeBack(err) {
		err = j.take(c, &v)
	}
	return v, err
}

// take takes the oldest message into v, and puts it on the list.
func (j *Joinable[T]) take(c *core, v *T) error {
	l, err := j.q.lease(c)
	if err != nil {
		return err
	}
	*v = *l.Value
	if c.how != nil {
		retained(c.how, v)
	}
	err = j.taken.add(l.block, l.held)
	runtime.KeepAlive(j)
	return err
}

// Lease is [Queue.Lease]: Ack says that the message is done, and TaskDone is not called
// for it. Where several goroutines share a handle it is Lease that tells which message is
// done: if the process dies the others go back.
func (j *Joinable[T]) Lease() (*Lease[T], error) { return j.q.Lease() }

// LeaseContext is [Queue.LeaseContext].
func (j *Joinable[T]) LeaseContext(ctx context.Context) (*Lease[T], error) {
	return j.q.LeaseContext(ctx)
}

// TryLease is [Queue.TryLease].
func (j *Joinable[T]) TryLease() (*Lease[T], error) { return j.q.TryLease() }

// TaskDone says that a message is done that Get took through this handle: the oldest one.
// Errors: [ErrTaskDone] if there is none, [ErrDetached].
//
// In the terminology of the Go memory model it synchronizes before the Join that returns
// because of it.
func (j *Joinable[T]) TaskDone() error {
	if j.q.core.Load() == nil {
		return ErrDetached
	}
	defer runtime.KeepAlive(j)
	return j.taken.done()
}

// Join waits until nothing is unfinished: no message waits, and none is taken and not
// done. There is an instant during the call at which that is so; if messages are put all
// the time it may be a long time coming. If ctx ends first it returns its cause. If so
// already, ctx is not looked at. If all consumers die, it waits for others to come.
// Errors: [ErrDetached].
func (j *Joinable[T]) Join(ctx context.Context) error {
	c := j.q.core.Load()
	if c == nil {
		return ErrDetached
	}
	defer runtime.KeepAlive(j)
	since := c.published()
	if !c.finished(since) {
		if err := c.enter(); err != nil {
			return err
		}
		defer c.leave()
		if err := c.awaitSince(ctx, &j.q.core, wantIdle, since); err != nil {
			return err
		}
	}
	if race.Enabled {
		c.raceAcquire()
	}
	return nil
}

// Close is [Queue.Close]. Join goes on: what is in the queue can be taken and done.
func (j *Joinable[T]) Close() error { return j.q.Close() }

// Detach is [Queue.Detach]. What was taken through this handle by Get and is not done goes
// back.
func (j *Joinable[T]) Detach() error {
	if j.q.core.Load() == nil {
		return ErrDetached
	}
	j.cleanup.Stop()
	j.taken.end()
	return j.q.Detach()
}

// Len is [Queue.Len]: messages that are taken and not done do not count.
func (j *Joinable[T]) Len() int { return j.q.Len() }

// Cap is [Queue.Cap].
func (j *Joinable[T]) Cap() int { return j.q.Cap() }

// Unfinished is how many messages wait, or are taken and not done. While others put, take
// and finish some it is an estimate, but 0 only if there is an instant during the call at
// which it is.
func (j *Joinable[T]) Unfinished() int {
	c := j.q.core.Load()
	if c == nil {
		return 0
	}
	defer runtime.KeepAlive(j)
	return c.countUnfinished()
}

// Info is [Queue.Info].
func (j *Joinable[T]) Info() Info { return j.q.Info() }

// Handle is [Queue.Handle].
func (j *Joinable[T]) Handle() (shm.Handle, error) { return j.q.Handle() }

// MarshalBinary implements encoding.BinaryMarshaler with [Joinable.Handle].
func (j *Joinable[T]) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(j) }

// MarshalText implements encoding.TextMarshaler with [Joinable.Handle].
func (j *Joinable[T]) MarshalText() ([]byte, error) { return shm.EncodeText(j) }

// UnmarshalBinary is [Queue.UnmarshalBinary].
func (j *Joinable[T]) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, j.open) }

// UnmarshalText is [Queue.UnmarshalText].
func (j *Joinable[T]) UnmarshalText(text []byte) error { return shm.DecodeText(text, j.open) }

func (j *Joinable[T]) open(h shm.Handle) error {
	err := j.q.openHandle(shm.KindJoinable, h)
	if err == nil {
		j.init()
	}
	return err
}

// String is for people.
func (j *Joinable[T]) String() string { return "Joinable" + j.q.String()[len("Queue"):] }
