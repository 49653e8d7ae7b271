package storm

import (
	"errors"
	"fmt"

	"shmkit/array"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// queue is the actor of Cond: half of the lanes give units and notify one, the other
// half wait until there is one and take it. Who takes waits as long as it takes, so a
// notification that is lost leaves a lane that hangs.
//
// Its law: what is there is what was given and not taken, each lane gave or took what it
// acknowledged, and at the end nobody waits.
type queue struct{ counts []tally }

const (
	queueUnits = 0 // index of what is there
	queueOver  = 1 // some lane that gives has ended: nobody waits any more
	queueLanes = 8 // here the counts of the lanes begin
)

const (
	queueGive = iota
	queueGiveAll
	queueTake
)

func (*queue) Name() string    { return "cond" }
func (*queue) Kinds() []string { return []string{"Notify", "NotifyAll", "Wait"} }

func (x *queue) Setup(seg *shm.Segment, lanes int) error {
	x.counts = make([]tally, lanes)
	m, err := shsync.NewMutexIn(seg, "queue-lock")
	if err != nil {
		return err
	}
	c, err := shsync.NewCondIn(seg, "queue", m, shsync.WithWaiters(lanes))
	if err := errors.Join(err, m.Close()); err != nil {
		return err
	}
	a, err := array.NewIn[uint64](seg, "queue-units", queueLanes+lanes)
	if err := errors.Join(err, c.Close()); err != nil {
		return err
	}
	return a.Close()
}

func (*queue) Open(l *Lane) (Player, error) { return openCustomer(l, l.Seg) }

func (x *queue) Learn(d *Deed) { x.counts[d.Lane].add(d, d.Result[0], d.Args[0]) }

func (x *queue) Verdict(seg *shm.Segment, report func(string, ...any)) {
	p, err := openCustomer(nil, seg)
	if err != nil {
		report("queue: %v", err)
		return
	}
	if err := p.settled(p.cond.Mutex().Lock()); err != nil {
		report("queue: %v", err)
	}
	if info := p.cond.Info(); info.Waiters+info.Notified > 0 {
		report("queue: %v, and nobody is there", info)
	}
	for lane := range x.counts {
		x.counts[lane].check(report, fmt.Sprintf("queue, lane %d", lane), p.a.At(queueLanes+lane))
	}
	if err := errors.Join(p.cond.Mutex().Unlock(), p.Close()); err != nil {
		report("queue: %v", err)
	}
}

// customer is one lane of queue.
type customer struct {
	l    *Lane
	cond *shsync.Cond
	a    *array.Array[uint64]
}

func openCustomer(l *Lane, seg *shm.Segment) (*customer, error) {
	c, err := shsync.OpenCond(seg, "queue")
	if err != nil {
		return nil, err
	}
	a, err := array.Open[uint64](seg, "queue-units")
	return &customer{l, c, a}, err
}

// settled follows whatever took the lock: if a holder died inside, it repairs, and
// notifies in its place.
func (p *customer) settled(err error) error {
	given, taken := uint64(0), uint64(0)
	for i := queueLanes; i < p.a.Len(); i++ {
		if (i-queueLanes)%lanesEach == 0 {
			given += p.a.At(i)
		} else {
			taken += p.a.At(i)
		}
	}
	if errors.Is(err, shsync.ErrOwnerDied) {
		p.a.Set(queueUnits, given-taken)
		return errors.Join(p.cond.Mutex().MarkConsistent(), p.cond.NotifyAll())
	}
	if units := p.a.At(queueUnits); err == nil && units != given-taken {
		err = fmt.Errorf("%w: %d, but %d were given and %d taken", errSum, units, given, taken)
	}
	return err
}

func (p *customer) gives() bool { return p.l.ID%lanesEach == 0 }

func (p *customer) Step(l *Lane) {
	kind := queueTake
	if p.gives() {
		kind = l.Rand.IntN(2)
	}
	l.Begin(kind, 1)
	l.Must(p.settled(p.cond.Mutex().Lock()))
	done := uint64(1)
	switch {
	case kind == queueTake:
		for p.a.At(queueUnits) == 0 && p.a.At(queueOver) == 0 {
			l.Must(p.settled(p.cond.Wait()))
		}
		if p.a.At(queueUnits) == 0 {
			done = 0
			break
		}
		p.count(l, ^uint64(0))
	default:
		p.count(l, 1)
		if kind == queueGive {
			l.Must(p.cond.Notify(1))
		} else {
			l.Must(p.cond.NotifyAll())
		}
	}
	l.Must(p.cond.Mutex().Unlock())
	l.End(done)
}

// count notes one unit, which a kill may cut off anywhere.
func (p *customer) count(l *Lane, d uint64) {
	i := queueLanes + l.ID
	p.a.Set(queueUnits, p.a.At(queueUnits)+d)
	l.Pause()
	p.a.Set(i, p.a.At(i)+1)
	l.Pause()
}

// Close lets those go who wait: there may be nobody left who gives.
func (p *customer) Close() error {
	var err error
	if p.l != nil && p.gives() {
		m := p.cond.Mutex()
		err = p.settled(m.Lock())
		p.a.Set(queueOver, 1)
		err = errors.Join(err, p.cond.NotifyAll(), m.Unlock())
	}
	return errors.Join(err, p.cond.Close(), p.a.Close())
}
