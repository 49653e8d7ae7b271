package ring_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func newSPSC(t testing.TB, capacity int) *ring.SPSC[message] {
	t.Helper()
	s, err := ring.NewSPSCIn[message](segment(t), "spsc", capacity)
	must(t, err)
	t.Cleanup(func() { s.Detach() })
	return s
}

// ends takes both ends of s.
func ends(t testing.TB, s *ring.SPSC[message]) (*ring.Producer[message], *ring.Consumer[message]) {
	t.Helper()
	p, err := s.Producer()
	must(t, err)
	t.Cleanup(func() { p.Detach() })
	c, err := s.Consumer()
	must(t, err)
	t.Cleanup(func() { c.Detach() })
	return p, c
}

// is fails unless err is want.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// First in, first out, up to the capacity exactly, for any capacity, by whatever method.
func TestSPSCIsAQueue(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 7, 8, 100} {
		s := newSPSC(t, capacity)
		p, c := ends(t, s)
		r := rand.New(rand.NewPCG(uint64(capacity), 1))
		put, got := uint64(0), uint64(0)
		for range 3000 {
			if r.IntN(2) == 0 {
				put += putSome(t, p, r, put, min(capacity, int(got)+capacity-int(put)))
			} else {
				got += getSome(t, c, r, got, int(put-got))
			}
			if s.Len() != int(put-got) || s.Cap() != capacity {
				t.Fatalf("%v after %d puts and %d gets", s, put, got)
			}
		}
	}
}

// putSome puts some messages, the first of which is n, in one of four ways, into a ring
// that has room for so many.
func putSome(t *testing.T, p *ring.Producer[message], r *rand.Rand, n uint64, room int) uint64 {
	t.Helper()
	var err error
	switch r.IntN(4) {
	case 0:
		err = p.TryPut(messageOf(1, n))
	case 1:
		var m *message
		if m, err = p.TryClaim(); err == nil {
			*m = messageOf(1, n)
			must(t, p.Commit())
		}
	case 2:
		var m *message
		if m, err = p.TryClaim(); err == nil {
			*m = messageOf(9, n)
			must(t, p.Abort())
			return 0
		}
	case 3:
		vs := make([]message, 1+r.IntN(9))
		for i := range vs {
			vs[i] = messageOf(1, n+uint64(i))
		}
		k, err := p.TryPutN(vs)
		if want := min(len(vs), room); k != want || (err == nil) != (k > 0) {
			t.Fatalf("TryPutN of %d with room for %d: %d, %v", len(vs), room, k, err)
		}
		return uint64(k)
	}
	if room == 0 {
		is(t, "put into a full ring", err, ring.ErrFull)
		return 0
	}
	must(t, err)
	return 1
}

// getSome takes some messages, the first of which is n, in one of three ways, from a ring
// that has so many.
func getSome(t *testing.T, c *ring.Consumer[message], r *rand.Rand, n uint64, there int) uint64 {
	t.Helper()
	var err error
	var got []message
	switch r.IntN(3) {
	case 0:
		var m message
		m, err = c.TryGet()
		got = append(got, m)
	case 1:
		var m *message
		if m, err = c.TryPeek(); err == nil {
			got = append(got, *m)
			must(t, c.Release())
		}
	case 2:
		vs := make([]message, 1+r.IntN(9))
		var k int
		k, err = c.TryGetN(vs)
		if k != min(len(vs), there) {
			t.Fatalf("TryGetN of %d from %d: %d, %v", len(vs), there, k, err)
		}
		got = vs[:k]
	}
	if there == 0 {
		is(t, "get from an empty ring", err, ring.ErrEmpty)
		return 0
	}
	must(t, err)
	for i, m := range got {
		if m != messageOf(1, n+uint64(i)) {
			t.Fatalf("got %+v, want %d", m, n+uint64(i))
		}
	}
	return uint64(len(got))
}

// What is in hand comes first.
func TestSPSCInHand(t *testing.T) {
	s := newSPSC(t, 4)
	p, c := ends(t, s)
	is(t, "Commit of nothing", p.Commit(), ring.ErrNotHeld)
	is(t, "Abort of nothing", p.Abort(), ring.ErrNotHeld)
	is(t, "Release of nothing", c.Release(), ring.ErrNotHeld)
	m, err := p.Claim()
	must(t, err)
	is(t, "Put while something is claimed", p.Put(message{}), ring.ErrInHand)
	_, err = p.TryPutN(make([]message, 2))
	is(t, "TryPutN while something is claimed", err, ring.ErrInHand)
	_, err = p.Claim()
	is(t, "second Claim", err, ring.ErrInHand)
	*m = messageOf(1, 7)
	_, err = c.TryGet()
	is(t, "Get of what is claimed", err, ring.ErrEmpty)
	must(t, p.Commit())
	m, err = c.Peek()
	must(t, err)
	if *m != messageOf(1, 7) {
		t.Errorf("peeked %+v", *m)
	}
	_, err = c.TryGet()
	is(t, "Get while something is in hand", err, ring.ErrInHand)
	must(t, c.Detach())
	again, err := s.Consumer()
	must(t, err)
	defer again.Detach()
	if v, err := again.TryGet(); err != nil || v != messageOf(1, 7) {
		t.Errorf("the next consumer gets %+v, %v", v, err)
	}
	if again.TookOver() {
		t.Error("the end was given back, and is said to be taken over")
	}
}

// A producer and a consumer at full speed: nothing is lost, doubled or torn, whoever is
// faster.
func TestSPSCGoroutines(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	for capacity, all := range map[int]uint64{1: 10000, 2: 20000, 64: 200000} {
		p, c := ends(t, newSPSC(t, capacity))
		var done sync.WaitGroup
		done.Go(func() {
			for n := uint64(0); n < all; n++ {
				if n%1000 < 3 {
					k, err := p.PutN([]message{messageOf(1, n), messageOf(1, n+1)})
					if k != 2 || err != nil {
						t.Errorf("PutN: %d %v", k, err)
					}
					n++
					continue
				}
				must(t, p.Put(messageOf(1, n)))
			}
			must(t, p.Close())
		})
		next := uint64(0)
		for to := make([]message, 5); ; {
			k, err := c.GetN(to[:1+next%5])
			if errors.Is(err, ring.ErrClosed) {
				break
			}
			must(t, err)
			for _, m := range to[:k] {
				if m != messageOf(1, next) {
					t.Fatalf("got %+v, want %d", m, next)
				}
				next++
			}
		}
		if next != all {
			t.Errorf("capacity %d: %d messages of %d", capacity, next, all)
		}
		done.Wait()
	}
}

// Either end closes; what is there can be taken. Sleepers are told.
func TestSPSCClose(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, byConsumer := range []bool{false, true} {
		p, c := ends(t, newSPSC(t, 2))
		must(t, p.Put(messageOf(1, 0)))
		must(t, p.Put(messageOf(1, 1)))
		full := make(chan error)
		go func() { full <- p.Put(messageOf(1, 2)) }()
		closing := p.Close
		if byConsumer {
			closing = c.Close
		}
		must(t, closing())
		must(t, closing())
		is(t, "Put that waits", <-full, ring.ErrClosed)
		is(t, "Put", p.TryPut(messageOf(1, 2)), ring.ErrClosed)
		for n := range uint64(2) {
			if m, err := c.Get(); err != nil || m.N != n {
				t.Errorf("Get: %v %v", m, err)
			}
		}
		_, err := c.Get()
		is(t, "Get of nothing", err, ring.ErrClosed)
	}
	p, c := ends(t, newSPSC(t, 2))
	empty := make(chan error)
	go func() { _, err := c.Get(); empty <- err }()
	must(t, p.Close())
	is(t, "Get that waits", <-empty, ring.ErrClosed)
}

func TestSPSCContexts(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 1)
	p, c := ends(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	go func() { _, err := c.GetContext(ctx); errs <- err }()
	go func() { _, err := s.ConsumerContext(ctx); errs <- err }()
	cancel()
	is(t, "one that waits", <-errs, context.Canceled)
	is(t, "one that waits", <-errs, context.Canceled)
	must(t, p.PutContext(ctx, messageOf(1, 1)))
	is(t, "PutContext", p.PutContext(ctx, messageOf(1, 2)), context.Canceled)
	if m, err := c.GetContext(ctx); err != nil || m.N != 1 {
		t.Errorf("GetContext of a message that is there: %v %v", m, err)
	}
}

// One of each, and the next one when that one goes.
func TestSPSCRoles(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 2)
	p, c := ends(t, s)
	_, err := s.Producer()
	is(t, "second producer", err, ring.ErrTaken)
	_, err = s.Consumer()
	var taken *ring.RoleError
	if !errors.As(err, &taken) || taken.Role != "consumer" {
		t.Errorf("second consumer: %v", err)
	}
	got := make(chan error)
	go func() {
		next, err := s.ProducerContext(context.Background())
		if err == nil {
			err = errors.Join(next.Put(messageOf(2, 2)), next.Detach())
		}
		got <- err
	}()
	must(t, p.Put(messageOf(1, 1)))
	must(t, p.Detach())
	is(t, "second Detach", p.Detach(), ring.ErrDetached)
	is(t, "Put", p.Put(messageOf(1, 1)), ring.ErrDetached)
	_, err = p.TryPutN(nil)
	is(t, "TryPutN", err, ring.ErrDetached)
	is(t, "Close", p.Close(), ring.ErrDetached)
	must(t, <-got)
	for n := range uint64(2) {
		if m, err := c.Get(); err != nil || m.N != n+1 {
			t.Errorf("Get: %v %v", m, err)
		}
	}
	must(t, c.Detach())
	_, err = c.Get()
	is(t, "Get", err, ring.ErrDetached)
}

// A handle may go before its ends.
func TestSPSCDetachOfTheHandle(t *testing.T) {
	s, err := ring.NewSPSC[message](3)
	must(t, err)
	p, err := s.Producer()
	must(t, err)
	c, err := s.Consumer()
	must(t, err)
	must(t, s.Detach())
	_, err = s.Producer()
	is(t, "Producer", err, ring.ErrDetached)
	must(t, p.Put(messageOf(1, 1)))
	must(t, p.Detach())
	m, err := c.Get()
	if err != nil || m != messageOf(1, 1) {
		t.Errorf("Get: %v %v", m, err)
	}
	must(t, c.Detach())
}

func TestSPSCCapacity(t *testing.T) {
	seg := segment(t)
	for _, n := range []int{0, -1, ring.MaxSPSC + 1} {
		_, err := ring.NewSPSCIn[byte](seg, "x", n)
		is(t, "capacity", err, ring.ErrCapacity)
	}
}
