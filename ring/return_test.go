package ring_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/ring"
)

// A message of a closed queue that has come back is there, whatever those who looked before
// have noted, and whether or not the one who gave it back is stopped.
func TestClosedAndComingBack(t *testing.T) {
	q := newQueue(t, 2)
	must(t, q.Put(messageOf(1, 1)))
	l, err := q.Lease()
	must(t, err)
	must(t, q.Close())
	err = l.NackInSteps(func() {
		q.TryGet() // which notes that it saw nothing that came back
	}, func() {
		if m, err := q.TryGet(); err != nil || m != messageOf(1, 1) {
			t.Errorf("TryGet: %v %v", m, err)
		}
	})
	must(t, err)
	if _, err := q.TryGet(); !errors.Is(err, ring.ErrClosed) {
		t.Errorf("TryGet: %v", err)
	}
}

// Of so many messages that everybody else can have one in hand and one is left, somebody who
// asks gets one, whether they are put or given back.
func TestOneIsLeft(t *testing.T) {
	const parties, rounds = 3, 30_000
	shmtest.Watchdog(t, 2*time.Minute)
	q := newQueue(t, parties+1)
	for n := range uint64(parties + 1) {
		must(t, q.Put(messageOf(9, n)))
	}
	var all sync.WaitGroup
	var empty atomic.Int64
	for party := range parties {
		all.Go(func() {
			for n := range rounds {
				l, err := q.TryLease()
				if err != nil {
					empty.Add(1)
					continue
				}
				if (n+party)%4 == 0 {
					must(t, l.Nack())
					continue
				}
				m := *l.Value
				must(t, l.Ack())
				must(t, q.Put(m))
			}
		})
	}
	all.Wait()
	if n := empty.Load(); n > 0 {
		t.Errorf("%d times there was nothing", n)
	}
}
