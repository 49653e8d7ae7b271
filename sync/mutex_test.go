package sync_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/internal/park"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func newMutex(t testing.TB) *shsync.Mutex {
	t.Helper()
	m, err := shsync.NewMutex()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// asleep returns when n goroutines of this process sleep.
func asleep(n int) {
	for {
		if own, shared := park.Sleepers(); own+shared >= n {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// conformance: LK-01
func TestMutexBasics(t *testing.T) {
	m := newMutex(t)
	must(t, m.Lock())
	if ok, err := m.TryLock(); ok || err != nil {
		t.Errorf("TryLock of a held lock: %v, %v", ok, err)
	}
	must(t, m.Unlock())
	if err := m.Unlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("second Unlock: %v", err)
	}
	if ok, err := m.TryLock(); !ok || err != nil {
		t.Errorf("TryLock of a free lock: %v, %v", ok, err)
	}
	must(t, m.Unlock())
	if err := m.MarkConsistent(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("MarkConsistent of a free lock: %v", err)
	}
	must(t, m.Lock())
	if err := m.MarkConsistent(); !errors.Is(err, shsync.ErrConsistent) {
		t.Errorf("MarkConsistent of a sound lock: %v", err)
	}
	must(t, m.Unlock())
}

// conformance: LK-03, LK-06
func TestMutexWith(t *testing.T) {
	m := newMutex(t)
	must(t, m.With(func(died bool) error {
		if ok, _ := m.TryLock(); ok || died {
			t.Error("With does not hold the lock")
		}
		return nil
	}))
	want := errors.New("mine")
	if err := m.With(func(bool) error { return want }); err != want {
		t.Errorf("With returned %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come through")
			}
		}()
		m.With(func(bool) error { panic("inside") })
	}()
	if ok, err := m.TryLock(); !ok || err != nil {
		t.Fatalf("the lock stayed held: %v", err)
	}
	must(t, m.Unlock())
}

// conformance: LK-04
func TestMutexTryFromGoroutine(t *testing.T) {
	m := newMutex(t)
	must(t, m.Lock())
	got := make(chan bool)
	go func() {
		ok, _ := m.TryLock()
		got <- ok
	}()
	if <-got {
		t.Error("TryLock took a held lock")
	}
	must(t, m.Unlock())
}

// conformance: LK-07
func TestMutexDeadline(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	must(t, m.LockContext(ended)) // a free lock needs no time
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if err := m.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("LockContext of a held lock: %v", err)
	}
	if err := m.LockContext(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("LockContext with an ended context: %v", err)
	}
	must(t, m.Unlock())
	far, cancel := context.WithTimeout(context.Background(), math.MaxInt64)
	defer cancel()
	must(t, m.LockContext(far))
	must(t, m.Unlock())
}

// conformance: LK-09
func TestMutexBlocksItsHolder(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	must(t, m.Lock())
	got := make(chan error)
	go func() { got <- m.Lock() }()
	asleep(1)
	must(t, m.Unlock()) // any goroutine of the process may
	must(t, <-got)
	must(t, m.Unlock())
}

// conformance: LK-13, LK-14
func TestMutexTellsItsHolder(t *testing.T) {
	m := newMutex(t)
	if s := m.String(); s != "Mutex(free)" {
		t.Errorf("free: %s", s)
	}
	must(t, m.Lock())
	info := m.Info()
	if info.State != "held" || info.OwnerPID != pid || !info.Alive || info.Waiters {
		t.Errorf("held: %+v", info)
	}
	if s := m.String(); !strings.Contains(s, "held by pid") {
		t.Errorf("held: %s", s)
	}
	must(t, m.Unlock())
	must(t, m.Close())
	if m.Info() != nil || m.String() != "Mutex(closed)" {
		t.Errorf("closed: %v", m)
	}
}

func TestMutexExcludes(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	n := 0
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			for range 500 {
				must(t, m.Lock())
				n++
				must(t, m.Unlock())
			}
		})
	}
	all.Wait()
	if n != 40*500 {
		t.Errorf("counted %d", n)
	}
}

func TestMutexClosed(t *testing.T) {
	watchdog(t)
	m := newMutex(t)
	must(t, m.Lock())
	got := make(chan error)
	go func() { got <- m.Lock() }()
	asleep(1)
	must(t, m.Close())
	if err := <-got; !errors.Is(err, shsync.ErrClosed) {
		t.Errorf("waiter through a closed handle: %v", err)
	}
	_, tryErr := m.TryLock()
	_, textErr := m.MarshalText()
	_, handleErr := m.Handle()
	for what, err := range map[string]error{
		"Lock": m.Lock(), "TryLock": tryErr, "Unlock": m.Unlock(), "MarkConsistent": m.MarkConsistent(),
		"LockContext": m.LockContext(context.Background()), "Close": m.Close(),
		"MarshalText": textErr, "Handle": handleErr,
	} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
}

// Handles of one lock in one process are one lock.
func TestMutexHandles(t *testing.T) {
	m := newMutex(t)
	text, err := m.MarshalText()
	must(t, err)
	b, err := m.MarshalBinary()
	must(t, err)
	var m2, m3 shsync.Mutex
	must(t, m2.UnmarshalText(text))
	must(t, m3.UnmarshalBinary(b))
	must(t, m2.Lock())
	if ok, _ := m.TryLock(); ok {
		t.Error("the copy is another lock")
	}
	must(t, m3.Unlock())
	must(t, m.Close())
	must(t, m2.Lock()) // closing one handle leaves the others alone
	must(t, m2.Unlock())
	must(t, m2.Close())
	must(t, m3.Close())
	var m4 shsync.Mutex
	if err := m4.UnmarshalText(text); !errors.Is(err, shm.ErrGone) {
		t.Errorf("handle of a freed lock: %v", err)
	}
}

func TestMutexNamed(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	defer m.Close()
	if _, err := shsync.NewMutexIn(seg, "lock"); !errors.Is(err, shm.ErrExists) {
		t.Errorf("second NewMutexIn: %v", err)
	}
	if _, err := shsync.OpenMutex(seg, "none"); !errors.Is(err, shm.ErrNotFound) {
		t.Errorf("OpenMutex of nothing: %v", err)
	}
	m2, err := shsync.OpenMutex(seg, "lock")
	must(t, err)
	defer m2.Close()
	must(t, m.Lock())
	if ok, _ := m2.TryLock(); ok {
		t.Error("not the same lock")
	}
	must(t, m2.Unlock())
}

// Ten thousand goroutines wait for locks; all of them get theirs.
func TestMutexCrowd(t *testing.T) {
	watchdog(t)
	const locks, each = 100, 100
	var all sync.WaitGroup
	var ms [locks]*shsync.Mutex
	for i := range ms {
		ms[i] = newMutex(t)
		must(t, ms[i].Lock())
		for range each {
			all.Go(func() {
				must(t, ms[i].Lock())
				must(t, ms[i].Unlock())
			})
		}
	}
	asleep(locks * each)
	if n := threads(t); n >= 100 {
		t.Errorf("%d threads", n)
	}
	for _, m := range ms {
		must(t, m.Unlock())
	}
	all.Wait()
}

func TestMutexLocker(t *testing.T) {
	m := newMutex(t)
	l := m.Locker(nil)
	n := 0
	l.Lock()
	n++
	l.Unlock()
	defer func() {
		if recover() == nil {
			t.Error("Unlock of a free lock did not panic")
		}
	}()
	l.Unlock()
	t.Error("not reached after", n)
}
