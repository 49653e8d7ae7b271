package storm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// meetings is the actor of Event and Barrier: lanes come to barriers of two, each for a
// short time only, and make barriers that were broken usable again; each lane has an event
// that it alone clears and sets, and that the others wait for.
//
// Its law: a barrier passes with both or with none, so as many got index 0 as got index
// 1, but for those who were killed before they could say what they got. An event was
// set as often as its lane did so.
type meetings struct {
	got     [places][2]uint64
	unknown [places]uint64
	sets    map[int]uint64
	cut     map[int]uint64 // clearings and settings that a kill interrupted, by lane
}

const places = 2

const (
	meet = iota
	sound
	await
)

// patience is how long a lane waits for another: long enough that they often meet.
const patience = 2 * time.Millisecond

func (*meetings) Name() string    { return "meeting" }
func (*meetings) Kinds() []string { return []string{"Barrier.Wait", "Event.Set", "Event.Wait"} }

func (x *meetings) Setup(seg *shm.Segment, lanes int) error {
	x.sets, x.cut = map[int]uint64{}, map[int]uint64{}
	for i := range places {
		b, err := shsync.NewBarrierIn(seg, fmt.Sprint("place-", i), 2)
		if err != nil {
			return err
		}
		if err := b.Close(); err != nil {
			return err
		}
	}
	for i := range lanes {
		e, err := shsync.NewEventIn(seg, fmt.Sprint("bell-", i))
		if err != nil {
			return err
		}
		if err := e.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (x *meetings) Learn(d *Deed) {
	place, result := d.Args[0]%places, d.Result[0]
	switch {
	case d.Kind == meet && !d.Known:
		x.unknown[place]++
	case d.Kind == meet && result > 0:
		x.got[place][(result-1)%2]++
	case d.Kind == sound && !d.Known:
		x.cut[d.Lane]++
	case d.Kind == sound:
		x.sets[d.Lane]++
	}
}

func (x *meetings) Verdict(seg *shm.Segment, report func(string, ...any)) {
	for i, got := range x.got {
		if diff := max(got[0], got[1]) - min(got[0], got[1]); diff > x.unknown[i] {
			report("barrier %d: %d had index 0 and %d had index 1, but %d were interrupted", i, got[0], got[1], x.unknown[i])
		}
	}
	for lane, n := range x.sets {
		e, err := shsync.OpenEvent(seg, fmt.Sprint("bell-", lane))
		if err != nil {
			report("event of lane %d: %v", lane, err)
			continue
		}
		if sets := uint64(e.Info().Sets); sets < n || sets > n+x.cut[lane] {
			report("event of lane %d was set %d times; its lane did so %d times, and was interrupted %d times", lane, sets, n, x.cut[lane])
		}
		if err := e.Close(); err != nil {
			report("event of lane %d: %v", lane, err)
		}
	}
}

// visitor is one lane of meetings.
type visitor struct {
	places [places]*shsync.Barrier
	bells  []*shsync.Event
}

func (*meetings) Open(l *Lane) (Player, error) {
	v := new(visitor)
	var err error
	for i := range v.places {
		if v.places[i], err = shsync.OpenBarrier(l.Seg, fmt.Sprint("place-", i)); err != nil {
			return nil, err
		}
	}
	for i := range l.Lanes {
		e, err := shsync.OpenEvent(l.Seg, fmt.Sprint("bell-", i))
		if err != nil {
			return nil, err
		}
		v.bells = append(v.bells, e)
	}
	return v, nil
}

// Costly: most steps wait.
func (*visitor) Costly() {}

func (v *visitor) Step(l *Lane) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch l.Rand.IntN(4) {
	case 0:
		l.Begin(sound)
		l.Must(errors.Join(v.bells[l.ID].Clear(), v.bells[l.ID].Set()))
		l.End()
	case 1:
		l.Begin(await)
		if err := v.bells[l.Rand.IntN(len(v.bells))].WaitContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			l.Must(err)
		}
		l.End()
	default:
		v.meet(l, ctx)
	}
}

func (v *visitor) meet(l *Lane, ctx context.Context) {
	place := l.Rand.IntN(places)
	b := v.places[place]
	l.Begin(meet, uint64(place))
	i, err := b.WaitContext(ctx)
	switch {
	case err == nil && (i < 0 || i > 1):
		l.Fault("index %d at a barrier of two", i)
	case err == nil:
		l.End(uint64(i) + 1)
		return
	case !errors.Is(err, shsync.ErrBroken):
		l.Fault("Barrier.Wait: %v", err)
	}
	l.End(0)
	l.Must(b.Reset())
}

func (v *visitor) Close() error {
	var err error
	for _, b := range v.places {
		err = errors.Join(err, b.Close())
	}
	for _, e := range v.bells {
		err = errors.Join(err, e.Close())
	}
	return err
}
