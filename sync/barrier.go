package sync

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/shm"
)

// Barrier is where a fixed number of parties, in whatever processes, wait for each
// other, again and again.
//
// Use [NewBarrier], [NewBarrierIn], [OpenBarrier] or unmarshal one that another process
// sent; the zero value is not usable, and a Barrier must not be copied. All methods but
// Close may be called concurrently and from several processes. A process takes part
// from its first Wait until it has closed its last handle. If it dies in between, inside
// Wait or outside, the barrier is broken, because the others would wait for it: they
// get [ErrBroken], and so does whoever comes, until [Barrier.Reset]. Also a process that
// ends without Close has died. If the last party comes before the kernel has announced a
// death, the generation passes, and the next one breaks.
//
// A generation is one time that all have come. It passes or breaks as a whole: either
// all its parties get their index or all get ErrBroken; only a party that is told so
// long after, 32 breaks and resets later, is told that it broke when it may have passed.
type Barrier struct {
	use
	self    uint32 // owner id of this process
	head    *layout.Barrier
	gen     *uint32 // upper half of head.Word: what parties sleep on
	members []uint32
	parties uint32
	timeout time.Duration
}

// BarrierOption changes what NewBarrier makes, for every process; that the maker dies
// changes nothing.
type BarrierOption func(*layout.Barrier) error

// BarrierTimeout bounds each wait at the barrier, in whatever process: after d it breaks,
// as if the context had ended. 0 means no bound, less is [ErrCount].
func BarrierTimeout(d time.Duration) BarrierOption {
	return func(b *layout.Barrier) error {
		if d < 0 {
			return fmt.Errorf("%w: timeout %v", ErrCount, d)
		}
		b.TimeoutNS = int64(d)
		return nil
	}
}

// NewBarrier makes a Barrier for 1 to 65535 parties without a name on the process's
// default heap. It is freed when the last process that uses it closes it or dies.
// Errors: [ErrCount], those of shm.Default and Segment.NewObject.
func NewBarrier(parties int, options ...BarrierOption) (*Barrier, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return NewBarrierIn(seg, "", parties, options...)
}

// NewBarrierIn makes a Barrier called name in seg. It stays until Segment.RemoveObject.
// Errors: [ErrCount], those of Segment.NewObject, shm.ErrExists among them.
func NewBarrierIn(seg *shm.Segment, name string, parties int, options ...BarrierOption) (*Barrier, error) {
	if parties < 1 || parties > layout.MaxParties {
		return nil, fmt.Errorf("%w: a barrier of %d parties", ErrCount, parties)
	}
	o, err := seg.NewObject(name, barrierSpec(), func(o *shm.Object) error {
		head := shm.Head[layout.Barrier](o, 0)
		head.Parties = uint32(parties)
		for _, option := range options {
			if err := option(head); err != nil {
				return err
			}
		}
		return nil
	})
	return newBarrier(o, err)
}

// OpenBarrier opens the Barrier called name in seg. Errors: shm.ErrNotFound, shm.ErrType
// if name is something else.
func OpenBarrier(seg *shm.Segment, name string) (*Barrier, error) {
	return newBarrier(seg.OpenObject(name, barrierSpec()))
}

func barrierSpec() shm.Spec {
	owner, err := shm.TypeOf[uint32]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindBarrier, Type: owner, Count: layout.MaxSlots}
}

func newBarrier(o *shm.Object, err error) (*Barrier, error) {
	if err != nil {
		return nil, err
	}
	b := new(Barrier)
	if err := b.init(o); err != nil {
		return nil, err
	}
	return b, nil
}

// init makes b a handle of o and owner of one use of it, if o is sound.
func (b *Barrier) init(o *shm.Object) error {
	head := shm.Head[layout.Barrier](o, 0)
	n, timeout := head.Parties, head.TimeoutNS
	switch {
	case n < 1 || n > layout.MaxParties:
		o.Close()
		return &shm.CorruptError{Field: "barrier.Parties", Value: uint64(n)}
	case timeout < 0:
		o.Close()
		return &shm.CorruptError{Field: "barrier.TimeoutNS", Value: uint64(timeout)}
	}
	b.self, b.head, b.parties, b.timeout = o.Self(), head, n, time.Duration(timeout)
	b.gen = shm.Head[uint32](o, layout.BarrierFutex)
	b.members = shm.Items[uint32](o)
	begin(&b.use, b, o)
	return nil
}

// Wait comes to the barrier and returns when all parties have come: nil, and an index
// from 0 to parties-1 that no other party of the generation has, in the order in which
// they came. It may be called by any process. Errors: [ErrBroken], then index is -1;
// [ErrClosed], and the others get ErrBroken.
//
// In the terminology of the Go memory model, the beginning of each call of a generation
// synchronizes before the return of each call of it.
func (b *Barrier) Wait() (index int, err error) { return b.WaitAction(context.Background(), nil) }

// WaitContext is Wait that breaks the barrier when ctx ends: the error then is ErrBroken
// and the cause of ctx, the others get ErrBroken. If it ends while the action of the
// generation before still runs, the error is the cause alone, or the Err of ctx if the
// cause is an ErrBroken, and nothing is broken.
func (b *Barrier) WaitContext(ctx context.Context) (index int, err error) {
	return b.WaitAction(ctx, nil)
}

// WaitAction is WaitContext that calls action, if it is the last one to come, before
// any party is released. If action fails or panics the barrier is broken; this
// call then returns ErrBroken and that error, or panics. All parties should bring the
// same action.
func (b *Barrier) WaitAction(ctx context.Context, action func() error) (index int, err error) {
	if err := b.enter(); err != nil {
		return -1, err
	}
	defer b.leave()
	if b.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.timeout)
		defer cancel()
	}
	p := party{b: b, acts: action != nil}
	return p.wait(ctx, action)
}

// Abort breaks the barrier: all who wait and all who come get [ErrBroken], until Reset.
// Errors: [ErrClosed].
func (b *Barrier) Abort() error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.leave()
	b.breakNow()
	return nil
}

// Reset makes the barrier usable and empty: those who wait get [ErrBroken], and what has
// broken it before is forgotten. Errors: [ErrClosed].
func (b *Barrier) Reset() error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.leave()
	b.buryMembers(true)
	b.reset()
	return nil
}

// Close ends this handle's use of the barrier. Calls that wait through this handle end
// with [ErrClosed] and break the barrier. Else the barrier is as before: it does not
// notice that this process will not come again. Close must not run beside a call that
// does not wait yet. A second Close gives ErrClosed.
func (b *Barrier) Close() error { return b.end(b.gen) }

// UnmarshalBinary opens, in whatever process, the barrier whose bytes these are. b must
// be new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (b *Barrier) UnmarshalBinary(data []byte) error { return shm.DecodeBinary(data, b.open) }

// UnmarshalText opens the barrier whose text this is, as UnmarshalBinary.
func (b *Barrier) UnmarshalText(text []byte) error { return shm.DecodeText(text, b.open) }

func (b *Barrier) open(h shm.Handle) error {
	o, err := shm.OpenHandle(h, barrierSpec())
	if err == nil {
		err = b.init(o)
	}
	return err
}

// Parties is how many must come.
func (b *Barrier) Parties() int { return int(b.parties) }

// Waiting is how many have come to the generation that is not over; 0 after Close.
func (b *Barrier) Waiting() int {
	if info := b.Info(); info != nil {
		return info.Waiting
	}
	return 0
}

// Broken tells whether the barrier is broken; true after Close.
func (b *Barrier) Broken() bool {
	info := b.Info()
	return info == nil || info.Broken
}

// BarrierInfo is a snapshot of a Barrier, in this process alone: whoever dies is still in it.
type BarrierInfo struct {
	Parties    int
	Waiting    int  // have come to this generation
	Acting     bool // all have come, the last one runs the action
	Broken     bool
	Generation uint32   // generations that have passed or were broken, modulo 2^32
	Members    []uint32 // pids of the processes that take part, each as it sees itself
	Timeout    time.Duration
}

// Info describes the barrier. It is nil after Close.
func (b *Barrier) Info() *BarrierInfo {
	if b.enter() != nil {
		return nil
	}
	defer b.leave()
	w := atomic.LoadUint64(&b.head.Word)
	info := &BarrierInfo{
		Parties: int(b.parties), Waiting: int(layout.BarrierArrived(w)),
		Acting:     w&layout.BarrierStateMask == layout.BarrierActing,
		Broken:     w&layout.BarrierStateMask == layout.BarrierBroken,
		Generation: layout.BarrierGeneration(w), Timeout: b.timeout,
	}
	for slot := range b.members {
		if owner := atomic.LoadUint32(&b.members[slot]); owner != 0 {
			info.Members = append(info.Members, b.obj.PIDOf(owner))
		}
	}
	return info
}

// String tells the state and who takes part, for people.
func (b *Barrier) String() string {
	if b.enter() != nil {
		return "Barrier(closed)"
	}
	defer b.leave()
	return fmt.Sprintf("Barrier(%s)", b.obj.Describe())
}
