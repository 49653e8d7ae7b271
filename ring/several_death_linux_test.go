package ring_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func init() {
	shmtest.Register("holder", beHolder)
	shmtest.Register("waiter", beWaiter)
}

// beHolder takes a message and keeps it.
func beHolder(c *shmtest.Child) {
	q := new(ring.Queue[message])
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	_, err := q.Lease()
	c.Must(err)
	c.Say("holds")
	c.Park()
}

// beWaiter waits for all queues that are named, and takes nothing.
func beWaiter(c *shmtest.Child) {
	var ws []ring.Waitable
	for _, text := range c.Args {
		q := new(ring.Queue[message])
		c.Must(q.UnmarshalText([]byte(text)))
		ws = append(ws, q)
	}
	go func() {
		for {
			_, err := ring.Wait(context.Background(), ws...)
			c.Must(err)
			time.Sleep(time.Millisecond) // it is ready until somebody takes something
		}
	}()
	slumber(1)
	c.Say("waits")
	c.Park()
}

// pidfd is the descriptor of a process.
func pidfd(t *testing.T, pid int) *os.File {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0) // a blocking one: that stays its own business
	must(t, err)
	f := os.NewFile(uintptr(fd), "pidfd")
	t.Cleanup(func() { f.Close() })
	return f
}

// A process that ends is ready by its pidfd, beside queues that are not. So it is again,
// and in two waits at once.
func TestWaitForProcess(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 1)
	must(t, q.Put(messageOf(1, 1)))
	text, err := q.MarshalText()
	must(t, err)
	child := shmtest.Start(t, "holder", string(text))
	child.Expect("holds")
	f := pidfd(t, child.PID())
	other := newQueue(t, 1)
	sentinel := ring.Readable(f)
	found := make(chan []ring.Waitable)
	for range 2 {
		go func() {
			ready, err := ring.Wait(context.Background(), other, sentinel)
			must(t, err)
			found <- ready
		}()
	}
	slumber(2)
	child.Signal(syscall.SIGKILL)
	for range 2 {
		if ready := <-found; !slices.Equal(ready, []ring.Waitable{sentinel}) {
			t.Errorf("%v are ready, want the process", ready)
		}
	}
	ready, err := ring.Wait(context.Background(), sentinel, q)
	if err != nil || len(ready) == 0 || ready[0] != sentinel {
		t.Errorf("again: %v, %v", ready, err)
	}
	child.Kill()
}

// What a dead process had taken comes back, and wakes who waits.
func TestWaitForWhatTheDeadHad(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	qs, ws := queuesIn(t, segment(t), 3, 1)
	must(t, qs[1].Put(messageOf(1, 1)))
	text, err := qs[1].MarshalText()
	must(t, err)
	child := shmtest.Start(t, "holder", string(text))
	child.Expect("holds")
	found := make(chan []ring.Waitable)
	go func() {
		ready, err := ring.Wait(context.Background(), ws...)
		must(t, err)
		found <- ready
	}()
	slumber(1)
	child.Kill()
	if ready := <-found; !slices.Equal(ready, ws[1:2]) {
		t.Errorf("%v are ready, want the second one", ready)
	}
	l, err := qs[1].TryLease()
	must(t, err)
	if l.Deliveries() != 1 {
		t.Errorf("delivered %d times before, want 1", l.Deliveries())
	}
	must(t, l.Ack())
}

// The producer of a stream dies: its consumer is ready, with what it had published and then
// the end.
func TestWaitForDeathOfPeer(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s, q := newSPSC(t, 4), newQueue(t, 1)
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	child := startSPSC(t, s)
	ask(t, child, "producer")
	found := make(chan []ring.Waitable)
	wait := func() {
		ready, err := ring.Wait(context.Background(), q, c)
		must(t, err)
		found <- ready
	}
	go wait()
	slumber(1)
	ask(t, child, "put 0")
	if ready := <-found; !slices.Equal(ready, []ring.Waitable{c}) {
		t.Errorf("%v are ready, want the consumer", ready)
	}
	_, err = c.TryGet()
	must(t, err)
	go wait()
	slumber(1)
	child.Signal(syscall.SIGKILL)
	if ready := <-found; !slices.Equal(ready, []ring.Waitable{c}) {
		t.Errorf("%v are ready, want the consumer", ready)
	}
	_, err = c.TryGet()
	is(t, "TryGet", err, ring.ErrPeerDied)
	child.Kill()
	p, err := s.Producer() // somebody else goes on: it is not ready any more
	must(t, err)
	defer p.Detach()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = ring.Wait(ctx, c)
	is(t, "Wait with a new producer", err, context.Canceled)
}

// Processes that are killed in their Waits, again and again, disturb nobody, whatever
// wake-ups they had.
func TestWaitersAreKilled(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	qs, _ := queuesIn(t, segment(t), 2, 2)
	var texts []string
	for _, q := range qs {
		text, err := q.MarshalText()
		must(t, err)
		texts = append(texts, string(text))
	}
	for range 10 {
		waiter := shmtest.Start(t, "waiter", texts...)
		waiter.Expect("waits")
		got := make(chan error, len(qs))
		for _, q := range qs {
			go func() { _, err := q.Get(); got <- err }()
		}
		slumber(len(qs))
		for i, q := range qs {
			must(t, q.Put(messageOf(1, 1)))
			if i == 0 {
				waiter.Signal(syscall.SIGKILL)
			}
		}
		for range qs {
			must(t, <-got)
		}
		waiter.Kill()
	}
	for _, q := range qs {
		if _, err := q.TryGet(); !errors.Is(err, ring.ErrEmpty) {
			t.Errorf("%v at the end", q)
		}
	}
}
