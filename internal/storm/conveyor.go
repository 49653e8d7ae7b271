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
type conveyor struct {
	put     map[uint64]bool // known: it is in the queue, or was; unknown: false
	taken   map[uint64]int  // how often, known
	maybe   map[uint64]bool // whose Ack was cut off
	lost    uint64          // how many cut off Gets may have taken
	shown   map[[2]uint64]bool
	doubled []string
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

// crate is longer than a line; all words are equal.
type crate [12]uint64

func crateOf(id uint64) (c crate) {
	for i := range c {
		c[i] = id
	}
	return c
}

func (*conveyor) Name() string { return "queue" }
func (*conveyor) Kinds() []string {
	return []string{"Put", "PutN", "Publish", "Abandon", "Get", "GetN", "Ack", "Nack"}
}

func (x *conveyor) Setup(seg *shm.Segment, _ int) error {
	x.put, x.taken, x.maybe, x.shown = map[uint64]bool{}, map[uint64]int{}, map[uint64]bool{}, map[[2]uint64]bool{}
	q, err := ring.NewIn[crate](seg, "conveyor", conveyorRoom)
	if err != nil {
		return err
	}
	return q.Detach()
}

func (*conveyor) Open(l *Lane) (Player, error) { return openLoader(l.Seg) }

// Learn: what puts is begun with ids and ends with how many were put, what takes ends
// with ids; Ack is begun with the id and the count of deliveries.
func (x *conveyor) Learn(d *Deed) {
	switch d.Kind {
	case conveyPut, conveyPutN, conveyLoan:
		for i, id := range d.Args {
			if id != 0 && (!d.Known || uint64(i) < d.Result[0]) {
				x.put[id] = d.Known
			}
		}
	case conveyGet, conveyGetN:
		if !d.Known {
			x.lost += map[int]uint64{conveyGet: 1, conveyGetN: conveyorBatch}[d.Kind]
		}
		for _, id := range d.Result {
			if d.Known && id != 0 {
				x.taken[id]++
			}
		}
	case conveyAck, conveyNack:
		id, count := d.Args[0], d.Args[1]
		if x.shown[[2]uint64{id, count}] {
			x.doubled = append(x.doubled, fmt.Sprintf("queue: message %#x was delivered twice with the count %d", id, count))
		}
		x.shown[[2]uint64{id, count}] = true
		if d.Kind == conveyAck && d.Known {
			x.taken[id]++
		} else if d.Kind == conveyAck {
			x.maybe[id] = true
		}
	}
}

func (x *conveyor) Verdict(seg *shm.Segment, report func(string, ...any)) {
	for _, text := range x.doubled {
		report("%s", text)
	}
	p, err := openLoader(seg)
	if err != nil {
		report("queue: %v", err)
		return
	}
	left, err := p.drain()
	if err == nil {
		err = p.whole()
	}
	if err = errors.Join(err, p.Close()); err != nil {
		report("queue: %v", err)
	}
	for _, id := range left {
		x.taken[id]++
	}
	for id, n := range x.taken {
		if _, ok := x.put[id]; !ok {
			report("queue: message %#x was never put", id)
		}
		if n > 1 {
			report("queue: message %#x was taken %d times", id, n)
		}
	}
	missing := uint64(0)
	for id, known := range x.put {
		if known && x.taken[id] == 0 && !x.maybe[id] {
			missing++
		}
	}
	if missing > x.lost {
		report("queue: %d messages are gone, but only %d Gets were cut off", missing, x.lost)
	}
}

// loader is one lane of conveyor.
type loader struct{ q *ring.Queue[crate] }

func openLoader(seg *shm.Segment) (*loader, error) {
	q, err := ring.Open[crate](seg, "conveyor")
	return &loader{q}, err
}

func (p *loader) Close() error { return p.q.Detach() }

// drain takes all that is there.
func (p *loader) drain() (ids []uint64, err error) {
	for {
		c, err := p.q.TryGet()
		if errors.Is(err, ring.ErrEmpty) {
			return ids, nil
		}
		if err == nil && c != crateOf(c[0]) {
			err = fmt.Errorf("%w: %x", errTorn, c)
		}
		if err != nil {
			return ids, err
		}
		ids = append(ids, c[0])
	}
}

// whole sees that every block is free.
func (p *loader) whole() error {
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

func (p *loader) Step(l *Lane) {
	switch kind := l.Rand.IntN(8); kind {
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

// busy makes it no error that there is no room, or no message, in time.
func busy(l *Lane, err error) bool {
	if errors.Is(err, ring.ErrFull) || errors.Is(err, ring.ErrEmpty) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	l.Must(err)
	return false
}

func (p *loader) put(l *Lane, kind int) {
	ctx, cancel := haste(l)
	defer cancel()
	list, ids := []crate{}, []uint64{}
	for range map[int]int{conveyPut: 1, conveyPutN: conveyorBatch}[kind] {
		id := l.UID()
		list, ids = append(list, crateOf(id)), append(ids, id)
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

func (p *loader) loan(l *Lane, kind int) {
	b, err := p.q.TryLoan()
	if busy(l, err) {
		return
	}
	id := l.UID()
	half := len(b.Value) / 2
	whole := crateOf(id)
	copy(b.Value[:half], whole[:half])
	l.Pause()
	copy(b.Value[half:], whole[half:])
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

func (p *loader) get(l *Lane, kind int) {
	ctx, cancel := haste(l)
	defer cancel()
	list := make([]crate, map[int]int{conveyGet: 1, conveyGetN: conveyorBatch}[kind])
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
		if c != crateOf(c[0]) {
			l.Fault("torn: %x", c)
		}
		ids = append(ids, c[0])
	}
	l.End(ids...)
}

func (p *loader) lease(l *Lane, kind int) {
	m, err := p.q.TryLease()
	if busy(l, err) {
		return
	}
	c := *m.Value
	if c != crateOf(c[0]) {
		l.Fault("torn: %x", c)
	}
	l.Pause()
	l.Begin(kind, c[0], uint64(m.Deliveries()))
	if kind == conveyAck {
		l.Must(m.Ack())
	} else {
		l.Must(m.Nack())
	}
	l.End()
}
