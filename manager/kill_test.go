package manager_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/manager"
	"shmkit/ring"
	shsync "shmkit/sync"
)

// In this file clients are killed at random, in the middle of whatever call. The laws:
//
//   - no lock, no permit and no message stays with a client that is dead, and nobody waits;
//   - a message is never lost: there is one, which goes from queue to client and back;
//   - whatever a client made that has no name is gone with it: the number of objects and of
//     references is what it was, and so is that of sessions.

func init() { shmtest.Register("any-calls", func(c *shmtest.Child) { callAll(c, dialed(c)) }) }

// callAll calls everything, until it is killed. What it meets of the deaths of others it repairs.
func callAll(child *shmtest.Child, c *manager.Client) {
	m, err := manager.OpenMutex(c, "mutex")
	child.Must(err)
	q, err := manager.OpenQueue[string](c, "queue")
	child.Must(err)
	s, err := manager.OpenSemaphore(c, "semaphore")
	child.Must(err)
	b, err := manager.OpenBarrier(c, "barrier")
	child.Must(err)
	d, err := manager.OpenDict[string, any](c, "dict")
	child.Must(err)
	v, err := manager.OpenValue[int](c, "value")
	child.Must(err)
	cond, err := manager.OpenCond(c, "cond")
	child.Must(err)
	child.Say("begun")
	for i := 0; ; i++ {
		switch rand.IntN(8) {
		case 0:
			child.Must(m.With(func(bool) error { return nil }))
		case 1:
			l, err := q.Lease()
			child.Must(err)
			child.Must(l.Nack())
		case 2:
			child.Must(s.Acquire())
			child.Must(s.Release())
		case 3:
			ctx, cancel := context.WithTimeout(background, time.Millisecond)
			_, err := b.WaitContext(ctx)
			cancel()
			if errors.Is(err, shsync.ErrBroken) {
				err = b.Reset()
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				child.Must(err)
			}
		case 4:
			l, err := manager.NewList(c, []int{1, 2, 3})
			child.Must(err)
			child.Must(d.Set("list", l))
			child.Must(l.Close())
		case 5:
			_, err := v.Add(1)
			child.Must(err)
			x, err := manager.NewValue(c, i)
			child.Must(err)
			child.Must(x.Close())
		case 6:
			child.Must(m.With(func(bool) error { return cond.Notify(1) }))
		default:
			n, err := manager.NewQueue[int](c, 1)
			child.Must(err)
			child.Must(n.Put(i))
			_, err = n.Get()
			child.Must(err)
		}
	}
}

// conformance: MG-04
func TestClientsKilled(t *testing.T) {
	kills := 50
	if *full {
		kills = 1000
	}
	shmtest.Need("any-calls")
	for _, family := range families {
		t.Run(family, func(t *testing.T) { killCallers(t, family, kills) })
	}
}

func killCallers(t *testing.T, family string, kills int) {
	shmtest.Watchdog(t, 20*time.Minute)
	w := newWorld(t, family)
	c := w.dial(t)
	m, err := manager.NewMutex(c, manager.Named("mutex"))
	must(t, err)
	q, err := manager.NewQueue[string](c, 0, manager.Named("queue"))
	must(t, err)
	s, err := manager.NewSemaphore(c, 2, manager.Named("semaphore"))
	must(t, err)
	b, err := manager.NewBarrier(c, 3, manager.Named("barrier"))
	must(t, err)
	d, err := manager.NewDict[string, any](c, nil, manager.Named("dict"))
	must(t, err)
	v, err := manager.NewValue(c, 0, manager.Named("value"))
	must(t, err)
	cond, err := manager.NewCond(m, manager.Named("cond"))
	must(t, err)
	must(t, q.Put("the message"))
	must(t, d.Set("list", 0))
	before := census(t, c)

	var all []*shmtest.Process
	for range kills {
		if len(all) == 3 {
			i := rand.IntN(len(all))
			time.Sleep(rand.N(5 * time.Millisecond)) // a time to die, in the middle of something
			all[i].Kill()
			all = append(all[:i], all[i+1:]...)
		}
		p := w.start(t, "any-calls")
		p.Expect("begun")
		all = append(all, p)
	}
	for _, p := range all {
		p.Kill()
	}
	if err := m.Lock(); err != nil {
		is(t, "Lock after all the deaths", err, shsync.ErrOwnerDied)
		must(t, m.MarkConsistent())
	}
	must(t, m.Unlock())
	for range 2 {
		must(t, s.Acquire())
	}
	for range 2 {
		must(t, s.Release())
	}
	if x, err := q.Get(); x != "the message" || err != nil {
		t.Errorf("Get: %q, %v", x, err)
	}
	_, err = q.TryGet()
	is(t, "TryGet", err, ring.ErrEmpty)
	must(t, q.Put("the message"))
	for last := ""; last != before; last = census(t, c) {
		// The watchdog waits with us, for connections to end. What the dead have sent is
		// done before.
		must(t, d.Set("list", 0))
		time.Sleep(time.Millisecond)
	}
	for _, handle := range []any{m, q, s, b, d, v, cond} {
		runtime.KeepAlive(handle) // each is a reference that is counted
	}
	t.Logf("%d clients killed; left are %s", kills, before)
}

// census is the objects there are, and how many references each has.
func census(t *testing.T, c *manager.Client) (all string) {
	t.Helper()
	list, err := c.Objects(background)
	must(t, err)
	for _, o := range list {
		all += fmt.Sprintf("%s %s %d; ", o.Type, o.Name, o.References)
	}
	return all
}
