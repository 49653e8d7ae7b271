//go:build linux && (amd64 || arm64)

package crash_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shmkit/internal/layout"
	"shmkit/internal/word"
	"shmkit/ring"
	"shmkit/shm"
)

func init() { guests["chain"] = func() guest { return new(convoy) } }

// convoy is a queue of messages of several blocks, as one process has it open.
type convoy struct {
	seg    *shm.Segment
	q      *ring.Queue[[]byte]
	lease  *ring.Lease[[]byte] // that a task took
	before ring.Info           // when a task began to want something
	wish
}

const (
	carBytes  = 32
	carsMost  = 4 // capacity
	carsUsual = 3 // blocks of a message
)

// train is a message of so many blocks, the last one of them not full.
func train(from byte, cars int) []byte {
	return bytes.Repeat([]byte{from}, cars*carBytes-5)
}

func (c *convoy) create(seg *shm.Segment) (err error) {
	c.seg = seg
	c.q, err = ring.NewIn[[]byte](seg, "chain", carsMost, ring.BlockSize(carBytes))
	return err
}

func (c *convoy) open(seg *shm.Segment) (err error) {
	c.seg = seg
	c.q, err = ring.Open[[]byte](seg, "chain")
	return err
}

func (c *convoy) close() error { return c.q.Detach() }

func (c *convoy) warm() error {
	err := c.put(1)
	l, e := c.q.Lease()
	err = errors.Join(err, e, l.Nack())
	_, e = c.q.Get()
	err = errors.Join(err, e)
	for range 2 * carsMost {
		n, e := c.q.Loan()
		*n.Value = train(1, carsMost)
		err = errors.Join(err, e, n.Publish())
		l, e = c.q.Lease()
		err = errors.Join(err, e, l.Ack())
	}
	return err
}

func (c *convoy) put(from byte) error { return c.q.TryPut(train(from, carsUsual)) }

const (
	trainOfVictim   = 'v'
	trainOfResident = 'r'
	trainOfFrozen   = 'f'
	trainOfVisitor  = 'n'
)

func (c *convoy) tasks() map[string]func() error {
	return map[string]func() error{
		"post a chain": func() error { return c.put(trainOfResident) },
		"post all chains": func() (err error) {
			for range carsMost {
				err = errors.Join(err, c.put(trainOfResident))
			}
			return err
		},
		"clear a chain": func() error { _, err := c.q.TryGet(); return err },
		"lease a chain": func() (err error) {
			if err = c.put(trainOfResident); err == nil {
				c.lease, err = c.q.TryLease()
			}
			return err
		},
		"want a chain": func() error {
			c.before = c.q.Info()
			return c.wants(func() error { _, err := c.q.Get(); return err })
		},
		"half-build a chain": func() error { return c.half(true) },
		"half-free a chain":  func() error { return c.half(false) },
	}
}

// half leaves a chain as one does who is killed in the middle of building it, with its last
// block not tied yet, or of freeing it, with its first one free already.
func (c *convoy) half(built bool) error {
	for range carsMost {
		if _, err := c.q.TryLoan(); err != nil {
			return err
		}
	}
	o, err := c.seg.OpenObject("chain", shm.Spec{Kind: shm.KindQueue, Type: shm.MessageType("bytes", nil, 0)})
	if err != nil {
		return err
	}
	defer o.Close()
	head, raw := shm.Head[layout.QueueHead](o, 0), shm.Raw(o)
	loaned := layout.CellWord(layout.CellLoaned, layout.OwnerSlot(o.Self()), 0, 0)
	var mine []uint32
	for i := range head.Blocks {
		if binary.LittleEndian.Uint64(raw[i*head.Stride+8:]) == loaned {
			mine = append(mine, i)
		}
	}
	if len(mine) != carsMost {
		return fmt.Errorf("%d blocks are loaned", len(mine))
	}
	cell := raw[mine[0]*head.Stride:]
	binary.LittleEndian.PutUint64(cell[16:], uint64(carsMost*carBytes))
	binary.LittleEndian.PutUint32(cell[24:], 77)
	for n, i := range mine {
		w := word.QueueLinked(mine[0], 77)
		switch {
		case n == 0, built && n == carsMost-1:
			w = loaned
		case !built && n == 1:
			w = word.QueueFree
		}
		binary.LittleEndian.PutUint64(raw[i*head.Stride+8:], w)
		if n < carsMost-1 {
			binary.LittleEndian.PutUint32(raw[i*head.Stride+28:], mine[n+1]+1)
		}
	}
	return nil
}

func (c *convoy) give() error {
	if c.lease != nil {
		err := c.lease.Ack()
		c.lease = nil
		return err
	}
	if c.wanting() && c.q.Info().Puts == c.before.Puts { // the victim has put nothing
		return c.put(trainOfFrozen)
	}
	return nil
}

// whoseTrain tells whose a train is, which is an error if it is torn.
func whoseTrain(b []byte) (string, error) {
	if len(b) == 0 || !bytes.Equal(b, train(b[0], (len(b)+5)/carBytes)) {
		return "", fmt.Errorf("torn: %q", b)
	}
	return map[byte]string{trainOfVictim: "victim's", trainOfResident: "resident's"}[b[0]], nil
}

// look takes all there is, and then sees that there is room for as much as ever.
func (c *convoy) look() (string, error) {
	found, err := takeAll(c.q.TryLease, whoseTrain)
	if err != nil {
		return "", err
	}
	return strings.Join(slices.Compact(found), ", "), c.whole()
}

// whole sees that capacity and blocks are as many as ever.
func (c *convoy) whole() error {
	loans, err := loanAll(c.q)
	if err != nil {
		return err
	}
	for _, l := range loans {
		if err := l.Abandon(); err != nil {
			return err
		}
	}
	if len(loans) != carsMost+inFlight {
		return fmt.Errorf("%d blocks are free, want %d", len(loans), carsMost+inFlight)
	}
	// Once more as many chains as there are places, and then the next one goes to the first.
	for n := 0; n < carsMost || c.q.Info().Puts%carsMost != 0; n++ {
		want := train(trainOfVisitor, 1+n%carsMost)
		if err := c.q.TryPut(want); err != nil {
			return err
		}
		if b, err := c.q.TryGet(); err != nil || !bytes.Equal(b, want) {
			return fmt.Errorf("chain %d is %q: %w", n, b, err)
		}
	}
	return nil
}

// frozen: nobody waits for a frozen process, wherever it stands. What others take they put
// back.
func (c *convoy) frozen() (held bool, err error) {
	if c.wanting() {
		return false, nil
	}
	b, err := c.q.TryGet()
	if errors.Is(err, ring.ErrEmpty) {
		b = train(trainOfFrozen, carsMost)
		if err = c.q.TryPut(b); err != nil {
			return false, err
		}
		got, err := c.q.TryGet()
		if err == nil && !bytes.Equal(got, b) {
			err = fmt.Errorf("got %q, want what was put", got)
		}
		return false, err
	}
	return false, errors.Join(err, c.q.TryPut(b))
}

// trains is an operation on the queue.
func trains(f func(v *victim, q *ring.Queue[[]byte]) func() error) func(*victim) func() {
	return opened(func(v *victim, _ *shm.Segment) func() error { return f(v, v.guests["chain"].(*convoy).q) })
}

func putsTrain(_ *victim, q *ring.Queue[[]byte]) func() error {
	b := train(trainOfVictim, carsUsual)
	return func() error { return q.Put(b) }
}

func getsTrain(_ *victim, q *ring.Queue[[]byte]) func() error {
	return func() error { _, err := q.Get(); return err }
}

// leasedTrain is an operation on a lease of the only message.
func leasedTrain(f func(l *ring.Lease[[]byte]) error) func(*victim) func() {
	return trains(func(v *victim, q *ring.Queue[[]byte]) func() error {
		l, err := q.Lease()
		v.Must(err)
		return func() error { return f(l) }
	})
}

// meanwhileTrain is an operation that the test prepares after the victim has attached.
func meanwhileTrain(f func(*victim, *ring.Queue[[]byte]) func() error) func(*victim) func() {
	return trains(func(v *victim, q *ring.Queue[[]byte]) func() error {
		do := f(v, q)
		v.wait()
		return do
	})
}

func chainWanted(s *scene) bool { return s.guests["chain"].(*convoy).q.Info().Getting }

func opensSegment(v *victim) func() { return v.must(v.openSegment) }

var chainShows = []string{"chain"}

var chainOperations = []operation{
	{name: "chain.Put", shows: chainShows, prepare: trains(putsTrain)},
	{name: "chain.Get", shows: chainShows, stage: residentDoes("post a chain"), prepare: looked("chain", getsTrain)},
	{name: "chain.Put that waits", shows: chainShows, stage: residentDoes("post all chains"), rouse: residentDoes("clear a chain"),
		prepare: trains(putsTrain)},
	{name: "chain.Put that wakes", shows: chainShows, meanwhile: residentAwaits("want a chain", chainWanted),
		prepare: meanwhileTrain(putsTrain)},
	{name: "chain.Ack", brief: true, shows: chainShows, stage: residentDoes("post a chain"),
		prepare: leasedTrain((*ring.Lease[[]byte]).Ack)},
	{name: "chain.Nack", brief: true, shows: chainShows, stage: residentDoes("post a chain"),
		prepare: leasedTrain((*ring.Lease[[]byte]).Nack)},
	{name: "chain.Publish", shows: chainShows,
		prepare: trains(func(v *victim, q *ring.Queue[[]byte]) func() error {
			l, err := q.Loan()
			v.Must(err)
			*l.Value = train(trainOfVictim, carsUsual)
			return l.Publish
		})},
	{name: "chain.Put into a closed queue", shows: chainShows,
		prepare: opened(func(v *victim, seg *shm.Segment) func() error {
			q, err := ring.NewIn[[]byte](seg, "closing", carsMost, ring.BlockSize(carBytes))
			v.Must(err)
			v.Must(seg.RemoveObject("closing"))
			l, err := q.Loan()
			v.Must(err)
			*l.Value = train(trainOfVictim, carsUsual)
			v.Must(q.Close())
			return func() error {
				if err := l.Publish(); !errors.Is(err, ring.ErrClosed) {
					return fmt.Errorf("closed: %w", err)
				}
				return nil
			}
		})},
	{name: "chain.Get of what the dead had", shows: chainShows, meanwhile: corpseDoes("lease a chain"), prepare: meanwhileTrain(getsTrain)},
	{name: "chain: recovery of a half-built one", shows: chainShows, stage: corpseDoes("half-build a chain"), prepare: opensSegment},
	{name: "chain: recovery of a half-freed one", shows: chainShows, stage: corpseDoes("half-free a chain"), prepare: opensSegment},
}
