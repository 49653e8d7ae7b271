package sync

import (
	"context"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/internal/work"
	"shmkit/shm"
)

// WaitGroup counts units of work that processes do, and lets others wait until none is
// left. A process that begins a unit owns it until it is done.
//
// Use [NewWaitGroup], [NewWaitGroupIn], [OpenWaitGroup] or unmarshal one that another
// process sent; the zero value is not usable, and it must not be copied. All methods but
// Close may be called concurrently and from several processes. If a process dies the
// units that it has begun are lost: they count as done, and Wait tells how many there
// were. Units that nobody has begun wait for one who does, whoever dies. If a process
// dies while it waits, nothing happens to the others.
type WaitGroup struct {
	use
	group   work.Group
	low     *uint32 // half of the word of group: what waiters sleep on
	self    uint32
	greeted atomic.Bool // those who slept before know that this process is there
}

// workSpec is what a wait group object is.
var workSpec = shm.Spec{Kind: shm.KindWaitGroup, Type: uint64Type, Count: layout.MaxSlots}

var uint64Type, _ = shm.TypeOf[uint64]() // never fails

// NewWaitGroup makes a WaitGroup without work and without a name on the process's
// default heap. It is freed when the last process that uses it closes it or dies.
// Errors: those of shm.Default and Segment.NewObject.
func NewWaitGroup() (*WaitGroup, error) {
	seg, err := shm.Default()
	if err != nil {
		return nil, err
	}
	return newWaitGroup(seg, "")
}

// NewWaitGroupIn makes a WaitGroup without work called name in seg. It stays until
// Segment.RemoveObject. Errors: those of Segment.NewObject, shm.ErrExists among them.
func NewWaitGroupIn(seg *shm.Segment, name string) (*WaitGroup, error) {
	return newWaitGroup(seg, name)
}

// OpenWaitGroup opens the WaitGroup called name in seg. Errors: shm.ErrNotFound,
// shm.ErrType if name is something else.
func OpenWaitGroup(seg *shm.Segment, name string) (*WaitGroup, error) {
	o, err := seg.OpenObject(name, workSpec)
	if err != nil {
		return nil, err
	}
	return made(new(WaitGroup), func(g *WaitGroup) error { return g.init(o) })
}

func newWaitGroup(seg *shm.Segment, name string) (*WaitGroup, error) {
	o, err := seg.NewObject(name, workSpec, nil)
	if err != nil {
		return nil, err
	}
	return made(new(WaitGroup), func(g *WaitGroup) error { return g.init(o) })
}

func (g *WaitGroup) init(o *shm.Object) (err error) {
	if g.group, err = o.Work(); err != nil {
		o.Close()
		return err
	}
	g.low, g.self = shm.Head[uint32](o, 0), o.Self()
	begin(&g.use, g, o)
	return nil
}

// Add adds n units that nobody has begun; a negative n takes some away. Errors:
// [ErrNoWork] if there are fewer, [ErrTooMany] above 2,147,483,647, [ErrClosed]; nothing
// has changed then.
func (g *WaitGroup) Add(n int) error {
	return g.do(func() word.WorkVerdict { return g.group.Add(int64(n)) })
}

// Begin makes one of the units that nobody has begun this process's own: if the process
// dies before it calls Done the unit is lost. Errors: [ErrNoWork] if there is none,
// [ErrTooMany] if this process has 65,535, [ErrClosed]; nothing has changed then.
func (g *WaitGroup) Begin() error {
	return g.do(func() word.WorkVerdict {
		if !g.greeted.Swap(true) {
			// Who slept before this process came does not watch for its death.
			g.wake(g.low, wakeIf(g.group.Greet()))
		}
		return g.group.Begin(layout.OwnerSlot(g.self))
	})
}

// Done completes one unit that this process has begun, else one that nobody has begun.
// It never completes the unit of another process. Errors: [ErrNoWork] if there is
// neither, [ErrClosed].
//
// In the terminology of the Go memory model, a call of Done, in any process,
// synchronizes before the return of the Wait that it lets go on.
func (g *WaitGroup) Done() error {
	return g.do(func() word.WorkVerdict { return g.group.Done(layout.OwnerSlot(g.self)) })
}

// do changes the group, and wakes those who wait if there is no work left.
func (g *WaitGroup) do(change func() word.WorkVerdict) error {
	if err := g.enter(); err != nil {
		return err
	}
	defer g.leave()
	if race.Enabled {
		g.released()
	}
	switch change() {
	case word.WorkNone:
		return ErrNoWork
	case word.WorkFull:
		return ErrTooMany
	}
	g.wake(g.low, wakeIf(g.group.Settled()))
	return nil
}

func wakeIf(owed bool) int {
	if owed {
		return word.All
	}
	return 0
}

// Wait waits until there is no work left. Errors: [*LostError], which is ErrOwnerDied,
// if units were lost and nobody has called TakeLost since; [ErrClosed]. Waiters may be
// many; a Wait for work that is added when it has begun to wait ends when that is done
// too.
func (g *WaitGroup) Wait() error { return g.WaitContext(context.Background()) }

// WaitContext is Wait that gives up when ctx ends, and then returns the cause of ctx. If
// there is no work it returns at once, even if ctx has ended.
func (g *WaitGroup) WaitContext(ctx context.Context) error {
	if err := g.enter(); err != nil {
		return err
	}
	defer g.leave()
	w := workWait{g: g}
	switch ended, err := park.Await(ctx, w.attempt); {
	case ended:
		return notOurs(ctx, err, ErrOwnerDied)
	case err != nil:
		return err
	}
	return g.over(w.lost)
}

// TryWait tells whether there is no work left, without waiting; err is nil or that of
// Wait. The units of processes that are known to be dead count as done.
func (g *WaitGroup) TryWait() (done bool, err error) {
	if err := g.enter(); err != nil {
		return false, err
	}
	defer g.leave()
	w := workWait{g: g}
	if !w.idle() && w.bury() {
		w.idle()
	}
	if !w.over {
		return false, nil
	}
	return true, g.over(w.lost)
}

func (g *WaitGroup) over(lost uint64) error {
	if race.Enabled {
		g.acquired()
	}
	if lost > 0 {
		return &LostError{int(lost)}
	}
	return nil
}

// TakeLost takes note of the units that were lost: it tells how many there are, and Wait
// tells of them no more. Each unit is told to one caller. Who wants them done adds them
// again. It is 0 after Close.
func (g *WaitGroup) TakeLost() int {
	if g.enter() != nil {
		return 0
	}
	defer g.leave()
	return int(g.group.Forget())
}

// Close ends this handle's use of the group. If this was the last handle of the process,
// the units that the process has begun are lost: nobody could complete them. Goroutines
// that wait through this handle get [ErrClosed]. A second Close gives ErrClosed.
func (g *WaitGroup) Close() error { return g.end(g.low) }
