package ring_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

func newBroadcast(t testing.TB, capacity int) *ring.Broadcast[message] {
	t.Helper()
	b, err := ring.NewBroadcastIn[message](segment(t), "broadcast", capacity)
	must(t, err)
	t.Cleanup(func() { b.Detach() })
	return b
}

func publisher(t testing.TB, b *ring.Broadcast[message]) *ring.Publisher[message] {
	t.Helper()
	p, err := b.Publisher()
	must(t, err)
	t.Cleanup(func() { p.Detach() })
	return p
}

func subscriber(t testing.TB, b *ring.Broadcast[message]) *ring.Subscriber[message] {
	t.Helper()
	s, err := b.Subscriber()
	must(t, err)
	t.Cleanup(func() { s.Detach() })
	return s
}

// hears fails unless message n is next.
func hears(t *testing.T, s *ring.Subscriber[message], n uint64) {
	t.Helper()
	if m, err := s.TryGet(); err != nil || m != messageOf(1, n) {
		t.Fatalf("got %+v, %v, want %d", m, err, n)
	}
}

// Each subscriber sees every message once, in order, from when it came; or is told how
// many it missed, and goes on with the oldest that is there.
func TestBroadcastLaps(t *testing.T) {
	for _, capacity := range []int{1, 2, 4, 64} {
		b := newBroadcast(t, capacity)
		early := subscriber(t, b)
		_, err := early.TryGet()
		is(t, "TryGet of nothing", err, ring.ErrEmpty)
		p := publisher(t, b)
		n := uint64(0)
		for lag := range uint64(3 * capacity) {
			for range lag {
				must(t, p.Publish(messageOf(1, n)))
				n++
			}
			first := n - lag
			if missed := int(lag) - capacity; missed > 0 {
				_, err := early.TryGet()
				var lapped *ring.LappedError
				if !errors.As(err, &lapped) || !errors.Is(err, ring.ErrLapped) || lapped.Missed != uint64(missed) {
					t.Fatalf("%d behind of %d: %v", lag, capacity, err)
				}
				first += uint64(missed)
			}
			if early.Behind() != n-first {
				t.Errorf("%d behind, want %d", early.Behind(), n-first)
			}
			for ; first < n; first++ {
				hears(t, early, first)
			}
			_, err := early.TryGet()
			is(t, "TryGet of nothing new", err, ring.ErrEmpty)
		}
		late := subscriber(t, b)
		_, err = late.TryGet()
		is(t, "TryGet of one that has just come", err, ring.ErrEmpty)
		if k := late.Rewind(); k != min(n, uint64(capacity)) {
			t.Errorf("Rewind: %d", k)
		}
		hears(t, late, n-min(n, uint64(capacity)))
		if b.Published() != n || b.Cap() != capacity {
			t.Errorf("%v after %d", b, n)
		}
	}
}

// Items that are no whole words.
func TestBroadcastOfOddItems(t *testing.T) {
	type odd struct {
		A [5]byte
		B uint16
	}
	b, err := ring.NewBroadcast[odd](3)
	must(t, err)
	defer b.Detach()
	p, err := b.Publisher()
	must(t, err)
	defer p.Detach()
	s, err := b.Subscriber()
	must(t, err)
	defer s.Detach()
	for n := range uint16(9) {
		must(t, p.PublishN([]odd{{[5]byte{1, 2, 3, 4, byte(n)}, n}}))
		if v, err := s.Get(); err != nil || v != (odd{[5]byte{1, 2, 3, 4, byte(n)}, n}) {
			t.Errorf("got %v %v", v, err)
		}
	}
	none, err := ring.NewBroadcast[struct{}](1)
	must(t, err)
	defer none.Detach()
	q, err := none.Publisher()
	must(t, err)
	must(t, q.Publish(struct{}{}))
	must(t, q.Detach())
}

// A publisher at full speed, and subscribers that fall behind, sleep and catch up: what
// they get is whole, in order, and what they miss is counted.
func TestBroadcastGoroutines(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const all = 100000
	for _, capacity := range []int{1, 4, 256} {
		b := newBroadcast(t, capacity)
		p := publisher(t, b)
		var done sync.WaitGroup
		for range 3 {
			s := subscriber(t, b)
			done.Go(func() { listen(t, s, all) })
		}
		for n := uint64(0); n < all; n += 2 {
			if n%64 == 0 {
				must(t, p.PublishN([]message{messageOf(1, n), messageOf(1, n+1)}))
				continue
			}
			must(t, p.Publish(messageOf(1, n)))
			must(t, p.Publish(messageOf(1, n+1)))
		}
		must(t, p.Close())
		is(t, "Publish", p.Publish(message{}), ring.ErrClosed)
		done.Wait()
	}
}

// listen gets messages until the end, of which there are so many.
func listen(t *testing.T, s *ring.Subscriber[message], all uint64) {
	next := uint64(0)
	for {
		m, err := s.Get()
		var lapped *ring.LappedError
		switch {
		case errors.Is(err, ring.ErrClosed):
			if next != all {
				t.Errorf("%d messages heard or missed, of %d", next, all)
			}
			return
		case errors.As(err, &lapped):
			next += lapped.Missed
		case err != nil || m != messageOf(1, next):
			t.Errorf("got %+v, %v, want %d", m, err, next)
			return
		default:
			next++
		}
	}
}

func TestBroadcastContextsAndRoles(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	b := newBroadcast(t, 2)
	s := subscriber(t, b)
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	go func() { _, err := s.GetContext(ctx); errs <- err }()
	cancel()
	is(t, "GetContext", <-errs, context.Canceled)
	p := publisher(t, b)
	_, err := b.Publisher()
	is(t, "second publisher", err, ring.ErrTaken)
	go func() {
		q, err := b.PublisherContext(context.Background())
		if err == nil {
			err = errors.Join(q.Publish(messageOf(1, 1)), q.Detach())
		}
		errs <- err
	}()
	must(t, p.Publish(messageOf(1, 0)))
	must(t, p.Detach())
	is(t, "Publish", p.Publish(message{}), ring.ErrDetached)
	must(t, <-errs)
	hears(t, s, 0)
	hears(t, s, 1)
	must(t, s.Detach())
	_, err = s.TryGet()
	is(t, "TryGet", err, ring.ErrDetached)
	_, err = s.Get()
	is(t, "Get", err, ring.ErrDetached)
}

func init() { shmtest.Register("publisher", bePublisher) }

// bePublisher publishes, from message n on, until it is killed.
func bePublisher(c *shmtest.Child) {
	b := new(ring.Broadcast[message])
	c.Must(b.UnmarshalText([]byte(c.Args[0])))
	p, err := b.Publisher()
	c.Must(err)
	n := b.Published()
	go c.Park() // ends with the test
	for c.Say("publishes"); ; n++ {
		c.Must(p.Publish(messageOf(1, n)))
	}
}

// Killed at full speed, again and again: no message is seen half, and each publisher goes
// on where the last one ended; subscribers are told of each death.
func TestBroadcastPublisherDies(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	b := newBroadcast(t, 64)
	text, err := b.MarshalText()
	must(t, err)
	s := subscriber(t, b)
	next := uint64(0)
	for round := range 10 {
		child := shmtest.Start(t, "publisher", string(text))
		child.Expect("publishes")
		for n := 0; ; n++ {
			if n == 100*round {
				child.Cmd.Process.Kill()
			}
			m, err := s.Get()
			var lapped *ring.LappedError
			if errors.As(err, &lapped) {
				next += lapped.Missed
				continue
			}
			if errors.Is(err, ring.ErrPeerDied) {
				break
			}
			must(t, err)
			if m != messageOf(1, next) {
				t.Fatalf("got %+v, want %d", m, next)
			}
			next++
		}
		child.Kill()
	}
}

// One subscriber sleeps; the publisher that comes and dies is one that it has not seen.
func TestBroadcastSleepersHearOfDeath(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	b := newBroadcast(t, 1<<20)
	text, err := b.MarshalText()
	must(t, err)
	errs := make(chan error)
	for range 2 {
		s := subscriber(t, b)
		go func() {
			for {
				if _, err := s.Get(); err != nil && !errors.Is(err, ring.ErrLapped) {
					errs <- err
					return
				}
			}
		}()
	}
	child := shmtest.Start(t, "publisher", string(text))
	child.Expect("publishes")
	child.Kill()
	for range 2 {
		is(t, "Get", <-errs, ring.ErrPeerDied)
	}
}

func FuzzHostileBroadcast(f *testing.F) {
	for _, seed := range [][]uint64{{0, 8}, {0, 1 << 63}, {1, 2}, {2, 1}, {2, 1 << 63}, {4, 7}, {3, 1}, {0, ^uint64(0)}, {2, ^uint64(0)}} {
		f.Add(bytesOf(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		seg := mappedSegment(t)
		b, err := ring.NewBroadcastIn[message](seg, "b", 4)
		must(t, err)
		typ, err := shm.TypeOf[message]()
		must(t, err)
		o, err := seg.OpenObject("b", shm.Spec{Kind: shm.KindBroadcast, Type: typ})
		must(t, err)
		h, memory := shm.Head[layout.BroadcastHead](o, 0), shm.Raw(o)
		p, err := b.Publisher()
		must(t, err)
		s, err := b.Subscriber()
		must(t, err)
		detached(t, b, p, s)
		t.Cleanup(func() { o.Close() })
		for in := words(in[:min(len(in), 512)]); len(in) > 0; {
			switch what, x := in.next(), in.next(); what % 4 {
			case 0:
				h.Tail = x
			case 1:
				h.Publisher = uint32(x)
			case 2:
				copy(memory[what/4%4*72:], bytesOf([]uint64{x}))
			case 3:
				h.Items, h.Closing = uint32(x), uint32(x>>33)
			}
			for range 3 {
				if _, err := s.TryGet(); !errors.Is(err, ring.ErrLapped) {
					known(t, err)
				}
			}
			_ = fmt.Sprint(b, s.Rewind(), s.Behind())
			known(t, p.Publish(message{}))
			if q, err := b.Publisher(); err == nil {
				q.Detach()
			} else {
				known(t, err)
			}
			if late, err := b.Subscriber(); err == nil {
				_, err = late.TryGet()
				known(t, err)
				late.Detach()
			}
			seg.Check()
			_, err = seg.Info()
			must(t, err)
		}
	})
}
