package sync

import (
	"context"
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// MaxPermits is the largest number of permits that Permits can have.
const MaxPermits = int(layout.PermitsMost)

// Permits are a semaphore whose permits belong to the processes that acquired them,
// so that the dead give theirs back: if a process dies, its permits are free for
// the others, who are not told. They bound how many may do something at once, and not
// what has happened to it.
//
// Use [NewPermits], [NewPermitsIn], [OpenPermits] or unmarshal some that another
// process sent; the zero value is not usable, and Permits must not be copied. All
// methods may be called concurrently and from several processes. Goroutines of one process share
// what it has: any of them may release.
type Permits struct {
	head  *layout.Permits
	cells []uint32
	self  uint32        // owner id of this process
	last  atomic.Uint32 // cell that this handle took last
	use
}

// permitsSpec is what a permits object is.
var permitsSpec = func() shm.Spec {
	cell, err := shm.TypeOf[uint32]()
	if err != nil {
		panic(err)
	}
	return shm.Spec{Kind: shm.KindPermits, Type: cell}
}()

// NewPermits makes n free permits, without a name, on the process's default heap. They
// are freed when the last process that uses them closes them or dies. Errors:
// [ErrCount] if n < 1, [ErrTooMany] if it is above [MaxPermits], and those of
// shm.Default and Segment.NewObject.
func NewPermits(n int) (*Permits, error) {
	return madeDefault(func(seg *shm.Segment) (*Permits, error) { return NewPermitsIn(seg, "", n) })
}

// NewPermitsIn makes n free permits called name in seg. They stay until
// Segment.RemoveObject. Errors as NewPermits, shm.ErrExists among them.
func NewPermitsIn(seg *shm.Segment, name string, n int) (*Permits, error) {
	switch {
	case n < 1:
		return nil, fmt.Errorf("%w: %d permits", ErrCount, n)
	case n > MaxPermits:
		return nil, fmt.Errorf("%w: %d permits, at most %d", ErrTooMany, n, MaxPermits)
	}
	spec := permitsSpec
	spec.Count = uint64(n)
	o, err := seg.NewObject(name, spec, nil)
	if err != nil {
		return nil, err
	}
	return made(new(Permits), func(p *Permits) error { return p.init(o) })
}

// OpenPermits opens the Permits called name in seg. Errors: shm.ErrNotFound,
// shm.ErrType if name is something else.
func OpenPermits(seg *shm.Segment, name string) (*Permits, error) {
	o, err := seg.OpenObject(name, permitsSpec)
	if err != nil {
		return nil, err
	}
	return made(new(Permits), func(p *Permits) error { return p.init(o) })
}

// init makes p a handle of o, and owner of one use of it.
func (p *Permits) init(o *shm.Object) error {
	if n := o.Spec().Count; n < 1 || n > uint64(layout.PermitsMost) {
		o.Close()
		return &shm.CorruptError{Field: "permits.Count", Value: n}
	}
	p.head, p.cells, p.self = shm.Head[layout.Permits](o, 0), shm.Items[uint32](o), o.Self()
	begin(&p.use, p, o)
	return nil
}

// Acquire takes a permit for this process, and waits for one as long as it takes. It
// may be called by any process. Errors: [ErrClosed].
//
// In the terminology of the Go memory model, the Release in any process that makes
// a permit free synchronizes before the Acquire that takes it returns. So does the
// end of a process for who gets a permit that it had.
func (p *Permits) Acquire() error { return p.AcquireContext(context.Background()) }

// AcquireContext is Acquire that gives up when ctx ends: it then returns the cause of
// ctx, without a permit. A free permit is taken even if ctx has ended.
func (p *Permits) AcquireContext(ctx context.Context) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	if p.takeFree() {
		p.taken()
	} else if err := p.acquireSlow(ctx); err != nil {
		return err
	}
	if race.Enabled {
		p.acquired()
	}
	return nil
}

// TryAcquire takes a permit if one is free or its process is known to be dead, and
// tells whether it did. It does not wait. Errors: [ErrClosed].
func (p *Permits) TryAcquire() (bool, error) {
	if err := p.enter(); err != nil {
		return false, err
	}
	defer p.leave()
	t := taking{p: p}
	_, ok, err := t.look(nil)
	if !ok {
		return false, err
	}
	t.recovered()
	if race.Enabled {
		p.acquired()
	}
	return true, nil
}

// takeFree takes a free permit if it finds one. Then the caller calls taken.
func (p *Permits) takeFree() bool {
	from := atomic.LoadUint32(&p.head.Hint) % uint32(len(p.cells))
	for i := range uint32(len(p.cells)) {
		k := (from + i) % uint32(len(p.cells))
		if atomic.LoadUint32(&p.cells[k]) != 0 {
			continue
		}
		// sync: permit handed over. This makes the permit ours.
		if move := word.PermitTake(0, p.self, word.Unasked); atomic.CompareAndSwapUint32(&p.cells[k], 0, move.Next) {
			p.last.Store(k)
			if i >= farAway {
				atomic.StoreUint32(&p.head.Hint, k)
			}
			return true
		}
	}
	return false
}

// farAway is from where on it pays to tell the next one where free permits are.
const farAway = 16

// Release gives back one of the permits of this process, and wakes one who waits for
// it. Any goroutine of the process may call it. Errors: [ErrNotHeld] if the process
// has none, [ErrClosed]; nothing has changed then. It synchronizes before the Acquire
// that takes the permit.
func (p *Permits) Release() error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	if race.Enabled {
		p.released()
	}
	from := p.last.Load() % uint32(len(p.cells))
	for i := range uint32(len(p.cells)) {
		k := (from + i) % uint32(len(p.cells))
		move := word.PermitGive(atomic.LoadUint32(&p.cells[k]), p.self)
		// sync: permit handed over. This passes the permit to whoever comes first.
		if move.Verdict == word.Released && atomic.CompareAndSwapUint32(&p.cells[k], p.self, move.Next) {
			atomic.StoreUint32(&p.head.Hint, k)
			p.changed()
			return nil
		}
	}
	return ErrNotHeld
}

// taken wakes one of those who sleep, after a permit was taken: it has to see the new
// owner, and what else is free.
func (p *Permits) taken() { p.move(word.PermitsTaken) }

// changed wakes one of those who sleep, after a permit was given back.
func (p *Permits) changed() { p.move(word.PermitsChanged) }

// move makes a move on the word that those sleep on who found no free permit, and
// gives what the word is then.
func (p *Permits) move(decide func(w uint32) word.Move) uint32 {
	for {
		w := atomic.LoadUint32(&p.head.Seq)
		move := decide(w)
		// sync: permits changed
		if store(&p.head.Seq, w, move) {
			p.wake(&p.head.Seq, move.Wake)
			return move.Next
		}
	}
}

// Close ends this handle's use of the permits. If it was the last handle of the process
// the permits of the process are given back: nobody could release them then.
// Goroutines that wait through this handle get [ErrClosed]; the last of them ends the
// use. A second Close gives ErrClosed.
func (p *Permits) Close() error { return p.end(&p.head.Seq) }
