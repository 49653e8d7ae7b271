package manager_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/ring"
)

// In this file producers and consumers are killed at random. The laws:
//
//   - a message whose Put returned is seen by a consumer, unless that one takes messages by
//     Get and was killed after Get had acknowledged and before it could say so: one for each
//     such kill at most;
//   - nobody gets a message of which somebody said that Ack, or Get, had returned;
//   - the queue is empty in the end, and nobody waits.

func init() {
	shmtest.Register("queue-producer", func(c *shmtest.Child) {
		q, err := manager.OpenQueue[string](dialed(c), "q")
		c.Must(err)
		for n := 0; ; n++ {
			id := fmt.Sprint(c.Args[2], ".", n)
			c.Must(q.Put(id))
			c.Say("put " + id)
		}
	})
	shmtest.Register("queue-consumer", func(c *shmtest.Child) {
		q, err := manager.OpenQueue[string](dialed(c), "q")
		c.Must(err)
		for {
			if c.Args[2] == "get" {
				id, err := q.Get()
				c.Must(err)
				c.Say("done " + id)
				continue
			}
			l, err := q.Lease()
			c.Must(err)
			c.Say("see " + *l.Value)
			c.Must(l.Ack())
			c.Say("done " + *l.Value)
		}
	})
}

// ledger is what the processes have told.
type ledger struct {
	mu              sync.Mutex
	put, seen, done map[string]bool
	twice           []string
}

func (l *ledger) note(line string) {
	verb, id, _ := strings.Cut(line, " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	switch verb {
	case "put":
		l.put[id] = true
	case "done":
		if l.done[id] {
			l.twice = append(l.twice, id)
		}
		l.done[id] = true
		fallthrough
	case "see":
		l.seen[id] = true
	}
}

// awaitFlow returns when messages have come through: processes that start slowly would be
// killed before they do anything.
func (l *ledger) awaitFlow() {
	for flows := false; !flows; time.Sleep(time.Millisecond) { // the watchdog waits with us
		l.mu.Lock()
		flows = len(l.put) > 0 && len(l.done) > 0
		l.mu.Unlock()
	}
}

// victim is a process that is killed again and again, and replaced.
type victim struct {
	w      *world
	l      *ledger
	helper string
	arg    string
	p      *shmtest.Process
	read   chan struct{}
}

var victims int

func (v *victim) start(t testing.TB) {
	victims++
	arg := v.arg
	if arg == "" {
		arg = fmt.Sprint(victims)
	}
	p, read := v.w.start(t, v.helper, arg), make(chan struct{})
	v.p, v.read = p, read
	go func() {
		defer close(read)
		for line, ok := p.Next(); ok; line, ok = p.Next() {
			v.l.note(line)
		}
	}()
}

// kill kills the process, and returns when all that it said is known.
func (v *victim) kill() {
	v.p.Kill()
	<-v.read
}

// conformance: Q-15
func TestQueueKills(t *testing.T) {
	for family, kills := range map[string]int{"shm": 200, "unix": 60, "tcp": 60} {
		if testing.Short() {
			kills /= 10
		}
		t.Run(family, func(t *testing.T) {
			shmtest.Watchdog(t, 3*time.Minute)
			killClients(t, newWorld(t, family), kills)
		})
	}
}

func killClients(t *testing.T, w *world, kills int) {
	q, err := manager.NewQueue[string](w.dial(t), 16, manager.Named("q"))
	must(t, err)
	l := &ledger{put: map[string]bool{}, seen: map[string]bool{}, done: map[string]bool{}}
	all := []*victim{
		{w: w, l: l, helper: "queue-producer"}, {w: w, l: l, helper: "queue-producer"},
		{w: w, l: l, helper: "queue-consumer", arg: "get"}, {w: w, l: l, helper: "queue-consumer", arg: "lease"},
	}
	for _, v := range all {
		v.start(t)
	}
	l.awaitFlow()
	seed := rand.Uint64()
	rng, blind := rand.New(rand.NewPCG(seed, 0)), 0
	for range kills {
		v := all[rng.IntN(len(all))]
		time.Sleep(time.Duration(rng.IntN(int(20 * time.Millisecond)))) // it is killed at any moment
		v.kill()
		if v.arg == "get" {
			blind++
		}
		v.start(t)
	}
	for _, v := range all {
		v.kill()
		if v.arg == "get" {
			blind++
		}
	}
	must(t, q.Close())
	for id, err := range q.All() {
		must(t, err)
		l.note("done " + id)
	}
	l.judge(t, blind, seed)
	i, err := q.Info()
	must(t, errors.Join(err, differs(i.Unfinished, 0)))
	if i.Getting || i.Putting {
		t.Errorf("somebody waits: %+v", i)
	}
	_, err = q.TryGet()
	is(t, "Get of a closed queue", err, ring.ErrClosed)
	t.Logf("%d kills, %d puts acknowledged, %d messages done, %d redelivered", kills, len(l.put), len(l.done), i.Redelivered)
}

// judge looks for what is missing, or was got twice; so many may be missing.
func (l *ledger) judge(t *testing.T, blind int, seed uint64) {
	t.Helper()
	var lost []string
	for id := range l.put {
		if !l.seen[id] {
			lost = append(lost, id)
		}
	}
	if len(lost) > blind || len(l.twice) > 0 {
		t.Errorf("seed %d: %d messages are lost, of which %d may be: %v; got after they were done: %v", seed, len(lost), blind, lost, l.twice)
	}
	if len(l.put) == 0 || len(l.done) == 0 {
		t.Errorf("%d messages were put, %d were done", len(l.put), len(l.done))
	}
}
