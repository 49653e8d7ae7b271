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

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	performers["recursive"] = performer{
		make: func(seg *shm.Segment, name string) (shared, error) { return shsync.NewRecursiveMutexIn(seg, name) },
		open: openRecursive,
	}
}

// openRecursive gives an actor two holders, a and b: the argument after the call.
func openRecursive(text string) (closer, func(args []string) string, error) {
	m := new(shsync.RecursiveMutex)
	err := m.UnmarshalText([]byte(text))
	holder := map[string]shsync.Holder{"a": shsync.NewHolder(), "b": shsync.NewHolder()}
	return m, func(args []string) string {
		h := holder[args[1]]
		switch args[0] {
		case "lock":
			ctx, cancel := limit(args, 2)
			defer cancel()
			return outcome(m.LockContext(ctx, h))
		case "try":
			switch ok, err := m.TryLock(h); {
			case err != nil:
				return outcome(err)
			case !ok:
				return "busy"
			}
			return "ok"
		case "unlock":
			return outcome(m.Unlock(h))
		case "mark":
			return outcome(m.MarkConsistent(h))
		case "held":
			return strconv.Itoa(m.Held(h))
		case "state":
			return m.Info().State
		case "close":
			return outcome(m.Close())
		}
		return "what?"
	}, err
}

// conformance: LK-02, LK-11
func TestSuiteRecursive(t *testing.T) {
	everywhere(t, "recursive", 2, func(s *stage) {
		s.play(
			step{0, "unlock a", "notheld"},
			step{0, "lock a", "ok"},
			step{0, "lock a 0", "ok"},
			step{0, "try a", "ok"},
			step{0, "try b", "busy"},
			step{1, "try a", "busy"},
			step{0, "unlock b", "notheld"},
			step{1, "unlock a", "notheld"},
			step{0, "unlock a", "ok"},
			step{0, "unlock a", "ok"},
			step{1, "lock a 20", "timeout"},
			step{0, "lock b 20", "timeout"},
			step{0, "unlock a", "ok"},
			step{0, "unlock a", "notheld"},
			step{1, "lock a", "ok"},
			step{1, "unlock a", "ok"},
			step{1, "unlock a", "notheld"},
		)
	})
}

// conformance: LK-12, LK-13
func TestSuiteRecursiveHeld(t *testing.T) {
	everywhere(t, "recursive", 2, func(s *stage) {
		s.play(
			step{0, "held a", "0"},
			step{0, "lock a", "ok"},
			step{0, "lock a", "ok"},
			step{0, "held a", "2"},
			step{0, "held b", "0"},
			step{1, "held a", "0"},
			step{1, "state -", "held"},
			step{0, "unlock a", "ok"},
			step{0, "held a", "1"},
			step{0, "unlock a", "ok"},
			step{0, "held a", "0"},
			step{1, "state -", "free"},
		)
	})
}

// A second holder waits for the first, of its own process too.
//
// conformance: LK-09
func TestSuiteRecursiveHandedOver(t *testing.T) {
	everywhere(t, "recursive", 3, func(s *stage) {
		s.play(
			step{0, "lock a", "ok"},
			step{0, "lock a", "ok"},
			step{1, "lock a", sleeps},
			step{0, "unlock a", "ok"},
			step{2, "try a", "busy"},
			step{0, "unlock a", "ok"},
			step{1, ends, "ok"},
			step{1, "held a", "1"},
			step{1, "unlock a", "ok"},
		)
	})
}

// The levels of a holder that dies are gone with it; its repair is one level.
func TestSuiteRecursiveHolderKilled(t *testing.T) {
	withDeaths(t, "recursive", 3, func(s *stage) {
		s.play(
			step{1, "lock a", "ok"},
			step{1, "lock a", "ok"},
			step{1, "lock a", "ok"},
			step{0, "lock b", sleeps},
			step{1, dies, ""},
			step{0, ends, "died"},
			step{0, "held b", "1"},
			step{0, "lock b", "ok"},
			step{0, "mark a", "notheld"},
			step{0, "mark b", "ok"},
			step{0, "unlock b", "ok"},
			step{2, "try a", "busy"},
			step{0, "unlock b", "ok"},
			step{2, "lock a", "ok"},
			step{2, dies, ""},
			step{0, "try a", "died"},
			step{0, "unlock a", "ok"},
			step{0, "lock a", "unrecoverable"},
		)
	})
}

// A process that leaves takes its tokens with it.
func TestSuiteRecursiveHolderLeaves(t *testing.T) {
	withDeaths(t, "recursive", 2, func(s *stage) {
		s.play(
			step{1, "lock a", "ok"},
			step{1, "lock a", "ok"},
			step{1, "close a", "ok"},
			step{0, "state -", "owner died"},
			step{1, "unlock a", "closed"},
			step{1, "held a", "0"},
			step{0, "lock a", "died"},
			step{0, "held a", "1"},
			step{0, "mark a", "ok"},
			step{0, "unlock a", "ok"},
		)
	})
}

func newRecursive(t testing.TB) *shsync.RecursiveMutex {
	t.Helper()
	m, err := shsync.NewRecursiveMutex()
	must(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

// A lock that nobody holds names no holder: neither after Unlock, nor when a process has
// left that had it.
func TestRecursiveToken(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	m, err := shsync.NewRecursiveMutexIn(seg, "it")
	must(t, err)
	defer m.Close()
	o, err := seg.OpenObject("it", shsync.Specs["RecursiveMutex"])
	must(t, err)
	defer o.Close()
	token := &shm.Head[layout.RecursiveMutex](o, layout.RecursiveOff).Token
	h := shsync.NewHolder()
	must(t, m.Lock(h))
	if *token == 0 {
		t.Error("held, without a token")
	}
	must(t, m.Unlock(h))
	if *token != 0 {
		t.Errorf("token %#x after Unlock", *token)
	}
	text, err := m.MarshalText()
	must(t, err)
	p := shmtest.Start(t, "actor", "recursive", string(text))
	p.Expect("ready")
	ask(p, "lock a", "ok")
	ask(p, "close a", "ok")
	if *token != 0 {
		t.Errorf("token %#x after the Close of who had the lock", *token)
	}
}

// conformance: LK-14
func TestRecursiveTellsItsHolder(t *testing.T) {
	m, h := newRecursive(t), shsync.NewHolder()
	if s := m.String(); s != "RecursiveMutex(free)" {
		t.Errorf("free: %s", s)
	}
	must(t, m.Lock(h))
	must(t, m.Lock(h))
	if s := m.String(); !strings.Contains(s, fmt.Sprintf("held by pid %d", pid)) || !strings.Contains(s, "depth 2") {
		t.Errorf("held: %s", s)
	}
	must(t, m.Close())
	if m.Info() != nil || m.String() != "RecursiveMutex(closed)" {
		t.Errorf("closed: %v", m)
	}
	for _, err := range []error{m.Lock(h), m.Unlock(h), m.MarkConsistent(h), m.Close()} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
	if ok, err := m.TryLock(h); ok || !errors.Is(err, shsync.ErrClosed) {
		t.Errorf("closed: %v %v", ok, err)
	}
}

// A lock whose last handle was closed is nobody's, also for the same holder of the
// same process.
func TestRecursiveClosedByItsHolder(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	m, err := shsync.NewRecursiveMutexIn(seg, "lock")
	must(t, err)
	h := shsync.NewHolder()
	must(t, m.Lock(h))
	must(t, m.Lock(h))
	must(t, m.Close())
	m, err = shsync.OpenRecursiveMutex(seg, "lock")
	must(t, err)
	defer m.Close()
	if n := m.Held(h); n != 0 {
		t.Errorf("held %d times", n)
	}
	if err := m.Lock(h); !errors.Is(err, shsync.ErrOwnerDied) || m.Held(h) != 1 {
		t.Errorf("Lock: %v, held %d times", err, m.Held(h))
	}
	must(t, m.MarkConsistent(h))
	must(t, m.Unlock(h))
	if _, err := shsync.OpenMutex(seg, "lock"); !errors.Is(err, shm.ErrType) {
		t.Errorf("opened as a Mutex: %v", err)
	}
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
}

// conformance: LK-11
func TestRecursiveWith(t *testing.T) {
	m, h := newRecursive(t), shsync.NewHolder()
	must(t, m.With(h, func(bool) error {
		return m.With(h, func(bool) error {
			if n := m.Held(h); n != 2 {
				t.Errorf("held %d times", n)
			}
			if ok, err := m.TryLock(shsync.NewHolder()); ok || err != nil {
				t.Errorf("another holder: %v %v", ok, err)
			}
			must(t, m.Lock(h))
			return m.Unlock(h)
		})
	}))
	func() {
		defer func() { recover() }()
		m.With(h, func(bool) error { panic("inside") })
	}()
	if n := m.Held(h); n != 0 {
		t.Errorf("held %d times after all", n)
	}
	l := m.Locker(h, nil)
	l.Lock()
	l.Lock()
	//lint:ignore SA2001 that it can be taken twice is all
	l.Unlock()
	l.Unlock()
	defer func() {
		if recover() == nil {
			t.Error("a Locker unlocked what it does not have")
		}
	}()
	l.Unlock()
}

// A failed repair leaves the warning for the next one.
func TestRecursiveRepairFails(t *testing.T) {
	watchdog(t)
	withDeaths(t, "recursive", 2, func(s *stage) {
		s.play(step{1, "lock a", "ok"}, step{1, "lock a", "ok"}, step{1, dies, ""})
		m, h := s.object.(*shsync.RecursiveMutex), shsync.NewHolder()
		wrong := errors.New("beyond repair today")
		for range 2 {
			err := m.With(h, func(died bool) error {
				if !died {
					t.Error("not told")
				}
				return m.With(h, func(died bool) error {
					if died {
						t.Error("told on the second level")
					}
					return wrong
				})
			})
			if err != wrong || m.Held(h) != 0 {
				t.Errorf("With: %v, held %d times", err, m.Held(h))
			}
		}
		must(t, m.With(h, func(died bool) error { return nil }))
		must(t, m.With(h, func(died bool) error {
			if died {
				t.Error("the warning is still there after a repair")
			}
			return nil
		}))
	})
}

func TestRecursiveMisuse(t *testing.T) {
	m, h := newRecursive(t), shsync.NewHolder()
	must(t, m.Lock(h))
	m.SetDepth(math.MaxUint32)
	if err := m.Lock(h); !errors.Is(err, shsync.ErrTooMany) {
		t.Errorf("Lock beyond the count: %v", err)
	}
	if ok, err := m.TryLock(h); ok || !errors.Is(err, shsync.ErrTooMany) {
		t.Errorf("TryLock beyond the count: %v %v", ok, err)
	}
	m.SetDepth(0) // a damaged segment
	if err := m.MarkConsistent(h); !errors.Is(err, shsync.ErrConsistent) {
		t.Errorf("MarkConsistent of a sound lock: %v", err)
	}
	must(t, m.Unlock(h))
	if err := m.Unlock(shsync.Holder{}); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("Unlock for nobody: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Lock for nobody")
		}
	}()
	m.Lock(shsync.Holder{})
}

// What a Cond does around its sleep.
func TestRecursiveUnlockAll(t *testing.T) {
	m, h, other := newRecursive(t), shsync.NewHolder(), shsync.NewHolder()
	for range 3 {
		must(t, m.Lock(h))
	}
	if _, err := m.UnlockAll(other); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("UnlockAll: %v", err)
	}
	depth, err := m.UnlockAll(h)
	if err != nil || depth != 3 {
		t.Fatalf("UnlockAll: %d %v", depth, err)
	}
	must(t, m.Lock(other))
	must(t, m.Unlock(other))
	must(t, m.Restore(context.Background(), h, depth))
	if n := m.Held(h); n != 3 {
		t.Errorf("held %d times", n)
	}
}

// Many holders of one process and deep ones: nobody is inside with another.
func TestRecursiveExcludes(t *testing.T) {
	watchdog(t)
	m := newRecursive(t)
	n := 0
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			h := shsync.NewHolder()
			for range 300 {
				must(t, m.Lock(h))
				for range i % 3 {
					must(t, m.Lock(h))
				}
				n++
				for range i%3 + 1 {
					must(t, m.Unlock(h))
				}
			}
		})
	}
	all.Wait()
	if n != 16*300 {
		t.Errorf("counted %d", n)
	}
}
