package storm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shmkit/array"
	"shmkit/internal/sys"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// exclusion is the actor of Mutex: counters that are only right if no two are ever
// inside.
//
// Its law: inside, the owner's mark is nobody's but ours, and both counters are
// equal; each lane's own count is what it acknowledged; no two stays overlap in
// time; ErrOwnerDied comes at most once for each process that ended.
type exclusion struct {
	counts [locks][]tally
	stays  [locks][]stay
	died   [locks]uint64
	ends   map[uint64]bool // incarnations that were killed inside an operation
}

// stay is the time between Lock and Unlock.
type stay struct{ from, to int64 }

const (
	locks    = 3
	maxStays = 200_000 // that many are compared for each lock

	guardOwner = 0 // index of the mark of who is inside
	guardFirst = 1 // counted first
	guardLast  = 2 // counted last
	guardLanes = 8 // here the counts of the lanes begin
)

const (
	lockPlain = iota
	lockTry
	lockContext
	lockWith
)

func (*exclusion) Name() string    { return "mutex" }
func (*exclusion) Kinds() []string { return []string{"Lock", "TryLock", "LockContext", "With"} }

func (x *exclusion) Setup(seg *shm.Segment, lanes int) error {
	x.ends = map[uint64]bool{}
	for k := range locks {
		x.counts[k] = make([]tally, lanes)
		m, err := shsync.NewMutexIn(seg, fmt.Sprint("mutex-", k))
		if err != nil {
			return err
		}
		guard, err := array.NewIn[uint64](seg, fmt.Sprint("guard-", k), guardLanes+lanes)
		if err := errors.Join(err, m.Close()); err != nil {
			return err
		}
		if err := guard.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (x *exclusion) Open(l *Lane) (Player, error) {
	p := new(insider)
	for k := range locks {
		m, err := shsync.OpenMutex(l.Seg, fmt.Sprint("mutex-", k))
		if err != nil {
			return nil, err
		}
		guard, err := array.Open[uint64](l.Seg, fmt.Sprint("guard-", k))
		if err != nil {
			return nil, err
		}
		p.mutex[k], p.guard[k] = m, guard
	}
	return p, nil
}

func (x *exclusion) Learn(d *Deed) {
	k := d.Args[0]
	x.counts[k][d.Lane].add(d, d.Result[0], d.Args[1])
	if !d.Known {
		x.ends[uint64(d.Lane/lanesEach)<<32|uint64(d.Incarnation)] = true
		return
	}
	x.died[k] += d.Result[3]
	if d.Result[0] > 0 && len(x.stays[k]) < maxStays {
		x.stays[k] = append(x.stays[k], stay{int64(d.Result[1]), int64(d.Result[2])})
	}
}

func (x *exclusion) Verdict(seg *shm.Segment, report func(string, ...any)) {
	for k := range locks {
		slices.SortFunc(x.stays[k], func(a, b stay) int { return int(a.from - b.from) })
		for i := 1; i < len(x.stays[k]); i++ {
			if a, b := x.stays[k][i-1], x.stays[k][i]; b.from < a.to {
				report("mutex-%d: inside from %d to %d, and another from %d to %d", k, a.from, a.to, b.from, b.to)
				break
			}
		}
		if x.died[k] > uint64(len(x.ends)) {
			report("mutex-%d: ErrOwnerDied %d times, but only %d processes died at it", k, x.died[k], len(x.ends))
		}
		m, err := shsync.OpenMutex(seg, fmt.Sprint("mutex-", k))
		if err != nil {
			report("mutex-%d: %v", k, err)
			continue
		}
		guard, err := array.Open[uint64](seg, fmt.Sprint("guard-", k))
		if err != nil {
			report("guard-%d: %v", k, err)
			continue
		}
		if err := m.With(func(died bool) error { return settleGuard(guard, died) }); err != nil {
			report("mutex-%d: %v", k, err)
		}
		for lane := range x.counts[k] {
			x.counts[k][lane].check(report, fmt.Sprintf("mutex-%d, lane %d", k, lane), guard.At(guardLanes+lane))
		}
		if err := errors.Join(m.Close(), guard.Close()); err != nil {
			report("mutex-%d: %v", k, err)
		}
	}
}

// settleGuard is what a new holder does first: it looks, and repairs if the last
// holder died inside.
func settleGuard(guard *array.Array[uint64], died bool) error {
	if died {
		sum := uint64(0)
		for i := guardLanes; i < guard.Len(); i++ {
			sum += guard.At(i)
		}
		guard.Set(guardFirst, sum)
		guard.Set(guardLast, sum)
		guard.Set(guardOwner, 0)
		return nil
	}
	if owner, a, b := guard.At(guardOwner), guard.At(guardFirst), guard.At(guardLast); owner != 0 || a != b {
		return fmt.Errorf("%w: mark %#x, counters %d and %d", errTwoInside, owner, a, b)
	}
	return nil
}

// insider is one lane of exclusion.
type insider struct {
	mutex [locks]*shsync.Mutex
	guard [locks]*array.Array[uint64]
}

func (p *insider) Step(l *Lane) {
	k := max(0, l.Rand.IntN(2*locks)-locks) // the first is the hot one
	if l.Rand.IntN(64) == 0 {
		l.Must(p.mutex[k].Close())
		m, err := shsync.OpenMutex(l.Seg, fmt.Sprint("mutex-", k))
		l.Must(err)
		p.mutex[k] = m
	}
	kind, n := l.Rand.IntN(4), l.Burst(40)
	l.Begin(kind, uint64(k), n)
	var from, to, deaths uint64
	inside := func(died bool) error {
		from = uint64(sys.Monotonic())
		if died {
			deaths++
		}
		if err := settleGuard(p.guard[k], died); err != nil {
			l.Fault("mutex-%d: %v", k, err)
		}
		for range n {
			p.count(l, k)
		}
		to = uint64(sys.Monotonic())
		return nil
	}
	if !p.enter(l, kind, p.mutex[k], inside) {
		n = 0
	}
	l.End(n, from, to, deaths)
}

// enter runs inside with the lock held, or tells that it got none, which only some
// kinds may.
func (p *insider) enter(l *Lane, kind int, m *shsync.Mutex, inside func(died bool) error) bool {
	var err error
	switch kind {
	case lockPlain:
		err = m.Lock()
	case lockTry:
		ok, e := m.TryLock()
		if err = e; !ok && e == nil {
			return false
		}
	case lockContext:
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(l.Rand.IntN(300)-20)*time.Microsecond)
		defer cancel()
		if err = m.LockContext(ctx); errors.Is(err, context.DeadlineExceeded) {
			return false
		}
	case lockWith:
		l.Must(m.With(inside))
		return true
	}
	died := errors.Is(err, shsync.ErrOwnerDied)
	if !died {
		l.Must(err)
	}
	l.Must(inside(died))
	if died {
		l.Must(m.MarkConsistent())
	}
	l.Must(m.Unlock())
	return true
}

// count is one pass through the critical section.
func (p *insider) count(l *Lane, k int) {
	guard, mark := p.guard[k], uid(l.ID, l.Incarnation, 1)
	if owner := guard.At(guardOwner); owner != 0 {
		l.Fault("mutex-%d: %v: mark %#x", k, errTwoInside, owner)
	}
	guard.Set(guardOwner, mark)
	guard.Set(guardFirst, guard.At(guardFirst)+1)
	l.Pause()
	guard.Set(guardLanes+l.ID, guard.At(guardLanes+l.ID)+1)
	guard.Set(guardLast, guard.At(guardLast)+1)
	if a, b, owner := guard.At(guardFirst), guard.At(guardLast), guard.At(guardOwner); a != b || owner != mark {
		l.Fault("mutex-%d: %v: mark %#x, counters %d and %d", k, errTwoInside, owner, a, b)
	}
	guard.Set(guardOwner, 0)
}

func (p *insider) Close() error {
	var err error
	for k := range locks {
		err = errors.Join(err, p.mutex[k].Close(), p.guard[k].Close())
	}
	return err
}
