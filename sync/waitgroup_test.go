package sync_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
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
	shmtest.Register("worker", doWork)
	world.Add("waitgroup", suite.KindOf(func(at suite.Place) (*shsync.WaitGroup, error) { return shsync.NewWaitGroupIn(segment(at), "it") }, performWaitGroup))
}

func performWaitGroup(g *shsync.WaitGroup) suite.Perform {
	return func(args []string) string {
		switch args[0] {
		case "add":
			n, _ := strconv.Atoi(args[1])
			return outcomes.Of(g.Add(n))
		case "begin":
			return outcomes.Of(g.Begin())
		case "done":
			return outcomes.Of(g.Done())
		case "wait":
			ctx, cancel := suite.Limit(args, 1)
			defer cancel()
			return waited(g.WaitContext(ctx))
		case "try":
			done, err := g.TryWait()
			if !done && err == nil {
				return "busy"
			}
			return waited(err)
		case "take":
			return strconv.Itoa(g.TakeLost())
		case "close":
			return outcomes.Of(g.Close())
		}
		return "what?"
	}
}

// waited is the outcome of a Wait: "lost 2" if units are.
func waited(err error) string {
	if lost := new(shsync.LostError); errors.As(err, &lost) && errors.Is(err, shsync.ErrOwnerDied) {
		return fmt.Sprint("lost_", lost.Units)
	}
	return outcomes.Of(err)
}

func TestSuiteWaitGroup(t *testing.T) {
	world.Everywhere(t, "waitgroup", 3, func(s *suite.Stage) {
		s.Play(
			at(0, "wait", "ok"),
			at(0, "done", "nowork"),
			at(0, "begin", "nowork"),
			at(0, "add 3", "ok"),
			at(0, "add -4", "nowork"),
			at(0, "try", "busy"),
			at(1, "wait 20", "timeout"),
			at(1, "begin", "ok"),
			at(0, "wait", sleeps),
			at(2, "done", "ok"),
			at(2, "done", "ok"),
			at(1, "done", "ok"),
			at(0, ends, "ok"),
			at(1, "done", "nowork"),
			at(2, "wait 0", "ok"),
			at(2, "add 1", "ok"),
			at(2, "add -1", "ok"),
			at(2, "try", "ok"),
		)
	})
}

// Done of a process never completes what another one has begun.
func TestSuiteWaitGroupOwned(t *testing.T) {
	world.WithDeaths(t, "waitgroup", 3, func(s *suite.Stage) {
		s.Play(
			at(0, "add 2", "ok"),
			at(1, "begin", "ok"),
			at(1, "begin", "ok"),
			at(1, "begin", "nowork"),
			at(2, "done", "nowork"),
			at(2, "add -1", "nowork"),
			at(2, "wait", sleeps),
			at(1, "done", "ok"),
			at(1, "add 1", "ok"),
			at(1, "done", "ok"), // its own first
			at(0, "done", "ok"),
			at(2, ends, "ok"),
		)
	})
}

// A process that dies completes what it has begun, as lost; all who wait are told, until
// somebody takes note.
func TestSuiteWaitGroupWorkerKilled(t *testing.T) {
	world.WithDeaths(t, "waitgroup", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "add 3", "ok"),
			at(1, "begin", "ok"),
			at(1, "begin", "ok"),
			at(0, "wait", sleeps),
			at(2, "wait", sleeps),
			at(3, "begin", "ok"),
			at(1, dies, ""),
			at(3, "done", "ok"),
			at(0, ends, "lost_2"),
			at(2, ends, "lost_2"),
			at(0, "try", "lost_2"),
			at(2, "wait", "lost_2"),
			at(0, "take", "2"),
			at(0, "take", "0"),
			at(0, "wait", "ok"),
			at(0, "add 1", "ok"),
			at(3, "begin", "ok"),
			at(3, dies, ""),
			at(0, "try", "lost_1"),
		)
	})
}

// The last unit is lost while others sleep: the kernel tells one of them.
func TestSuiteWaitGroupLastKilled(t *testing.T) {
	world.WithDeaths(t, "waitgroup", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "add 1", "ok"),
			at(0, "wait", sleeps),
			at(2, "wait", sleeps),
			at(3, "wait", sleeps),
			at(1, "begin", "ok"),
			at(1, dies, ""),
			at(0, ends, "lost_1"),
			at(2, ends, "lost_1"),
			at(3, ends, "lost_1"),
		)
	})
}

// A process that leaves loses its work too; one that has none leaves no trace.
func TestSuiteWaitGroupWorkerLeaves(t *testing.T) {
	world.WithDeaths(t, "waitgroup", 4, func(s *suite.Stage) {
		s.Play(
			at(0, "add 2", "ok"),
			at(1, "begin", "ok"),
			at(0, "wait", sleeps),
			at(2, dies, ""),
			at(1, "close", "ok"),
			at(1, "done", "closed"),
			at(3, "done", "ok"),
			at(0, ends, "lost_1"),
		)
	})
}

func newWaitGroup(t testing.TB) *shsync.WaitGroup {
	t.Helper()
	g, err := shsync.NewWaitGroup()
	must(t, err)
	t.Cleanup(func() { g.Close() })
	return g
}

func TestWaitGroupTells(t *testing.T) {
	g := newWaitGroup(t)
	must(t, g.Add(3))
	must(t, g.Begin())
	if s, want := g.String(), fmt.Sprintf("WaitGroup(2 open, 1 begun by pid %d)", pid); s != want {
		t.Errorf("%s, want %s", s, want)
	}
	info := g.Info()
	if info.Open != 2 || len(info.Begun) != 1 || info.Begun[0].PID != pid || info.Begun[0].Units != 1 ||
		!info.Begun[0].Alive || info.Lost != 0 || info.Waiters {
		t.Errorf("%+v", info)
	}
	must(t, g.Close())
	if g.Info() != nil || g.String() != "WaitGroup(closed)" || g.TakeLost() != 0 {
		t.Errorf("closed: %v", g)
	}
	for _, err := range []error{g.Add(1), g.Begin(), g.Done(), g.Wait(), g.Close()} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
}

func TestWaitGroupLimits(t *testing.T) {
	g := newWaitGroup(t)
	for _, tt := range []struct {
		n    int
		want error
	}{
		{math.MinInt, shsync.ErrNoWork}, {math.MaxInt, shsync.ErrTooMany}, {1 << 31, shsync.ErrTooMany},
		{1<<31 - 1, nil}, {1, shsync.ErrTooMany}, {0, nil}, {-1 << 31, shsync.ErrNoWork}, {1 - 1<<31, nil},
	} {
		if err := g.Add(tt.n); !errors.Is(err, tt.want) {
			t.Errorf("Add(%d): %v, want %v", tt.n, err, tt.want)
		}
	}
	const most = 1<<16 - 1
	must(t, g.Add(most+1))
	for range most {
		must(t, g.Begin())
	}
	if err := g.Begin(); !errors.Is(err, shsync.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	for range most + 1 {
		must(t, g.Done())
	}
	must(t, g.Wait())
}

// The work that the last handle of this process had begun is lost with it.
func TestWaitGroupClosedByItsWorker(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	g, err := shsync.NewWaitGroupIn(seg, "it")
	must(t, err)
	must(t, g.Add(2))
	must(t, g.Begin())
	must(t, g.Begin())
	got := make(chan error)
	go func() { got <- g.Wait() }()
	asleep(1)
	must(t, g.Close())
	if err := <-got; !errors.Is(err, shsync.ErrClosed) {
		t.Errorf("Wait: %v", err)
	}
	g, err = shsync.OpenWaitGroup(seg, "it")
	must(t, err)
	defer g.Close()
	if s := waited(g.Wait()); s != "lost_2" {
		t.Errorf("Wait: %s", s)
	}
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
}

// doWork begins and completes units until there are none.
func doWork(c *shmtest.Child) {
	var g shsync.WaitGroup
	c.Must(g.UnmarshalText([]byte(c.Args[0])))
	c.Say("ready")
	for n := 0; ; n++ {
		switch err := g.Begin(); {
		case errors.Is(err, shsync.ErrNoWork):
			c.Say(n)
			c.Park()
		default:
			c.Must(err)
		}
		c.Must(g.Done())
	}
}

// Workers are killed at random while they work. The law: each unit is done once or lost,
// at most one by each kill, and Wait ends.
func TestWaitGroupUnderFire(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	g, err := shsync.NewWaitGroupIn(seg, "it")
	must(t, err)
	defer g.Close()
	const units, kills = 1 << 20, 12
	must(t, g.Add(units))
	b, err := g.MarshalText()
	must(t, err)
	got := make(chan error)
	go func() { got <- g.Wait() }()
	for range kills {
		open := g.Info().Open
		p := shmtest.Start(t, "worker", string(b))
		p.Expect("ready")
		for g.Info().Open > open-1000 && g.Info().Open > 0 {
			time.Sleep(50 * time.Microsecond)
		}
		p.Kill()
	}
	for _, p := range []*shmtest.Process{shmtest.Start(t, "worker", string(b)), shmtest.Start(t, "worker", string(b))} {
		p.Expect("ready")
		p.Line()
	}
	err = <-got
	lost := new(shsync.LostError)
	if err != nil && (!errors.As(err, &lost) || lost.Units > kills) {
		t.Errorf("Wait: %v", err)
	}
	if n := g.TakeLost(); n != lost.Units || !strings.HasPrefix(g.String(), "WaitGroup(0 open") {
		t.Errorf("%d lost, Wait told %d; %v", n, lost.Units, g)
	}
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
	t.Logf("%d kills, %d lost", kills, lost.Units)
}

// Goroutines of one process, each with waiters: no unit goes astray.
func TestWaitGroupMany(t *testing.T) {
	watchdog(t)
	g := newWaitGroup(t)
	n := 0
	const workers, rounds = 8, 200
	must(t, g.Add(workers*rounds))
	var mu sync.Mutex
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range rounds {
				must(t, g.Begin())
				mu.Lock()
				n++
				mu.Unlock()
				must(t, g.Done())
			}
		})
		all.Go(func() {
			must(t, g.Wait())
			if n != workers*rounds {
				t.Errorf("Wait returned after %d", n)
			}
		})
	}
	all.Wait()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	must(t, g.WaitContext(ended))
}
