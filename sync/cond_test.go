package sync_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { shmtest.Register("cond", condOnRequest) }

// condOnRequest opens a condition by its text and does what it is told.
func condOnRequest(c *shmtest.Child) {
	var cond shsync.Cond
	c.Must(cond.UnmarshalText([]byte(c.Args[0])))
	m := cond.Mutex()
	c.Say("ready")
	for {
		switch c.Hear() {
		case "lock":
			c.Say(errorName(m.Lock()))
		case "unlock":
			c.Say(errorName(m.Unlock()))
		case "consistent":
			c.Say(errorName(m.MarkConsistent()))
		case "wait":
			c.Say("wait", errorName(cond.Wait()))
		case "notify":
			c.Say(errorName(cond.Notify(1)))
		case "all":
			c.Say(errorName(cond.NotifyAll()))
		}
	}
}

// condition is a Cond with its lock, as a test has it.
type condition struct {
	t testing.TB
	*shsync.Cond
	m *shsync.Mutex
}

func newCond(t testing.TB, opts ...shsync.CondOption) condition {
	t.Helper()
	m := newMutex(t)
	c, err := shsync.NewCond(m, opts...)
	must(t, err)
	t.Cleanup(func() {
		if found, err := mustDefault(t).Check(); err != nil || len(found) > 0 {
			t.Errorf("Check: %v %v", found, err)
		}
		c.Close()
	})
	return condition{t, c, m}
}

func mustDefault(t testing.TB) *shm.Segment {
	seg, err := shm.Default()
	must(t, err)
	return seg
}

func (c condition) start() *shmtest.Process {
	c.t.Helper()
	text, err := c.MarshalText()
	must(c.t, err)
	p := shmtest.Start(c.t, "cond", string(text))
	p.Expect("ready")
	return p
}

// waiter is a process that waits.
func (c condition) waiter() *shmtest.Process {
	c.t.Helper()
	p := c.start()
	ask(p, "lock", "<nil>")
	c.send(p, "wait")
	return p
}

// send lets p wait, and returns when it does.
func (c condition) send(p *shmtest.Process, what string) {
	n := c.of(p.PID())
	p.Send(what)
	c.untilOf(p.PID(), n+1)
}

// of counts the waits of a process.
func (c condition) of(pid int) (n int) {
	for _, p := range c.Info().PIDs {
		if int(p) == pid {
			n++
		}
	}
	return n
}

func (c condition) untilOf(pid, n int) {
	for c.of(pid) != n {
		time.Sleep(100 * time.Microsecond)
	}
}

// until returns when so many wait and so many are notified.
func (c condition) until(waiters, notified int) {
	for {
		if info := c.Info(); info.Waiters == waiters && info.Notified == notified {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// locked runs f with the lock held.
func (c condition) locked(f func() error) {
	c.t.Helper()
	err := c.m.Lock()
	if errors.Is(err, shsync.ErrOwnerDied) {
		err = c.m.MarkConsistent()
	}
	must(c.t, err)
	err = f()
	must(c.t, errors.Join(err, c.m.Unlock()))
}

func (c condition) notify(n int) {
	c.t.Helper()
	c.locked(func() error { return c.Notify(n) })
}

// waits is a goroutine that waits once, and sends what it got.
func (c condition) waits(ctx context.Context) chan error {
	n := c.of(os.Getpid())
	got := make(chan error, 1)
	must(c.t, c.m.Lock())
	go func() {
		err := c.WaitContext(ctx)
		if !errors.Is(err, shsync.ErrNotHeld) {
			err = errors.Join(err, c.m.Unlock())
		}
		got <- err
	}()
	c.untilOf(os.Getpid(), n+1)
	return got
}

// Who waits first is notified first, in one process and in several; a notification
// that nobody waits for has no effect.
func TestCondOrder(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	c.notify(3)
	p := c.waiter()
	got := c.waits(context.Background())
	q := c.waiter()
	c.notify(1)
	p.Expect("wait <nil>")
	c.until(2, 0)
	ask(p, "unlock", "<nil>")
	c.notify(1)
	must(t, <-got)
	c.notify(7)
	q.Expect("wait <nil>")
	ask(q, "unlock", "<nil>")
	c.until(0, 0)
}

// conformance: CV-03
func TestCondNotifyN(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	var all []chan error
	for range 6 {
		all = append(all, c.waits(context.Background()))
	}
	c.notify(0)
	c.until(6, 0)
	c.notify(2)
	must(t, errors.Join(<-all[0], <-all[1]))
	c.until(4, 0)
	c.notify(4)
	must(t, errors.Join(<-all[2], <-all[3], <-all[4], <-all[5]))
	c.notify(3)
	c.until(0, 0)
}

// conformance: CV-04, CV-07
func TestCondDeadline(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	c.locked(func() error {
		if err := c.WaitContext(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("WaitContext that has ended: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if err := c.WaitContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitContext: %v", err)
		}
		if err := c.WaitFor(ctx, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitFor: %v", err)
		}
		return c.WaitFor(ctx, func() bool { return true })
	})
	c.until(0, 0)
}

// conformance: CV-09
func TestCondMisuse(t *testing.T) {
	watchdog(t)
	c := newCond(t, shsync.WithWaiters(1))
	for what, err := range map[string]error{
		"Wait": c.Wait(), "Notify": c.Notify(1), "NotifyAll": c.NotifyAll(),
		"WaitFor": c.WaitFor(context.Background(), func() bool { return true }),
	} {
		if !errors.Is(err, shsync.ErrNotHeld) {
			t.Errorf("%s without the lock: %v", what, err)
		}
	}
	got := c.waits(context.Background())
	c.locked(func() error {
		if err := c.Notify(-1); !errors.Is(err, shsync.ErrCount) {
			t.Errorf("Notify(-1): %v", err)
		}
		if err := c.Wait(); !errors.Is(err, shsync.ErrTooMany) {
			t.Errorf("a second Wait where there is one cell: %v", err)
		}
		return c.NotifyAll()
	})
	must(t, <-got)
	for _, n := range []int{-1, 0, 1<<16 + 1} {
		if _, err := shsync.NewCond(c.m, shsync.WithWaiters(n)); !errors.Is(err, shsync.ErrCount) {
			t.Errorf("%d waiters: %v", n, err)
		}
	}
}

// A waiter that is killed is not notified; its cell can be used again.
func TestCondWaiterKilled(t *testing.T) {
	watchdog(t)
	c := newCond(t, shsync.WithWaiters(2))
	for range 5 {
		p := c.waiter()
		q := c.waiter()
		p.Kill()
		c.notify(1)
		q.Expect("wait <nil>")
		ask(q, "unlock", "<nil>")
		p = c.waiter()
		q.Kill()
		p.Kill()
		got := c.waits(context.Background()) // there is room again
		c.notify(1)
		must(t, <-got)
	}
}

// What a waiter was notified of and did not live to see goes to the next one, in the
// same process or another, but to none that came later.
func TestCondNotifiedKilled(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	for range 10 {
		p, q := c.waiter(), c.waiter()
		got := c.waits(context.Background())
		must(t, c.m.Lock())
		must(t, c.Notify(2)) // p and q, who cannot go on
		p.Kill()
		must(t, c.m.Unlock())
		q.Expect("wait <nil>")
		ask(q, "unlock", "<nil>")
		must(t, <-got)
		c.until(0, 0)
		q.Kill()
	}
	p := c.waiter()
	must(t, c.m.Lock())
	must(t, c.Notify(1))
	must(t, c.m.Unlock())
	p.Expect("wait <nil>")
	p.Kill() // it had what it was notified of, and the lock
	q := c.start()
	ask(q, "lock", "died")
	ask(q, "consistent", "<nil>")
	c.send(q, "wait")
	c.notify(1)
	q.Expect("wait <nil>")
}

// The warning of a death goes on through Wait, and is told with the lock.
func TestCondOwnerDied(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	got := c.waits(context.Background())
	p := c.start()
	ask(p, "lock", "<nil>")
	ask(p, "notify", "<nil>")
	p.Kill()
	if err := <-got; !errors.Is(err, shsync.ErrOwnerDied) {
		t.Fatalf("Wait: %v", err)
	}
	if err := c.m.Lock(); !errors.Is(err, shsync.ErrNotRecoverable) {
		t.Errorf("after Unlock without repair: %v", err)
	}
}

func TestCondUnrepaired(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	p := c.start()
	ask(p, "lock", "<nil>")
	p.Kill()
	if err := c.m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Fatalf("Lock: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	err := c.WaitContext(ended)
	if !errors.Is(err, shsync.ErrOwnerDied) || !errors.Is(err, context.Canceled) {
		t.Errorf("WaitContext with a lock that is not repaired: %v", err)
	}
	must(t, c.m.MarkConsistent())
	must(t, c.m.Unlock())
}

func TestCondClosed(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	got := c.waits(context.Background())
	other := c.waits(context.Background())
	must(t, c.Cond.Close())
	for _, g := range []chan error{got, other} {
		if err := <-g; !errors.Is(err, shsync.ErrClosed) || errors.Is(err, shsync.ErrNotHeld) {
			t.Errorf("waiter through a closed handle: %v", err)
		}
	}
	must(t, c.m.Lock())
	_, handleErr := c.Handle()
	for what, err := range map[string]error{
		"Wait": c.Wait(), "Notify": c.Notify(1), "Close": c.Cond.Close(), "Handle": handleErr,
		"WaitFor": c.WaitFor(context.Background(), func() bool { return true }),
	} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	must(t, c.m.Unlock())
	if c.Info() != nil || c.String() != "Cond(closed)" {
		t.Errorf("closed: %v", c)
	}
	another, err := shsync.NewCond(c.m)
	must(t, err)
	must(t, another.Close())
}

func TestCondNamed(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	defer m.Close()
	c, err := shsync.NewCondIn(seg, "cond", m)
	must(t, err)
	defer c.Close()
	if _, err := shsync.NewCondIn(seg, "cond", m); !errors.Is(err, shm.ErrExists) {
		t.Errorf("second NewCondIn: %v", err)
	}
	if _, err := shsync.NewCondIn(seg, "other", newMutex(t)); !errors.Is(err, shsync.ErrSegment) {
		t.Errorf("a lock of another segment: %v", err)
	}
	if _, err := shsync.OpenCond(seg, "lock"); !errors.Is(err, shm.ErrType) {
		t.Errorf("OpenCond of a Mutex: %v", err)
	}
	c2, err := shsync.OpenCond(seg, "cond")
	must(t, err)
	defer c2.Close()
	got := condition{t, c, m}.waits(context.Background())
	info, err := seg.Info()
	must(t, err)
	found := false
	for _, o := range info.Objects {
		found = found || o.Kind == "Cond" && strings.HasPrefix(o.Sync, "1 wait: pid ")
	}
	if !found || !strings.Contains(c.String(), "1 wait: pid ") {
		t.Errorf("%+v, %v", info.Objects, c)
	}
	must(t, c2.Mutex().Lock())
	must(t, c2.NotifyAll())
	must(t, c2.Mutex().Unlock())
	must(t, <-got)
	violations, err := seg.Check()
	if err != nil || len(violations) > 0 {
		t.Errorf("Check: %v %v", violations, err)
	}
}

// Goroutines hand a number round: each waits for its turn.
func TestCondTurns(t *testing.T) {
	watchdog(t)
	c := newCond(t)
	const players, rounds = 5, 200
	turn := 0
	var all sync.WaitGroup
	for me := range players {
		all.Go(func() {
			for range rounds {
				c.locked(func() error {
					err := c.WaitFor(context.Background(), func() bool { return turn%players == me })
					turn++
					return errors.Join(err, c.NotifyAll())
				})
			}
		})
	}
	all.Wait()
	if turn != players*rounds {
		t.Errorf("%d turns", turn)
	}
	c.until(0, 0)
}

func init() { shmtest.Register("cond-count", countAndNotify) }

// countAndNotify adds 4 to the counter of a segment, step by step.
func countAndNotify(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	cond, err := shsync.OpenCond(seg, "cond")
	c.Must(err)
	o, err := seg.OpenObject("counter", counterSpec())
	c.Must(err)
	for range 4 {
		c.Must(cond.Mutex().Lock())
		shm.Items[uint64](o)[0]++
		c.Must(errors.Join(cond.Notify(1), cond.Mutex().Unlock()))
	}
	c.Say("counted")
}

// conformance: CV-05
func TestCondWaitFor(t *testing.T) {
	watchdog(t)
	seg, m, counter := counterSegment(t)
	c, err := shsync.NewCondIn(seg, "cond", m)
	must(t, err)
	defer c.Close()
	must(t, m.Lock())
	p := shmtest.Start(t, "cond-count", seg.Path())
	calls := 0
	must(t, c.WaitFor(context.Background(), func() bool { calls++; return counter[0] == 4 }))
	must(t, m.Unlock())
	p.Expect("counted")
	if calls < 2 || calls > 5 {
		t.Errorf("looked %d times", calls)
	}
}
