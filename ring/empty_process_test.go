package ring_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

func init() { shmtest.Register("emptier", beEmptier) }

// beEmptier says how many messages it sees, and takes one, each time it is told to.
func beEmptier(c *shmtest.Child) {
	q := new(ring.Queue[message])
	c.Must(q.UnmarshalText([]byte(c.Args[0])))
	defer q.Detach()
	for {
		c.Say(strconv.Itoa(q.Len()))
		if c.Hear() == "end" {
			return
		}
		_, err := q.Get()
		c.Must(err)
	}
}

// Whether a queue is empty, each process sees of what the other does.
//
// conformance: Q-11
func TestEmptyElsewhere(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	q := newQueue(t, 4)
	text, err := q.MarshalText()
	must(t, err)
	p := shmtest.Start(t, "emptier", string(text))
	p.Expect("0")
	must(t, q.Put(messageOf(1, 1)))
	if q.Len() != 1 {
		t.Errorf("%d messages after a put", q.Len())
	}
	p.Send("take")
	p.Expect("0")
	if q.Len() != 0 {
		t.Errorf("%d messages after another process took the one", q.Len())
	}
	p.Send("end")
	p.Wait()
}

// A handle that is given up neither puts nor gets.
//
// conformance: Q-14
func TestBothEndsAreClosed(t *testing.T) {
	q := newQueue(t, 1)
	must(t, q.Detach())
	_, get := q.TryGet()
	_, wait := q.Get()
	for _, err := range []error{q.TryPut(message{}), q.Put(message{}), get, wait, q.Close(), q.Detach()} {
		if !errors.Is(err, ring.ErrDetached) {
			t.Errorf("after Detach: %v", err)
		}
	}
}
