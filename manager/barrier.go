package manager

import (
	"context"
	"fmt"
	"time"

	"shmkit/internal/wire"
	shsync "shmkit/sync"
)

// A Barrier is a handle of a barrier at the server, where a fixed number of parties, of whatever
// clients, wait for each other, again and again.
//
// Use [NewBarrier], [OpenBarrier] or unmarshal one that another process sent; the zero value is
// not usable. It may be copied, and the copies share their reference. All methods may be called
// concurrently and by several processes. A client takes part from its first Wait until it has
// closed its last handle. If it dies or is cut off in between, inside Wait or outside, the
// barrier is broken, because the others would wait for it: they get [shsync.ErrBroken], and so
// does whoever comes, until [Barrier.Reset].
//
// A generation is one time that all have come. It passes or breaks as a whole: either all its
// parties get their index or all get ErrBroken.
type Barrier struct{ proxy }

// A BarrierInfo is a snapshot of a Barrier, and plain data: it stays as it is when a process
// dies.
type BarrierInfo struct {
	Parties    int
	Waiting    int  // have come to this generation
	Acting     bool // all have come, the last one runs the action
	Broken     bool
	Generation uint64 // generations that have passed or were broken
	Timeout    time.Duration
}

// String is one line for people.
func (i *BarrierInfo) String() string {
	switch {
	case i.Broken:
		return fmt.Sprintf("broken, for %d parties", i.Parties)
	case i.Acting:
		return fmt.Sprintf("all %d have come, the last one acts", i.Parties)
	}
	return fmt.Sprintf("%d of %d have come", i.Waiting, i.Parties)
}

// BarrierTimeout bounds each wait at the barrier that is made, of whatever client: after d it
// breaks, as if the context had ended. 0 means no bound, less is [shsync.ErrCount].
func BarrierTimeout(d time.Duration) Option { return func(s *settings) { s.limit = d } }

// NewBarrier makes a Barrier for 1 to 65535 parties at the server of c.
// Errors: [shsync.ErrCount]; [ErrExists] for a name that is in use; [ErrServerGone].
func NewBarrier(c *Client, parties int, options ...Option) (*Barrier, error) {
	args := wire.AppendInt(nil, int64(parties))
	p, err := create(c, wire.TypeBarrier, options, wire.AppendInt(args, int64(settle(options).limit)))
	if err != nil {
		return nil, err
	}
	return &Barrier{p}, nil
}

// OpenBarrier opens the Barrier of that name.
// Errors: [ErrNotFound]; [ErrType] if it is something else; [ErrServerGone].
func OpenBarrier(c *Client, name string) (*Barrier, error) {
	p, err := open(c, wire.TypeBarrier, name)
	if err != nil {
		return nil, err
	}
	return &Barrier{p}, nil
}

// Wait comes to the barrier and returns when all parties have come: nil, and an index from 0 to
// parties-1 that no other party of the generation has, in the order in which they came.
// Errors, with index -1: [shsync.ErrBroken]; [ErrClosed], [ErrServerGone], and the others get
// ErrBroken.
//
// In the terminology of the Go memory model, the beginning of each call of a generation
// synchronizes before the return of each call of it.
func (b *Barrier) Wait() (index int, err error) { return b.WaitAction(inherit, nil) }

// WaitContext is Wait that breaks the barrier when ctx ends: the error then is ErrBroken and the
// cause of ctx, the others get ErrBroken. If it ends while the action of the generation before
// still runs, the error is the cause alone, or the Err of ctx if the cause is an ErrBroken, and
// nothing is broken.
func (b *Barrier) WaitContext(ctx context.Context) (index int, err error) {
	return b.WaitAction(ctx, nil)
}

// WaitAction is WaitContext that calls action, if it is the last one to come, before any party
// is released. If action fails or panics the barrier is broken; this call then returns
// ErrBroken and that error, or panics. If the client that runs it dies it is broken as well. All
// parties should bring the same action.
func (b *Barrier) WaitAction(ctx context.Context, action func() error) (index int, err error) {
	ctx = b.within(ctx)
	k, r, err := b.await(ctx, wire.BarrierWait, wire.AppendBool(nil, action != nil), 0, b.undo)
	if err != nil {
		return -1, notOurs(ctx, err, shsync.ErrBroken)
	}
	how, i, generation := wire.Passage(r.Byte()), r.Uint(), r.Uint()
	err = r.End()
	k.free()
	switch {
	case err != nil:
		return -1, err
	case how == wire.PassageBroken:
		return -1, shsync.ErrBroken
	case how == wire.BrokenCancelled || how == wire.BrokenTimedOut:
		return -1, fmt.Errorf("%w: %w", shsync.ErrBroken, cause(ctx, how == wire.BrokenTimedOut))
	case how == wire.PassedLast:
		err = b.act(generation, action)
	}
	if err != nil {
		return -1, err
	}
	return int(i), nil
}

// undo is the undo of a wait: it breaks the barrier if the action should run, which nobody does.
func (b *Barrier) undo(answer wire.Reader) (wire.Frame, bool) {
	how, _, generation := wire.Passage(answer.Byte()), answer.Uint(), answer.Uint()
	args := wire.AppendBool(wire.AppendUint(nil, generation), false)
	return wire.Frame{Method: wire.BarrierDone, Object: b.ref.id, Body: args}, how == wire.PassedLast
}

// act runs the action of the last party, with the others still waiting.
func (b *Barrier) act(generation uint64, action func() error) error {
	over := false
	defer func() {
		if !over { // it panicked, or ended the goroutine
			b.done(generation, false)
		}
	}()
	err := action()
	over = true
	passed, e := b.done(generation, err == nil)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", shsync.ErrBroken, err)
	case e != nil:
		return e
	case !passed:
		return shsync.ErrBroken
	}
	return nil
}

// done tells that the action has ended. It does so even if the context of b has ended.
func (b *Barrier) done(generation uint64, good bool) (passed bool, err error) {
	args := wire.AppendBool(wire.AppendUint(nil, generation), good)
	k, r, err := b.call(context.Background(), wire.BarrierDone, args, 0)
	if err != nil {
		return false, err
	}
	defer k.free()
	passed = r.Bool()
	return passed, r.End()
}

// Abort breaks the barrier: all who wait and all who come get [shsync.ErrBroken], until Reset.
// Errors: [ErrClosed], [ErrServerGone].
func (b *Barrier) Abort() error { return b.exec(inherit, wire.BarrierAbort, nil, 0) }

// Reset makes the barrier usable and empty: those who wait get [shsync.ErrBroken], and what has
// broken it before is forgotten.
// Errors: [ErrClosed], [ErrServerGone].
func (b *Barrier) Reset() error { return b.exec(inherit, wire.BarrierReset, nil, 0) }

// Parties is how many must come; 0 if the server cannot be asked, see Info.
func (b *Barrier) Parties() int { return b.state().Parties }

// Waiting is how many have come to the generation that is not over; 0 if the server cannot be
// asked, see Info.
func (b *Barrier) Waiting() int { return b.state().Waiting }

// Broken tells whether the barrier is broken; true if the server cannot be asked, see Info.
func (b *Barrier) Broken() bool { return b.state().Broken }

func (b *Barrier) state() *BarrierInfo {
	i, err := b.Info()
	if err != nil {
		return &BarrierInfo{Broken: true}
	}
	return i
}

// Info tells the state; what another process did since is not in it.
// Errors: [ErrClosed], [ErrServerGone].
func (b *Barrier) Info() (*BarrierInfo, error) {
	k, r, err := b.call(inherit, wire.BarrierInfo, nil, 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	i := &BarrierInfo{
		Parties: int(r.Int()), Timeout: time.Duration(r.Int()), Waiting: int(r.Uint()),
		Acting: r.Bool(), Broken: r.Bool(), Generation: r.Uint(),
	}
	return i, r.End()
}

// Ctx is the same Barrier, whose calls end with ctx.
func (b *Barrier) Ctx(ctx context.Context) *Barrier {
	other := *b
	other.ctx = ctx
	return &other
}

var _ handle = (*Barrier)(nil)

func (*Barrier) want() wire.Type { return wire.TypeBarrier }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes b, which is new, a handle of
// the Barrier whose bytes these are, and dials its server if this process has no Client of
// that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (b *Barrier) UnmarshalBinary(data []byte) error { return b.decode(b.want(), data) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (b *Barrier) UnmarshalText(text []byte) error { return b.decodeText(b.want(), text) }
