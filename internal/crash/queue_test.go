//go:build linux && (amd64 || arm64)

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shmkit/ring"
	"shmkit/shm"
)

func init() { guests["queue"] = func() guest { return new(counter) } }

// parcel is longer than a line; all words are equal.
type parcel [20]uint64

func parcelOf(n uint64) (p parcel) {
	for i := range p {
		p[i] = n
	}
	return p
}

// counter is a queue as one process has it open.
type counter struct {
	q      *ring.Queue[parcel]
	lease  *ring.Lease[parcel] // that a task took
	before ring.Info           // when a task began to want something
	help   func() error        // what grants the wish
	wish

	closing *ring.Queue[parcel] // of the test alone: see closingMade
}

const (
	shelf    = 2  // capacity
	inFlight = 64 // blocks beyond it
)

// Who sent what.
const (
	fromVictim   = 100
	fromResident = 200
	fromFrozen   = 300 // while somebody is frozen
	fromVisitor  = 400
)

func (c *counter) create(seg *shm.Segment) (err error) {
	c.q, err = ring.NewIn[parcel](seg, "queue", shelf)
	return err
}

func (c *counter) open(seg *shm.Segment) (err error) {
	c.q, err = ring.Open[parcel](seg, "queue")
	return err
}

func (c *counter) close() error { return c.q.Detach() }

func (c *counter) warm() error {
	err := c.q.Put(parcelOf(1))
	l, e := c.q.Lease()
	err = errors.Join(err, e, l.Nack())
	_, e = c.q.Get()
	err = errors.Join(err, e)
	for range 2 * shelf {
		n, e := c.q.Loan()
		*n.Value = parcelOf(1)
		err = errors.Join(err, e, n.Publish())
		l, e = c.q.Lease()
		err = errors.Join(err, e, l.Ack())
	}
	n, e := c.q.Loan()
	return errors.Join(err, e, n.Abandon())
}

func (c *counter) tasks() map[string]func() error {
	return map[string]func() error{
		"post": func() error { return c.q.TryPut(parcelOf(fromResident)) },
		"fill": func() error {
			for n := range uint64(shelf) {
				if err := c.q.TryPut(parcelOf(fromResident + n)); err != nil {
					return err
				}
			}
			return nil
		},
		"fill up": func() error { // whatever there is
			for {
				if err := c.q.TryPut(parcelOf(fromResident)); err != nil {
					return unless(err, ring.ErrFull)
				}
			}
		},
		"clear a place": func() error { _, err := c.q.TryGet(); return err },
		"lease": func() (err error) {
			if err = c.q.TryPut(parcelOf(fromResident)); err == nil {
				c.lease, err = c.q.TryLease()
			}
			return err
		},
		"want a parcel": func() error {
			c.before, c.help = c.q.Info(), func() error { return c.q.TryPut(parcelOf(fromFrozen)) }
			return c.wants(func() error { _, err := c.q.Get(); return err })
		},
		"want room": func() error {
			c.before, c.help = c.q.Info(), func() error { _, err := c.q.TryGet(); return err }
			return c.wants(func() error { return c.q.Put(parcelOf(fromResident + shelf)) })
		},
	}
}

// give does for a wish what the victim has not done: one parcel is put or taken since the
// wish, and no more, so that what is left does not depend on when it was granted.
func (c *counter) give() error {
	if c.lease != nil {
		err := c.lease.Ack()
		c.lease = nil
		return err
	}
	if now := c.q.Info(); c.wanting() && now.Puts == c.before.Puts && now.Gets == c.before.Gets {
		return c.help()
	}
	return nil
}

// look takes all there is, and then sees that there is room for as much as ever.
func (c *counter) look() (string, error) {
	found, err := takeAll(c.q.TryLease, whoseParcel)
	if err != nil {
		return "", err
	}
	return strings.Join(found, ", "), c.whole()
}

// whole sees that capacity and blocks are as many as ever.
func (c *counter) whole() error {
	loans, err := loanAll(c.q)
	if err != nil {
		return err
	}
	if len(loans) != shelf+inFlight {
		return fmt.Errorf("%d blocks are free, want %d", len(loans), shelf+inFlight)
	}
	for n, l := range loans {
		*l.Value = parcelOf(fromVisitor + uint64(n))
		err := l.TryPublish()
		if n < shelf && err != nil || n >= shelf && !errors.Is(err, ring.ErrFull) {
			return fmt.Errorf("publish %d: %w", n, err)
		}
		if n >= shelf {
			if err := l.Abandon(); err != nil {
				return err
			}
		}
	}
	for n := range uint64(shelf) {
		p, err := c.q.TryGet()
		if err != nil || p != parcelOf(fromVisitor+n) {
			return fmt.Errorf("parcel %d is %v: %w", n, p[0], err)
		}
	}
	return c.tidy()
}

// tidy makes it as it was at first: the next one goes to the first place, and each place
// has its own block. So every victim goes the same way.
func (c *counter) tidy() error {
	for n := 0; n < shelf || c.q.Info().Puts%shelf != 0; n++ {
		if err := c.q.TryPut(parcelOf(fromVisitor)); err != nil {
			return err
		}
		if _, err := c.q.TryGet(); err != nil {
			return err
		}
	}
	return nil
}

// frozen: nobody waits for a frozen process, wherever it stands. What others take they
// put back.
func (c *counter) frozen() (held bool, err error) {
	if c.wanting() {
		return false, nil // something is under way that the frozen one is part of
	}
	p, err := c.q.TryGet()
	if errors.Is(err, ring.ErrEmpty) {
		p = parcelOf(fromFrozen)
		if err = c.q.TryPut(p); err != nil {
			return false, err
		}
		got, err := c.q.TryGet()
		if err == nil && got != p {
			err = fmt.Errorf("got %d, want what was put", got[0])
		}
		return false, err
	}
	return false, errors.Join(err, c.q.TryPut(p))
}

// queues is an operation on the queue.
func queues(f func(v *victim, q *ring.Queue[parcel]) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["queue"].(*counter).q) })
}

func tryPuts(_ *victim, q *ring.Queue[parcel]) func() error {
	return func() error { return q.TryPut(parcelOf(fromVictim)) }
}

func puts(_ *victim, q *ring.Queue[parcel]) func() error {
	return func() error { return q.Put(parcelOf(fromVictim)) }
}

func tryGets(_ *victim, q *ring.Queue[parcel]) func() error {
	return func() error { _, err := q.TryGet(); return err }
}

func tryLeases(_ *victim, q *ring.Queue[parcel]) func() error {
	return func() error { _, err := q.TryLease(); return err }
}

// again is an operation on a handle that is opened once more: it has not looked for the dead
// yet, and does so before it takes anything.
func again[T any](name string, f func(*victim, *ring.Queue[T]) func() error) func(*victim) func() {
	return opened(func(v *victim, seg *shm.Segment) func() error {
		q, err := ring.Open[T](seg, name)
		v.Must(err)
		return f(v, q)
	})
}

// looked is f on a handle that has just looked for the dead, and does not do it again for
// the next message: when it does depends on the time.
func looked[T any](name string, f func(*victim, *ring.Queue[T]) func() error) func(*victim) func() {
	return again(name, func(v *victim, q *ring.Queue[T]) func() error {
		_, err := ring.Wait(context.Background(), q) // it takes nothing
		v.Must(err)
		return f(v, q)
	})
}

func gets(_ *victim, q *ring.Queue[parcel]) func() error {
	return func() error { _, err := q.Get(); return err }
}

// leased is an operation on a lease of the only parcel.
func leased(f func(l *ring.Lease[parcel]) error) func(*victim) func() {
	return queues(func(v *victim, q *ring.Queue[parcel]) func() error {
		l, err := q.Lease()
		v.Must(err)
		return func() error { return f(l) }
	})
}

// loaned is an operation on a loan that is filled.
func loaned(f func(l *ring.Loan[parcel]) error) func(*victim) func() {
	return queues(func(v *victim, q *ring.Queue[parcel]) func() error {
		l, err := q.Loan()
		v.Must(err)
		*l.Value = parcelOf(fromVictim)
		return func() error { return f(l) }
	})
}

// waitsFirst is an operation that the test prepares after the victim has attached.
func waitsFirst(f func(*victim, *ring.Queue[parcel]) func() error) func(*victim) func() {
	return queues(func(v *victim, q *ring.Queue[parcel]) func() error {
		do := f(v, q)
		v.wait()
		return do
	})
}

func itemsWanted(s *scene) bool { return s.guests["queue"].(*counter).q.Info().Getting }

func roomWanted(s *scene) bool { return s.guests["queue"].(*counter).q.Info().Putting }

func corpseLeases(s *scene) { s.corpse("lease") }

// corpseLeasesAndMore leaves a parcel that nobody has taken beside the one of the dead.
func corpseLeasesAndMore(s *scene) {
	corpseLeases(s)
	s.ask(s.resident, "post", "staging")
}

var queueShows = []string{"queue"}

var queueOperations = []operation{
	{name: "queue.TryPut", brief: true, shows: queueShows, prepare: queues(tryPuts)},
	{name: "queue.TryGet", brief: true, shows: queueShows, stage: residentDoes("post"), prepare: looked("queue", tryGets)},
	{name: "queue.Put that waits", shows: queueShows, stage: residentDoes("fill"), rouse: residentDoes("clear a place"),
		prepare: queues(puts)},
	{name: "queue.Get that waits", shows: queueShows, rouse: residentDoes("post"), prepare: queues(gets)},
	{name: "queue.GetContext that is cancelled", shows: queueShows, rouse: cancels,
		prepare: queues(func(v *victim, q *ring.Queue[parcel]) func() error {
			return givesUp(func(ctx context.Context) error { _, err := q.GetContext(ctx); return err }, v.context())
		})},
	{name: "queue.Put that wakes", shows: queueShows, meanwhile: residentAwaits("want a parcel", itemsWanted),
		prepare: waitsFirst(puts)},
	{name: "queue.Get that wakes", shows: queueShows, meanwhile: func(s *scene) {
		s.ask(s.resident, "fill", "staging")
		residentAwaits("want room", roomWanted)(s)
	}, prepare: waitsFirst(gets)},
	{name: "queue.TryLease", brief: true, shows: queueShows, stage: residentDoes("post"), prepare: looked("queue", tryLeases)},
	{name: "queue.Ack", brief: true, shows: queueShows, stage: residentDoes("post"), prepare: leased((*ring.Lease[parcel]).Ack)},
	{name: "queue.Nack", brief: true, shows: queueShows, stage: residentDoes("post"), prepare: leased((*ring.Lease[parcel]).Nack)},
	{name: "queue.TryLoan", brief: true, shows: queueShows,
		prepare: queues(func(_ *victim, q *ring.Queue[parcel]) func() error {
			return func() error { _, err := q.TryLoan(); return err }
		})},
	{name: "queue.Publish", brief: true, shows: queueShows, prepare: loaned((*ring.Loan[parcel]).Publish)},
	{name: "queue.Abandon", brief: true, shows: queueShows, prepare: loaned((*ring.Loan[parcel]).Abandon)},
	{name: "queue.PutN", shows: queueShows,
		prepare: queues(func(_ *victim, q *ring.Queue[parcel]) func() error {
			list := []parcel{parcelOf(fromVictim), parcelOf(fromVictim + 1)}
			return func() error { _, err := q.PutN(list); return err }
		})},
	{name: "queue.GetN", shows: queueShows, stage: residentDoes("fill"),
		prepare: queues(func(_ *victim, q *ring.Queue[parcel]) func() error {
			list := make([]parcel, shelf)
			return func() error { _, err := q.GetN(list); return err }
		})},
	{name: "queue.Get of what the dead had", shows: queueShows, meanwhile: corpseLeases, prepare: waitsFirst(gets)},
	{name: "queue.TryGet of what the dead had", shows: queueShows, meanwhile: corpseLeasesAndMore,
		prepare: again("queue", func(v *victim, q *ring.Queue[parcel]) func() error {
			v.wait()
			return tryGets(v, q)
		})},
	{name: "queue.Close", shows: queueShows,
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			q, err := ring.NewIn[parcel](seg, "closing", shelf)
			v.Must(err)
			v.Must(seg.RemoveObject("closing"))
			return q.Close
		})},
}
