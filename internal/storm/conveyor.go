package storm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shmkit/ring"
	"shmkit/shm"
)

// conveyor is the actor of Queue: each lane puts and takes, one at a time, in batches,
// by loans and by leases.
//
// Its law: what was put, and acknowledged as put, is taken and acknowledged once, or is
// there at the end; what a lane was killed in is so once or never. Nothing is torn.
// Nobody gets a message with the same count of deliveries as somebody else. At the end
// there are as many places and blocks as at the beginning.
type conveyor[T any] struct {
	ware        ware[T]
	goods       *goods
	redelivered uint64 // as the queue counts them, at the end
}

const (
	conveyorRoom   = 8
	conveyorBatch  = 4
	conveyorBlocks = conveyorRoom + 64
)

const (
	conveyPut = iota
	conveyPutN
	conveyLoan
	conveyAbandon
	conveyGet
	conveyGetN
	conveyAck
	conveyNack
)

func (x *conveyor[T]) Name() string { return x.ware.name }
func (*conveyor[T]) Kinds() []string {
	return []string{"Put", "PutN", "Publish", "Abandon", "Get", "GetN", "Ack", "Nack"}
}

func (x *conveyor[T]) Setup(seg *shm.Segment, _ int) error {
	x.goods = newGoods()
	q, err := ring.NewIn[T](seg, "conveyor of "+x.ware.name, conveyorRoom, x.ware.options...)
	if err != nil {
		return err
	}
	return q.Detach()
}

func (x *conveyor[T]) Open(l *Lane) (Player, error) { return x.open(l.Seg) }

// Learn: what puts is begun with ids and ends with how many were put, what takes ends
// with ids; Ack is begun with the id and the count of deliveries.
func (x *conveyor[T]) Learn(d *Deed) {
	g := x.goods
	switch d.Kind {
	case conveyPut, conveyPutN, conveyLoan:
		for i, id := range d.Args {
			if id != 0 && (!d.Known || uint64(i) < d.Result[0]) {
				g.puts(id, d.Known)
			}
		}
	case conveyGet, conveyGetN:
		if !d.Known {
			g.cut += map[int]uint64{conveyGet: 1, conveyGetN: conveyorBatch}[d.Kind]
		}
		for _, id := range d.Result {
			if d.Known && id != 0 {
				g.takes(id)
			}
		}
	case conveyAck, conveyNack:
		id, count := d.Args[0], d.Args[1]
		g.shows(id, count)
		if d.Kind == conveyAck && d.Known {
			g.takes(id)
		} else if d.Kind == conveyAck {
			g.change(id, func(f *fate) { f.maybe = true })
		} else {
			g.nacked++
		}
	}
}

func (x *conveyor[T]) Verdict(seg *shm.Segment, report func(string, ...any)) {
	p, err := x.open(seg)
	if err != nil {
		report(x.ware.name+": %v", err)
		return
	}
	left, err := p.drain()
	if err == nil {
		err = p.whole()
	}
	info := p.q.Info()
	if err = errors.Join(err, p.Close()); err != nil {
		report(x.ware.name+": %v", err)
	}
	for _, id := range left {
		x.goods.takes(id)
	}
	x.goods.check(report)
	if info.Redelivered < x.goods.back {
		report(x.ware.name+": it counts %d redeliveries, but there were %d", info.Redelivered, x.goods.back)
	}
	x.redelivered = info.Redelivered
}

// Tell gives the numbers. What is torn ends the storm at once, so there is none.
func (x *conveyor[T]) Tell() string {
	g, lost := x.goods, uint64(0)
	gone := g.lost()
	if gone > g.cut {
		lost = gone - g.cut
	}
	return fmt.Sprintf("%d messages put, %d taken, %d taken by Gets that were killed before they could say so, "+
		"%d redeliveries, %d of them of what the dead had held; %d lost, 0 torn",
		g.put, g.taken, gone-lost, x.redelivered, x.redelivered-min(g.nacked, x.redelivered), lost)
}

// loader is one lane of conveyor.
type loader[T any] struct {
	q    *ring.Queue[T]
	ware ware[T]
}

func (x *conveyor[T]) open(seg *shm.Segment) (*loader[T], error) {
	q, err := ring.Open[T](seg, "conveyor of "+x.ware.name)
	return &loader[T]{q, x.ware}, err
}

func (p *loader[T]) Close() error { return p.q.Detach() }

// drain takes all that is there.
func (p *loader[T]) drain() (ids []uint64, err error) {
	for {
		c, err := p.q.TryGet()
		if errors.Is(err, ring.ErrEmpty) {
			return ids, nil
		}
		if err != nil {
			return ids, err
		}
		id, whole := p.ware.id(c)
		if !whole {
			return ids, fmt.Errorf("%w: %v", errTorn, c)
		}
		ids = append(ids, id)
	}
}

// whole sees that every block is free.
func (p *loader[T]) whole() error {
	for n := 0; ; n++ {
		_, err := p.q.TryLoan() // they go back with the handle
		if err == nil {
			continue
		}
		if errors.Is(err, ring.ErrFull) && n == conveyorBlocks {
			return nil
		}
		return fmt.Errorf("%w: %d of %d: %w", errLeak, n, conveyorBlocks, err)
	}
}

// haste is what a lane has for room, or a message. It is short, because those who
// could bring it may be waiting elsewhere.
func haste(l *Lane) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Duration(l.Rand.IntN(3000))*time.Microsecond)
}

// Step does anything, but in a storm on the queue alone half of the processes only put,
// the others only take, and mostly by leases, so that the ledger knows what they took.
func (p *loader[T]) Step(l *Lane) {
	kind := l.Rand.IntN(8)
	switch {
	case l.Alone && l.ID < l.Lanes/2:
		kind %= conveyGet
	case l.Alone:
		kind = conveyGet + l.Rand.IntN(16)
		if kind > conveyNack {
			kind = conveyAck
		}
	}
	switch kind {
	case conveyPut, conveyPutN:
		p.put(l, kind)
	case conveyLoan, conveyAbandon:
		p.loan(l, kind)
	case conveyGet, conveyGetN:
		p.get(l, kind)
	default:
		p.lease(l, kind)
	}
}

// dwell is a pause with a block in hand. It is long now and then where nothing else
// happens, so that many are killed in it.
func dwell(l *Lane) {
	if l.Alone && l.Rand.IntN(16) == 0 {
		time.Sleep(time.Duration(l.Rand.IntN(500)) * time.Microsecond)
	}
	l.Pause()
}

// busy makes it no error that there is no room, or no message, in time.
func busy(l *Lane, err error) bool {
	if errors.Is(err, ring.ErrFull) || errors.Is(err, ring.ErrEmpty) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	l.Must(err)
	return false
}

func (p *loader[T]) put(l *Lane, kind int) {
	ctx, cancel := haste(l)
	defer cancel()
	list, ids := []T{}, []uint64{}
	for range map[int]int{conveyPut: 1, conveyPutN: conveyorBatch}[kind] {
		id := l.UID()
		list, ids = append(list, p.ware.of(id)), append(ids, id)
	}
	l.Begin(kind, ids...)
	var n int
	var err error
	switch {
	case kind == conveyPutN:
		n, err = p.q.PutNContext(ctx, list)
	case l.Rand.IntN(2) == 0:
		err = p.q.TryPut(list[0])
	default:
		err = p.q.PutContext(ctx, list[0])
	}
	if !busy(l, err) {
		n = len(list)
	}
	l.End(uint64(n))
}

func (p *loader[T]) loan(l *Lane, kind int) {
	b, err := p.q.TryLoan()
	if busy(l, err) {
		return
	}
	id := l.UID()
	p.ware.fill(b.Value, id, func() { dwell(l) })
	l.Begin(kind, id)
	if kind == conveyLoan {
		if err := b.TryPublish(); !busy(l, err) {
			l.End(1)
			return
		}
	}
	l.Must(b.Abandon())
	l.End(0)
}

func (p *loader[T]) get(l *Lane, kind int) {
	ctx, cancel := haste(l)
	defer cancel()
	list := make([]T, map[int]int{conveyGet: 1, conveyGetN: conveyorBatch}[kind])
	l.Begin(kind)
	var n int
	var err error
	switch {
	case kind == conveyGetN:
		n, err = p.q.GetNContext(ctx, list)
	case l.Rand.IntN(2) == 0:
		list[0], err = p.q.TryGet()
	default:
		list[0], err = p.q.GetContext(ctx)
	}
	if !busy(l, err) && kind == conveyGet {
		n = 1
	}
	ids := []uint64{}
	for _, c := range list[:n] {
		ids = append(ids, p.idOf(l, c))
	}
	l.End(ids...)
}

func (p *loader[T]) idOf(l *Lane, c T) uint64 {
	id, whole := p.ware.id(c)
	if !whole {
		l.Fault("torn: %v", c)
	}
	return id
}

func (p *loader[T]) lease(l *Lane, kind int) {
	m, err := p.q.TryLease()
	if busy(l, err) {
		return
	}
	id := p.idOf(l, *m.Value)
	dwell(l)
	l.Begin(kind, id, uint64(m.Deliveries()))
	if kind == conveyAck {
		l.Must(m.Ack())
	} else {
		l.Must(m.Nack())
	}
	l.End()
}
