package sync_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/internal/suite"
	"shmkit/internal/suite/locks"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// world is where the suites find objects in shared memory. Kinds that the suites do not
// know add themselves in the files that have their tests.
var world = suite.NewWorld("actor", newPlace)

func init() {
	world.Program, world.InC = actorInC, []string{"mutex", "semaphore", "bounded", "cond", "event"}
	locks.AddMutex(world, func(at suite.Place) (*shsync.Mutex, error) { return shsync.NewMutexIn(segment(at), "it") })
	locks.AddRecursiveMutex(world,
		func(at suite.Place) (*shsync.RecursiveMutex, error) {
			return shsync.NewRecursiveMutexIn(segment(at), "it")
		},
		shsync.NewHolder, func(m *shsync.RecursiveMutex) string { return m.Info().State })
	locks.AddSemaphore(world, func(at suite.Place) (*shsync.Semaphore, error) {
		return shsync.NewSemaphoreIn(segment(at), "it", 2)
	})
	locks.AddBoundedSemaphore(world, func(at suite.Place) (*shsync.BoundedSemaphore, error) {
		return shsync.NewBoundedSemaphoreIn(segment(at), "it", 2)
	})
	locks.AddCond(world, locks.CondKind[*shsync.Cond]{
		Make: newCondOf,
		Lock: func(c *shsync.Cond) locks.Mutex { return c.Mutex() },
		Waiting: func(c *shsync.Cond) (waiting, notified int) {
			info := c.Info()
			return info.Waiters, info.Notified
		},
	})
	locks.AddEvent(world, func(at suite.Place) (*shsync.Event, error) { return shsync.NewEventIn(segment(at), "it") })
	locks.AddBarrier(world, func(at suite.Place, parties int, limit time.Duration) (*shsync.Barrier, error) {
		return shsync.NewBarrierIn(segment(at), "it", parties, shsync.BarrierTimeout(limit))
	})
}

func newCondOf(at suite.Place) (*shsync.Cond, locks.Mutex, error) {
	m, err := shsync.NewMutexIn(segment(at), "it-lock")
	if err != nil {
		return nil, nil, err
	}
	c, err := shsync.NewCondIn(segment(at), "it", m)
	return c, m, err
}

// place is a segment.
type place struct {
	t   testing.TB
	seg *shm.Segment
}

func newPlace(t testing.TB) suite.Place {
	t.Helper()
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	t.Cleanup(func() {
		found, err := seg.Check()
		if err != nil || len(found) > 0 {
			t.Errorf("Check: %v %v", found, err)
		}
		must(t, seg.Close())
	})
	return &place{t, seg}
}

func segment(at suite.Place) *shm.Segment { return at.(*place).seg }

// Sleeps counts the calls in which a process has slept.
func (p *place) Sleeps(pid int) uint64 {
	info, err := p.seg.Info()
	must(p.t, err)
	for _, who := range info.Participants {
		if who.Alive && int(who.PID) == pid {
			return who.Sleeps
		}
	}
	return 0
}

// Gone: whoever looks at an object sees who is dead.
func (p *place) Gone(int) {}

// compiled is the actor in C.
var compiled struct {
	mu      sync.Mutex
	program []byte
}

// actorInC compiles the actor once a run.
func actorInC(t testing.TB, at suite.Place, kind string) *exec.Cmd {
	t.Helper()
	compiled.mu.Lock()
	defer compiled.mu.Unlock()
	path := filepath.Join(t.TempDir(), "actor")
	if compiled.program == nil {
		b, err := os.ReadFile(shmtest.BuildC(t, filepath.Join("..", "include", "testdata", "actor.c")))
		must(t, err)
		compiled.program = b
	}
	must(t, os.WriteFile(path, compiled.program, 0o700))
	return exec.Command(path, kind, segment(at).Path(), "it")
}

// outcomes are the errors in answers of kinds that the suites do not know.
var outcomes = suite.Outcomes{
	"died": shsync.ErrOwnerDied, "unrecoverable": shsync.ErrNotRecoverable, "notheld": shsync.ErrNotHeld,
	"timeout": context.DeadlineExceeded, "closed": shsync.ErrClosed, "inconsistent": shsync.ErrInconsistent,
	"toomany": shsync.ErrTooMany, "nowork": shsync.ErrNoWork,
}

// The words of scripts: see package suite.
const (
	sleeps = suite.Sleeps
	ends   = suite.Ends
	dies   = suite.Dies
)

func at(who int, call, want string) suite.Step { return suite.At(who, call, want) }
