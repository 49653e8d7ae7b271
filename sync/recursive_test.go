package sync_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

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
