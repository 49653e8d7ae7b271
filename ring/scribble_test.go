package ring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

// In these tests a hostile peer writes to the words of an object at any instant, also in the
// middle of an operation. From time to time it puts back what was there, so that not all is
// lost already when the next word goes. Whoever works through a handle gets a message, or an
// error that has a name, and touches nothing else: on both sides of the object lie bytes that
// nobody may write, and of which none may turn up in a message.

const canary = 0xa5

// scribbling is an object that somebody scribbles on.
type scribbling struct {
	t     *testing.T
	seg   *shm.Segment
	guard []*shm.Object
	stop  chan struct{}
	done  chan struct{}
	count atomic.Int64
}

// guarded makes a segment with canaries around what create makes.
func guarded(t *testing.T, create func(seg *shm.Segment)) *scribbling {
	t.Helper()
	shmtest.Watchdog(t, time.Minute)
	s := &scribbling{t: t, seg: mappedSegment(t), stop: make(chan struct{}), done: make(chan struct{})}
	s.canary("before")
	create(s.seg)
	s.canary("behind")
	return s
}

func (s *scribbling) canary(name string) {
	typ, err := shm.TypeOf[byte]()
	must(s.t, err)
	o, err := s.seg.NewObject(name, shm.Spec{Kind: shm.KindBytes, Type: typ, Count: 4096}, func(o *shm.Object) error {
		copy(shm.Raw(o), bytes.Repeat([]byte{canary}, 4096))
		return nil
	})
	must(s.t, err)
	s.guard = append(s.guard, o)
	s.t.Cleanup(func() { o.Close() })
}

// start begins to scribble on all words: those of the head, and then those of the items.
func (s *scribbling) start(all []*uint64) {
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	good := make([]uint64, len(all))
	for i, w := range all {
		good[i] = atomic.LoadUint64(w)
	}
	go func() {
		defer close(s.done)
		for n := 1; ; n++ {
			select {
			case <-s.stop:
				return
			default:
			}
			i := rng.IntN(len(all))
			atomic.StoreUint64(all[i], wrong(rng, atomic.LoadUint64(all[i]), atomic.LoadUint64(all[rng.IntN(len(all))])))
			s.count.Add(1)
			if n%8 == 0 {
				for i, w := range all {
					atomic.StoreUint64(w, good[i])
				}
				time.Sleep(time.Duration(rng.IntN(100)) * time.Microsecond) // the others see it whole for a while
			}
		}
	}()
}

// wrong is a word in place of w, or of another one.
func wrong(rng *rand.Rand, w, other uint64) uint64 {
	switch rng.IntN(8) {
	case 0:
		return 0
	case 1:
		return ^uint64(0)
	case 2:
		return w + 1
	case 3:
		return w - 1
	case 4:
		return w ^ 1<<rng.IntN(64)
	case 5:
		return other
	case 6:
		return rng.Uint64() >> rng.IntN(64)
	}
	return rng.Uint64()
}

// work calls each of the operations in turn, for two seconds, and then sees that nothing
// else was touched.
func (s *scribbling) work(operations ...func(ctx context.Context) error) {
	s.t.Helper()
	n, longest, seen := 0, time.Duration(0), map[string]int{}
	for begin := time.Now(); time.Since(begin) < 2*time.Second; n++ {
		for _, do := range operations {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			began := time.Now()
			err := do(ctx)
			longest = max(longest, time.Since(began))
			cancel()
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ring.ErrNotHeld) || errors.Is(err, ring.ErrInHand) || errors.Is(err, ring.ErrDetached) {
				err = nil
			}
			known(s.t, err)
			what, _, _ := strings.Cut(fmt.Sprint(err), " 0x")
			seen[what]++
		}
	}
	close(s.stop)
	<-s.done
	s.t.Logf("%d rounds against %d wrong words, none took longer than %v: %v", n, s.count.Load(), longest, seen)
	for _, o := range s.guard {
		if b := shm.Raw(o); bytes.Count(b, []byte{canary}) != len(b) {
			s.t.Errorf("%x was written over", b)
		}
	}
}

// foreign fails if m is made of bytes from beside the object.
func (s *scribbling) foreign(m message) {
	if m.Copy[0] == 0xa5a5a5a5a5a5a5a5 {
		s.t.Errorf("%x comes from beside the object", m)
	}
}

func TestScribbledQueue(t *testing.T) {
	for _, capacity := range []int{1, 4, 300} {
		var q *ring.Queue[message]
		s := guarded(t, func(seg *shm.Segment) {
			var err error
			q, err = ring.NewIn[message](seg, "q", capacity)
			must(t, err)
		})
		b := bare(t, s.seg, "q")
		all := wordsOf(t, b.QueueHead)
		for i := range min(int(b.Blocks), 70) {
			all = append(all, wordAt(b.raw, i*int(b.Stride)), wordAt(b.raw, i*int(b.Stride)+8))
		}
		s.start(all[16:]) // what the creator wrote is not read again
		list := make([]message, 3)
		s.work(
			func(ctx context.Context) error { return q.PutContext(ctx, messageOf(1, 1)) },
			func(ctx context.Context) error { return q.TryPut(messageOf(1, 1)) },
			func(ctx context.Context) error { m, err := q.GetContext(ctx); s.foreign(m); return err },
			func(ctx context.Context) error { _, err := q.PutNContext(ctx, list); return err },
			func(ctx context.Context) error { _, err := q.TryGetN(list); return err },
			func(ctx context.Context) error {
				l, err := q.LoanContext(ctx)
				if err != nil {
					return err
				}
				*l.Value = messageOf(2, 2)
				if err := l.PublishContext(ctx); err != ring.ErrFull && !errors.Is(err, context.DeadlineExceeded) {
					return err
				}
				return l.Abandon()
			},
			func(ctx context.Context) error {
				l, err := q.LeaseContext(ctx)
				if err != nil {
					return err
				}
				s.foreign(*l.Value)
				if l.Deliveries()%2 == 0 {
					return l.Nack()
				}
				return l.Ack()
			},
			func(context.Context) error { q.Len(); q.Info(); _ = q.String(); return nil },
			func(context.Context) error { _, err := s.seg.Check(); return err },
			func(context.Context) error { _, err := s.seg.Info(); return err },
			func(context.Context) error { _, err := shm.Peek(s.seg.Path(), "q", 5); return err },
		)
		must(t, q.Detach())
	}
}

func TestScribbledSPSC(t *testing.T) {
	var spsc *ring.SPSC[message]
	s := guarded(t, func(seg *shm.Segment) {
		var err error
		spsc, err = ring.NewSPSCIn[message](seg, "s", 5)
		must(t, err)
	})
	_, h := streamObject[message](t, s.seg, "s", shm.KindSPSC)
	p, err := spsc.Producer()
	must(t, err)
	c, err := spsc.Consumer()
	must(t, err)
	s.start(wordsOf(t, h)[16:])
	list := make([]message, 7)
	s.work(
		func(context.Context) error { return again(&p, spsc.Producer) },
		func(context.Context) error { return again(&c, spsc.Consumer) },
		func(ctx context.Context) error { return p.PutContext(ctx, messageOf(1, 1)) },
		func(ctx context.Context) error { m, err := c.GetContext(ctx); s.foreign(m); return err },
		func(ctx context.Context) error { _, err := p.TryPutN(list); return err },
		func(ctx context.Context) error { _, err := c.TryGetN(list); return err },
		func(ctx context.Context) error { _, err := c.GetNContext(ctx, list); return err },
		func(context.Context) error { spsc.Len(); _ = spsc.String(); p.Abandoned(); return nil },
		func(context.Context) error { _, err := shm.Peek(s.seg.Path(), "s", 5); return err },
	)
	p.Detach()
	c.Detach()
	must(t, spsc.Detach())
}

// again gives an end back and takes it again: it then believes the indices as they are. If
// that fails, because somebody else seems to have it, the old one stays.
func again[E interface{ Detach() error }](e *E, take func() (E, error)) error {
	(*e).Detach()
	got, err := take()
	if err == nil {
		*e = got
	}
	return err
}

func TestScribbledRecords(t *testing.T) {
	var r *ring.Records
	s := guarded(t, func(seg *shm.Segment) {
		var err error
		r, err = ring.NewRecordsIn(seg, "r", 256)
		must(t, err)
	})
	o, h := streamObject[byte](t, s.seg, "r", shm.KindRecords)
	w, err := r.Writer()
	must(t, err)
	c, err := r.Reader()
	must(t, err)
	all := wordsOf(t, h)[16:]
	for at := range 32 {
		all = append(all, wordAt(shm.Items[byte](o), 8*at))
	}
	s.start(all)
	to, n := make([][]byte, 3), 0
	s.work(
		func(context.Context) error { return again(&w, r.Writer) },
		func(context.Context) error { return again(&c, r.Reader) },
		func(ctx context.Context) error { n++; return w.PutContext(ctx, make([]byte, n%130)) },
		func(ctx context.Context) error {
			b, err := c.GetContext(ctx, nil)
			if len(b) > 128 || bytes.Contains(b, bytes.Repeat([]byte{canary}, 16)) {
				t.Errorf("a record of %d bytes: %x", len(b), b)
			}
			return err
		},
		func(ctx context.Context) error { _, err := w.TryPutN([][]byte{nil, {1}, make([]byte, 40)}); return err },
		func(ctx context.Context) error { _, err := c.TryGetN(to); return err },
		func(context.Context) error { r.Len(); _ = r.String(); return nil },
		func(context.Context) error { _, err := s.seg.Check(); return err },
		func(context.Context) error { _, err := shm.Peek(s.seg.Path(), "r", 5); return err },
	)
	w.Detach()
	c.Detach()
	must(t, r.Detach())
}

func TestScribbledBroadcast(t *testing.T) {
	var b *ring.Broadcast[message]
	s := guarded(t, func(seg *shm.Segment) {
		var err error
		b, err = ring.NewBroadcastIn[message](seg, "b", 4)
		must(t, err)
	})
	typ, err := shm.TypeOf[message]()
	must(t, err)
	o, err := s.seg.OpenObject("b", shm.Spec{Kind: shm.KindBroadcast, Type: typ})
	must(t, err)
	defer o.Close()
	p, err := b.Publisher()
	must(t, err)
	c, err := b.Subscriber()
	must(t, err)
	detached(t, b, p, c)
	all := wordsOf(t, broadcastHead(o))
	for at := range 4 {
		all = append(all, wordAt(shm.Raw(o), 72*at))
	}
	s.start(all)
	s.work(
		func(context.Context) error { return p.Publish(messageOf(1, 1)) },
		func(ctx context.Context) error { m, err := c.GetContext(ctx); s.foreign(m); return err },
		func(context.Context) error { return p.PublishN(make([]message, 6)) },
		func(context.Context) error { m, err := c.TryGet(); s.foreign(m); return err },
		func(context.Context) error { c.Behind(); c.Rewind(); return nil },
		func(context.Context) error { _, err := s.seg.Check(); return err },
		func(context.Context) error { _, err := shm.Peek(s.seg.Path(), "b", 5); return err },
	)
}
