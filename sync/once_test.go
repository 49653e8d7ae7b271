package sync_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/internal/suite"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	shmtest.Register("once", runOnce)
	world.Add("once", suite.KindOf(func(at suite.Place) (*shsync.Once, error) { return shsync.NewOnceIn(segment(at), "it") }, performOnce))
}

var errRun = errors.New("failed")

// performOnce: "do ok" runs a function that succeeds, "do failed" one that fails. The
// answer tells whether it ran.
func performOnce(o *shsync.Once) suite.Perform {
	return func(args []string) string {
		ran := ""
		f := func() error {
			ran = "ran "
			return map[string]error{"failed": errRun}[args[1]]
		}
		switch args[0] {
		case "do":
			ctx, cancel := suite.Limit(args, 2)
			defer cancel()
			err := o.DoContext(ctx, f)
			return ran + outcomes.Of(err)
		case "try":
			done, err := o.TryDo(f)
			if !done && err == nil {
				return "busy"
			}
			return ran + outcomes.Of(err)
		case "done":
			return map[bool]string{true: "yes", false: "no"}[o.Done()]
		}
		return "what?"
	}
}

func TestSuiteOnce(t *testing.T) {
	world.Everywhere(t, "once", 2, func(s *suite.Stage) {
		s.Play(
			at(0, "done -", "no"),
			at(0, "do failed", "ran failed"),
			at(1, "try failed", "ran failed"),
			at(1, "done -", "no"),
			at(0, "do ok 0", "ran ok"),
			at(0, "do failed", "ok"),
			at(1, "do failed 0", "ok"),
			at(1, "try ok", "ok"),
			at(1, "done -", "yes"),
		)
	})
}

// runOnce runs a function that ends when it is told to.
func runOnce(c *shmtest.Child) {
	var o shsync.Once
	c.Must(o.UnmarshalText([]byte(c.Args[0])))
	c.Say("ready")
	for {
		switch c.Hear() {
		case "do":
			err := o.Do(func() error {
				c.Say("runs")
				if c.Hear() == "fail" {
					return errRun
				}
				return nil
			})
			c.Say(outcomes.Of(err))
		}
	}
}

func newOnce(t testing.TB) *shsync.Once {
	t.Helper()
	o, err := shsync.NewOnce()
	must(t, err)
	t.Cleanup(func() { o.Close() })
	return o
}

func startOnce(t testing.TB, o *shsync.Once) *shmtest.Process {
	t.Helper()
	b, err := o.MarshalText()
	must(t, err)
	p := shmtest.Start(t, "once", string(b))
	p.Expect("ready")
	return p
}

// A run that fails or whose process is killed is left to one of those who wait.
func TestOnceRunnerKilled(t *testing.T) {
	watchdog(t)
	o := newOnce(t)
	p, q, r := startOnce(t, o), startOnce(t, o), startOnce(t, o)
	p.Send("do")
	p.Expect("runs")
	if s := o.String(); !strings.Contains(s, "held by pid") {
		t.Errorf("while it runs: %s", s)
	}
	if done, err := o.TryDo(func() error { return nil }); done || err != nil {
		t.Errorf("TryDo beside a run: %v %v", done, err)
	}
	short, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := o.DoContext(short, func() error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("DoContext beside a run: %v", err)
	}
	q.Send("do")
	for !o.Info().Waiters {
		time.Sleep(100 * time.Microsecond)
	}
	p.Kill()
	q.Expect("runs")
	r.Send("do")
	q.Send("fail")
	q.Expect("failed")
	r.Expect("runs")
	r.Send("succeed")
	r.Expect("ok")
	must(t, o.Do(func() error { t.Error("runs again"); return nil }))
	if s := o.String(); s != "Once(done)" {
		t.Errorf("done: %s", s)
	}
}

// A runner that is killed with the work done, or that nobody waits for, leaves an
// orphan: the next one is not told.
func TestOnceRunnerKilledAlone(t *testing.T) {
	watchdog(t)
	o := newOnce(t)
	p := startOnce(t, o)
	p.Send("do")
	p.Expect("runs")
	p.Kill()
	runs := 0
	must(t, o.Do(func() error { runs++; return nil }))
	must(t, o.Do(func() error { runs++; return nil }))
	if runs != 1 {
		t.Errorf("ran %d times", runs)
	}
}

// Who has waited for a run that succeeds does not run again.
func TestOnceWaiter(t *testing.T) {
	watchdog(t)
	o := newOnce(t)
	end, got := make(chan bool), make(chan error)
	go func() { got <- o.Do(func() error { <-end; return nil }) }()
	for o.Info().State != "held" {
		time.Sleep(100 * time.Microsecond)
	}
	go func() { got <- o.Do(func() error { return errRun }) }()
	asleep(1)
	close(end)
	must(t, <-got)
	must(t, <-got)
}

func TestOncePanics(t *testing.T) {
	o := newOnce(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come through")
			}
		}()
		o.Do(func() error { panic("inside") })
	}()
	if o.Done() {
		t.Error("done")
	}
	must(t, o.Do(func() error { return nil }))
}

func TestOnceMany(t *testing.T) {
	watchdog(t)
	o := newOnce(t)
	runs, seen := 0, 0
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			run := func() error {
				if runs++; runs < 3 {
					return errRun
				}
				seen = 42
				return nil
			}
			for err := o.Do(run); err != nil; err = o.Do(run) {
				if err != errRun {
					t.Error(err)
				}
			}
			if seen != 42 {
				t.Error("not ordered after the run")
			}
		})
	}
	all.Wait()
	if runs != 3 {
		t.Errorf("ran %d times", runs)
	}
}

// A handle that is closed while its function runs: the run counts, and the lock does
// not stay behind.
func TestOnceClosed(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	o, err := shsync.NewOnceIn(seg, "it")
	must(t, err)
	must(t, o.Do(func() error { return o.Close() }))
	if err := o.Do(nil); !errors.Is(err, shsync.ErrClosed) || o.Done() || o.String() != "Once(closed)" {
		t.Errorf("closed: %v %v", err, o)
	}
	if _, err := o.TryDo(nil); !errors.Is(err, shsync.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	again, err := shsync.OpenOnce(seg, "it")
	must(t, err)
	defer again.Close()
	if !again.Done() {
		t.Error("the run did not count")
	}
	must(t, seg.RemoveObject("it"))
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
}

// The lock does not stay behind either if the process has another handle.
func TestOnceClosedBesideAnother(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	other, err := shsync.NewOnceIn(seg, "it")
	must(t, err)
	defer other.Close()
	open := func() *shsync.Once {
		o, err := shsync.OpenOnce(seg, "it")
		must(t, err)
		return o
	}
	failed := errors.New("failed")
	for _, run := range []func(o *shsync.Once, f func() error) error{
		func(o *shsync.Once, f func() error) error { return o.Do(f) },
		func(o *shsync.Once, f func() error) error { _, err := o.TryDo(f); return err },
	} {
		o := open()
		if err := run(o, func() error { must(t, o.Close()); return failed }); err != failed {
			t.Errorf("got %v", err)
		}
		if s := other.Info().State; s != "free" {
			t.Fatalf("the lock is %s", s)
		}
	}
	must(t, other.Do(func() error { return nil }))
}
