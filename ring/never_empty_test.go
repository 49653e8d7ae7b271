package ring_test

import (
	"errors"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func init() {
	shmtest.Register("recycles", recycle)
	shmtest.Register("hoards", hoard)
}

// recycle takes messages and puts them back, for ever. It never finds none.
func recycle(c *shmtest.Child) {
	q := new(ring.Queue[message])
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	c.Say("recycles")
	for {
		l, err := q.TryLease()
		c.Must(err)
		m := *l.Value
		c.Must(l.Ack())
		c.Must(q.TryPut(m))
	}
}

// From whom the message is that comes back.
const cameBack = 7

// seeing fails if there is nothing, and tells whether m came back.
func seeing(t *testing.T, m message, err error) bool {
	t.Helper()
	must(t, err)
	return m.From == cameBack
}

// R2: a consumer is killed with a message while the queue is never empty, and nobody who
// takes messages waits or finds none. The message comes back all the same.
func TestComesBackWhileNeverEmpty(t *testing.T) {
	for _, capacity := range []int{16, 1000} {
		for _, alone := range []bool{true, false} {
			for name, take := range map[string]func(t *testing.T, q *ring.Queue[message]) bool{
				"lease": takeLease, "get": takeGet, "many": takeMany, "nack": takeNack,
			} {
				if name != "lease" && !alone {
					continue // who gets it there is left to chance
				}
				t.Run(name, func(t *testing.T) { comesBack(t, name, capacity, alone, take) })
			}
		}
	}
}

// comesBack has a message be held by one who is killed, of so many that there is always one
// for whoever takes some.
func comesBack(t *testing.T, name string, capacity int, alone bool, take func(*testing.T, *ring.Queue[message]) bool) {
	shmtest.Watchdog(t, 2*time.Minute)
	q := newQueue(t, capacity)
	must(t, q.Put(messageOf(cameBack, 0)))
	text := handleText(t, q)
	holder := shmtest.Start(t, "holder", text)
	holder.Expect("holds")
	for n := range uint64(8) {
		must(t, q.Put(messageOf(1, n)))
	}
	if !alone {
		other := shmtest.Start(t, "recycles", text)
		other.Expect("recycles")
	}
	holder.Kill()
	for !take(t, q) {
	}
	if n := q.Info().Redelivered; n != 1 && name != "nack" {
		t.Errorf("%d messages were delivered again, want 1", n)
	}
}

func takeLease(t *testing.T, q *ring.Queue[message]) bool {
	l, err := q.TryLease()
	must(t, err)
	m := *l.Value
	again := seeing(t, m, err)
	must(t, l.Ack())
	must(t, q.TryPut(m))
	return again
}

func takeGet(t *testing.T, q *ring.Queue[message]) bool {
	m, err := q.Get()
	must(t, q.TryPut(m))
	return seeing(t, m, err)
}

func takeMany(t *testing.T, q *ring.Queue[message]) (again bool) {
	list := make([]message, 5)
	n, err := q.GetN(list)
	must(t, err)
	for _, m := range list[:n] {
		again = again || m.From == cameBack
	}
	_, err = q.PutN(list[:n])
	must(t, err)
	return again
}

// takeNack gives all back that it takes, but for what came back: so the next ticket to take
// stays the same.
func takeNack(t *testing.T, q *ring.Queue[message]) bool {
	l, err := q.TryLease()
	must(t, err)
	if l.Value.From != cameBack {
		must(t, l.Nack())
		return false
	}
	if l.Deliveries() != 1 {
		t.Errorf("delivered %d times before, want 1", l.Deliveries())
	}
	must(t, l.Ack())
	return true
}

// hoard takes all the blocks that are free, and keeps them.
func hoard(c *shmtest.Child) {
	q := new(ring.Queue[message])
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	for {
		if _, err := q.TryLoan(); errors.Is(err, ring.ErrFull) {
			break
		}
	}
	c.Say("hoards")
	c.Park()
}

// R4: what a dead producer was filling is there for whoever runs short of blocks, also if
// that one does not wait.
func TestLoansOfTheDeadWhileShort(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 2)
	producer := shmtest.Start(t, "hoards", handleText(t, q))
	producer.Expect("hoards")
	is(t, "TryLoan", second(q.TryLoan()), ring.ErrFull)
	is(t, "TryPut", q.TryPut(messageOf(1, 1)), ring.ErrFull)
	producer.Kill()
	must(t, q.TryPut(messageOf(1, 1)))
	l, err := q.TryLoan()
	must(t, err)
	must(t, l.Abandon())
	whole(t, q, 2)
}

func second[A, B any](_ A, b B) B { return b }
