package ring_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func init() { shmtest.Register("spsc", beSPSC) }

// spscEnd is a helper process: it has an end, and does what it is told.
type spscEnd struct {
	s *ring.SPSC[message]
	p *ring.Producer[message]
	c *ring.Consumer[message]
}

func beSPSC(c *shmtest.Child) {
	e := spscEnd{s: new(ring.SPSC[message])}
	c.Must(e.s.UnmarshalText([]byte(c.Args[0])))
	for c.Say("ready"); ; {
		what, n := c.Hear(), uint64(0)
		what, rest, _ := strings.Cut(what, " ")
		fmt.Sscan(rest, &n)
		c.Say(e.do(c, what, n))
	}
}

func (e *spscEnd) do(c *shmtest.Child, what string, n uint64) (err error) {
	var m message
	var at *message
	switch what {
	case "producer":
		e.p, err = e.s.Producer()
	case "consumer":
		e.c, err = e.s.Consumer()
	case "put":
		err = e.p.Put(messageOf(1, n))
	case "flood": // until it is killed
		go c.Park() // ends with the test
		for c.Say("floods"); err == nil; n++ {
			err = e.p.Put(messageOf(1, n))
		}
	case "claim": // and leave it half-written
		if at, err = e.p.Claim(); err == nil {
			at.From = 99
		}
	case "get":
		if m, err = e.c.Get(); err == nil && m != messageOf(1, n) {
			err = fmt.Errorf("got %+v, want %d", m, n)
		}
	case "peek":
		if at, err = e.c.Peek(); err == nil && *at != messageOf(1, n) {
			err = fmt.Errorf("peeked %+v, want %d", *at, n)
		}
	case "close":
		err = e.p.Close()
	}
	return err
}

func startSPSC(t *testing.T, s *ring.SPSC[message]) *shmtest.Process {
	t.Helper()
	text, err := s.MarshalText()
	must(t, err)
	p := shmtest.Start(t, "spsc", string(text))
	p.Expect("ready")
	return p
}

func ask(t *testing.T, p *shmtest.Process, what string) {
	t.Helper()
	p.Send(what)
	p.Expect("<nil>")
}

// A producer that is killed: what it had published is there, what it had claimed is not,
// the consumer is told, and the next producer goes on.
func TestSPSCProducerDies(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 4)
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	child := startSPSC(t, s)
	ask(t, child, "producer")
	ask(t, child, "put 0")
	ask(t, child, "put 1")
	ask(t, child, "claim")
	_, err = s.Producer()
	is(t, "Producer of a living one", err, ring.ErrTaken)
	var taken *ring.RoleError
	if !errors.As(err, &taken) || int(taken.PID) != child.PID() {
		t.Errorf("%v, want pid %d", err, child.PID())
	}
	child.Kill()
	for n := range uint64(2) {
		m, err := c.Get()
		must(t, err)
		if m != messageOf(1, n) {
			t.Errorf("got %+v, want %d", m, n)
		}
	}
	for range 2 {
		_, err = c.Get()
		is(t, "Get after the death", err, ring.ErrPeerDied)
		_, err = c.TryGet()
		is(t, "TryGet after the death", err, ring.ErrPeerDied)
	}
	p, err := s.Producer()
	must(t, err)
	defer p.Detach()
	if !p.TookOver() {
		t.Error("nobody says that the last producer died")
	}
	_, err = c.TryGet()
	is(t, "Get when there is a producer again", err, ring.ErrEmpty)
	must(t, p.Put(messageOf(1, 2)))
	if m, err := c.Get(); err != nil || m != messageOf(1, 2) {
		t.Errorf("got %+v, %v", m, err)
	}
}

// A consumer that is killed with an item in hand: the next one gets that.
func TestSPSCConsumerDies(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 2)
	p, err := s.Producer()
	must(t, err)
	defer p.Detach()
	child := startSPSC(t, s)
	ask(t, child, "consumer")
	for n := range uint64(2) {
		must(t, p.Put(messageOf(1, n)))
	}
	ask(t, child, "get 0")
	ask(t, child, "peek 1")
	must(t, p.Put(messageOf(1, 2)))
	waits := make(chan error)
	go func() { waits <- p.Put(messageOf(1, 3)) }()
	child.Kill()
	is(t, "Put that waits", <-waits, ring.ErrPeerDied)
	is(t, "TryPut", p.TryPut(messageOf(1, 3)), ring.ErrPeerDied)
	next := startSPSC(t, s)
	ask(t, next, "consumer")
	ask(t, next, "get 1")
	ask(t, next, "get 2")
	must(t, p.Put(messageOf(1, 3)))
	ask(t, next, "get 3")
}

// The kernel tells one that sleeps, and it is the end that it hears of, not the sweep:
// the process is the only one that is attached beside the dead.
func TestSPSCSleeperHearsOfDeath(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 2)
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	waits := make(chan error)
	go func() { _, err := c.Get(); waits <- err }()
	child := startSPSC(t, s) // comes while we sleep
	ask(t, child, "producer")
	child.Signal(syscall.SIGKILL)
	is(t, "Get that waits", <-waits, ring.ErrPeerDied)
}

// Killed at full speed, again and again: each producer goes on where the last one
// ended, and what comes is whole and in order.
func TestSPSCFlood(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	s := newSPSC(t, 64)
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	next := uint64(0)
	for round := range uint64(10) {
		child := startSPSC(t, s)
		ask(t, child, "producer")
		child.Send(fmt.Sprint("flood ", next))
		child.Expect("floods")
		for n := uint64(0); ; n++ {
			if n == 1000*round {
				child.Signal(syscall.SIGKILL)
			}
			m, err := c.Get()
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

// Another process closes.
func TestSPSCCloseElsewhere(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	s := newSPSC(t, 2)
	c, err := s.Consumer()
	must(t, err)
	defer c.Detach()
	child := startSPSC(t, s)
	ask(t, child, "producer")
	waits := make(chan error)
	go func() { _, err := c.Get(); waits <- err }()
	ask(t, child, "close")
	is(t, "Get that waits", <-waits, ring.ErrClosed)
	child.Kill()
	_, err = c.Get()
	is(t, "Get after close and death", err, ring.ErrClosed)
}
