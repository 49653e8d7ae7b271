package ring_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
	"shmkit/shm"
)

// The requirements of docs/queue.md that are shown with processes that are stopped or killed
// at any time. At every instruction they are in internal/crash.

func init() {
	shmtest.Register("busy", meddle)
	shmtest.Register("sends", sends)
	shmtest.Register("takes", takes)
}

// meddle does everything that one may do with a queue, for ever.
func meddle(c *shmtest.Child) {
	var q ring.Queue[message]
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	seed, _ := strconv.Atoi(c.Args[1])
	rng := rand.New(rand.NewPCG(uint64(seed), 5))
	c.Say("busy")
	for n := uint64(0); ; n++ {
		switch rng.IntN(4) {
		case 0:
			q.TryPut(messageOf(99, n))
		case 1:
			q.TryGet()
		case 2:
			if l, err := q.TryLoan(); err == nil {
				*l.Value = messageOf(99, n)
				if l.TryPublish() != nil {
					l.Abandon()
				}
			}
		default:
			if l, err := q.TryLease(); err == nil && n%2 > 0 {
				l.Nack()
			} else if err == nil {
				l.Ack()
			}
		}
	}
}

// R1, R5: others are stopped, each wherever it is. Nobody waits for them, and there is room
// for as many messages as ever, in order.
func TestStoppedHoldUpNobody(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const capacity = 4
	q := newQueue(t, capacity)
	text, err := q.MarshalText()
	must(t, err)
	var all []*shmtest.Process
	for n := range 4 {
		p := shmtest.Start(t, "busy", string(text), strconv.Itoa(n))
		p.Expect("busy")
		all = append(all, p)
	}
	held := 0
	for range 40 {
		for _, p := range all {
			p.Stop()
		}
		for { // what was in it, and what came back
			m, err := q.TryGet()
			if errors.Is(err, ring.ErrEmpty) {
				break
			}
			must(t, err)
			if !m.whole() {
				t.Fatalf("torn: %+v", m)
			}
		}
		for turn := range uint64(3) {
			for n := range uint64(capacity) {
				must(t, q.TryPut(messageOf(turn, n)))
			}
			if err := q.TryPut(messageOf(9, 9)); !errors.Is(err, ring.ErrFull) {
				t.Fatalf("one more than the capacity: %v", err)
			}
			for n := range uint64(capacity) {
				if m, err := q.TryGet(); err != nil || m != messageOf(turn, n) {
					t.Fatalf("turn %d: got %+v, %v, want %d", turn, m, err, n)
				}
			}
		}
		held += len(ringOf(t, q).Holdings)
		for _, p := range all {
			p.Cont()
		}
	}
	for _, p := range all {
		p.Kill()
	}
	t.Logf("the stopped had %d blocks in hand", held)
	whole(t, q, capacity)
}

// ringOf is what tools see of q.
func ringOf(t *testing.T, q *ring.Queue[message]) shm.RingInfo {
	t.Helper()
	h, err := q.Handle()
	must(t, err)
	info, err := shm.Inspect(h.Path)
	must(t, err)
	for _, o := range info.Objects {
		if o.Index == h.Index {
			return o.Rings[0]
		}
	}
	t.Fatal("the queue is not there")
	return shm.RingInfo{}
}

// whole: R4, no block has leaked, once somebody has looked after those who died.
func whole(t *testing.T, q *ring.Queue[message], capacity int) {
	t.Helper()
	free(t, q)
	for {
		if _, err := q.TryGet(); err != nil {
			break
		}
	}
	const inFlight = 64
	if n := free(t, q); n != capacity+inFlight {
		t.Errorf("%d blocks are free, want %d: %+v", n, capacity+inFlight, ringOf(t, q))
	}
}

// sends puts numbered messages, and says each before and after.
func sends(c *shmtest.Child) {
	var q ring.Queue[message]
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	from, _ := strconv.Atoi(c.Args[1])
	for n := uint64(0); ; n++ {
		c.Must(q.Put(messageOf(uint64(from), n)))
		c.Say("put", from, n)
	}
}

// takes leases messages, and says each when it has it, before Ack, and after.
func takes(c *shmtest.Child) {
	var q ring.Queue[message]
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	for {
		l, err := q.Lease()
		c.Must(err)
		m := *l.Value
		if !m.whole() {
			c.Say("torn", m.From, m.N, 0)
		}
		c.Say("has", m.From, m.N, l.Deliveries())
		c.Must(l.Ack())
		c.Say("ack", m.From, m.N, 0)
	}
}

// journal is what is known of one message.
type journal struct{ put, has, acked, again int }

// R2, R3, R4: producers and consumers are killed at any time, and others come. Every message
// whose Put returned is acknowledged once, or is in the queue at the end, unless the one who
// had it last was killed before it could say so. Who gets it again is told. None is torn, and
// no block is lost.
func TestNothingLostAmongKills(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	const capacity = 8
	q := newQueue(t, capacity)
	text, err := q.MarshalText()
	must(t, err)
	known, kills := map[string]*journal{}, 0
	of := func(from, n any) *journal {
		key := fmt.Sprint(from, " ", n)
		if known[key] == nil {
			known[key] = new(journal)
		}
		return known[key]
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 7))
	for round := range 30 {
		producer := shmtest.Start(t, "sends", string(text), strconv.Itoa(round))
		consumer := shmtest.Start(t, "takes", string(text))
		p, c := lines(producer), lines(consumer)
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond) // any instant will do
		order := []*shmtest.Process{producer, consumer}
		for i := range order {
			order[(i+round)%2].Signal(syscall.SIGKILL)
		}
		kills += len(order)
		for _, line := range append(<-p, <-c...) { // all of it was read
			noteLine(t, of, line)
		}
		producer.Kill()
		consumer.Kill()
	}
	free(t, q)
	left := map[string]bool{}
	for {
		l, err := q.TryLease()
		if errors.Is(err, ring.ErrEmpty) {
			break
		}
		must(t, err)
		left[fmt.Sprint(l.Value.From, " ", l.Value.N)] = true
		if !l.Value.whole() {
			t.Errorf("torn: %+v", *l.Value)
		}
		must(t, l.Ack())
	}
	settle(t, known, left)
	info := q.Info()
	t.Logf("%d kills, %d messages, %d redelivered, %d left", kills, info.Puts, info.Redelivered, len(left))
	whole(t, q, capacity)
}

// lines are what a helper says until it is killed.
func lines(p *shmtest.Process) <-chan []string {
	all := make(chan []string, 1)
	go func() {
		var list []string
		for {
			line, ok := p.Next()
			if !ok {
				all <- list
				return
			}
			list = append(list, line)
		}
	}()
	return all
}

func noteLine(t *testing.T, of func(from, n any) *journal, line string) {
	t.Helper()
	var what string
	var from, n uint64
	var deliveries int
	if k, _ := fmt.Sscan(line, &what, &from, &n, &deliveries); k < 3 {
		t.Fatalf("helper said %q", line)
	}
	j := of(from, n)
	switch what {
	case "put":
		j.put++
	case "has":
		j.has++
		if deliveries > 0 {
			j.again++
		}
	case "ack":
		j.acked++
	default:
		t.Errorf("helper said %q", line)
	}
}

// settle looks what became of each message.
func settle(t *testing.T, known map[string]*journal, left map[string]bool) {
	t.Helper()
	for key, j := range known {
		switch {
		case j.acked > 1 || j.acked == 1 && left[key]:
			t.Errorf("message %s was delivered again after its Ack: %+v", key, *j)
		case j.put == 1 && j.acked == 0 && j.has == 0 && !left[key]:
			t.Errorf("message %s is lost", key)
		case j.has > 1+j.again:
			t.Errorf("message %s was delivered %d times, and told %d times that it was not the first", key, j.has, j.again)
		}
	}
}
