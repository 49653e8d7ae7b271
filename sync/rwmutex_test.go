package sync_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shmkit/shm"
	shsync "shmkit/sync"
)

func newRWMutex(t testing.TB) *shsync.RWMutex {
	t.Helper()
	rw, err := shsync.NewRWMutex()
	must(t, err)
	t.Cleanup(func() { rw.Close() })
	return rw
}

// readersWait returns when n goroutines wait to read.
func readersWait(rw *shsync.RWMutex, n uint32) {
	for {
		sum := uint32(0)
		for _, r := range rw.Readers() {
			sum += r.Waiting
		}
		if sum >= n {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func TestRWMutexBasics(t *testing.T) {
	rw := newRWMutex(t)
	must(t, rw.RLock())
	must(t, rw.RLock())
	if ok, err := rw.TryRLock(); !ok || err != nil {
		t.Errorf("TryRLock beside readers: %v, %v", ok, err)
	}
	if ok, err := rw.TryLock(); ok || err != nil {
		t.Errorf("TryLock beside readers: %v, %v", ok, err)
	}
	for range 3 {
		must(t, rw.RUnlock())
	}
	if err := rw.RUnlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("RUnlock of a free lock: %v", err)
	}
	if err := rw.Unlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("Unlock of a free lock: %v", err)
	}
	must(t, rw.Lock())
	if ok, err := rw.TryRLock(); ok || err != nil {
		t.Errorf("TryRLock beside a writer: %v, %v", ok, err)
	}
	if ok, err := rw.TryLock(); ok || err != nil {
		t.Errorf("TryLock beside a writer: %v, %v", ok, err)
	}
	if err := rw.RUnlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("RUnlock of a writer: %v", err)
	}
	if err := rw.MarkConsistent(); !errors.Is(err, shsync.ErrConsistent) {
		t.Errorf("MarkConsistent of a sound lock: %v", err)
	}
	must(t, rw.Unlock())
	if ok, err := rw.TryLock(); !ok || err != nil {
		t.Errorf("TryLock of a free lock: %v, %v", ok, err)
	}
	must(t, rw.Unlock())
	must(t, rw.RLock())
	if err := rw.Unlock(); !errors.Is(err, shsync.ErrNotHeld) {
		t.Errorf("Unlock of a reader: %v", err)
	}
	must(t, rw.RUnlock())
}

// A context that ends takes the call out, and leaves nothing behind.
func TestRWMutexDeadline(t *testing.T) {
	watchdog(t)
	rw := newRWMutex(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	must(t, rw.RLockContext(ended)) // a free lock needs no time
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := rw.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("LockContext beside a reader: %v", err)
	}
	must(t, rw.RLock()) // the writer gave up
	must(t, rw.RUnlock())
	must(t, rw.RUnlock())
	must(t, rw.LockContext(ended))
	for _, ctx := range []context.Context{ctx, ended} {
		if err := rw.RLockContext(ctx); !errors.Is(err, ctx.Err()) {
			t.Errorf("RLockContext beside a writer: %v", err)
		}
		if err := rw.LockContext(ctx); !errors.Is(err, ctx.Err()) {
			t.Errorf("LockContext beside a writer: %v", err)
		}
	}
	must(t, rw.Unlock())
	if all := rw.Readers(); all != nil {
		t.Errorf("left: %+v", all)
	}
}

// A writer that waits keeps new readers out, and lets in those that wait when it ends,
// before the next writer.
func TestRWMutexPhases(t *testing.T) {
	watchdog(t)
	rw := newRWMutex(t)
	must(t, rw.RLock())
	first, second, read := make(chan error), make(chan error), make(chan error)
	go func() { first <- rw.Lock() }()
	for rw.Info().State != "held" {
		time.Sleep(100 * time.Microsecond)
	}
	if ok, err := rw.TryRLock(); ok || err != nil {
		t.Errorf("TryRLock while a writer waits: %v, %v", ok, err)
	}
	for range 3 {
		go func() { read <- rw.RLock() }()
	}
	readersWait(rw, 3)
	must(t, rw.RUnlock())
	must(t, <-first)
	go func() { second <- rw.Lock() }()
	for !rw.Info().Waiters {
		time.Sleep(100 * time.Microsecond)
	}
	must(t, rw.Unlock())
	for range 3 {
		must(t, <-read)
	}
	select {
	case <-second:
		t.Error("the second writer is in, beside three readers")
	default:
	}
	for range 3 {
		must(t, rw.RUnlock())
	}
	must(t, <-second)
	must(t, rw.Unlock())
}

func TestRWMutexExcludes(t *testing.T) {
	watchdog(t)
	rw := newRWMutex(t)
	var a, b int
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 300 {
				must(t, rw.Lock())
				a++
				b++
				must(t, rw.Unlock())
			}
		})
		all.Go(func() {
			for range 300 {
				must(t, rw.RLock())
				if a != b {
					t.Errorf("read %d and %d", a, b)
				}
				must(t, rw.RUnlock())
			}
		})
	}
	all.Wait()
	if a != 8*300 {
		t.Errorf("counted %d", a)
	}
}

// A crowd of readers, far more than threads, is let in by one writer.
func TestRWMutexCrowd(t *testing.T) {
	watchdog(t)
	const crowd = 3000
	rw := newRWMutex(t)
	must(t, rw.Lock())
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() { must(t, rw.RLock()) })
	}
	readersWait(rw, crowd)
	must(t, rw.Unlock())
	all.Wait()
	if all := rw.Readers(); len(all) != 1 || all[0].Active != crowd {
		t.Errorf("%+v", all)
	}
	for range crowd {
		must(t, rw.RUnlock())
	}
	must(t, rw.Lock())
	must(t, rw.Unlock())
}

// conformance: LK-03, LK-06
func TestRWMutexWith(t *testing.T) {
	rw := newRWMutex(t)
	want := errors.New("mine")
	if err := rw.With(func(died bool) error {
		if ok, _ := rw.TryRLock(); ok || died {
			t.Error("With does not hold the lock")
		}
		return want
	}); err != want {
		t.Errorf("With returned %v", err)
	}
	if err := rw.RWith(func() error {
		if ok, _ := rw.TryLock(); ok {
			t.Error("RWith does not hold the lock")
		}
		return want
	}); err != want {
		t.Errorf("RWith returned %v", err)
	}
	for what, f := range map[string]func(){
		"With":  func() { rw.With(func(bool) error { panic("inside") }) },
		"RWith": func() { rw.RWith(func() error { panic("inside") }) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic did not come through", what)
				}
			}()
			f()
		}()
		if ok, err := rw.TryLock(); !ok || err != nil {
			t.Fatalf("%s: the lock stayed held: %v", what, err)
		}
		must(t, rw.Unlock())
	}
}

// conformance: LK-13, LK-14
func TestRWMutexTellsItsHolders(t *testing.T) {
	rw := newRWMutex(t)
	if s := rw.String(); s != "RWMutex(free)" {
		t.Errorf("free: %s", s)
	}
	must(t, rw.RLock())
	must(t, rw.RLock())
	all := rw.Readers()
	if len(all) != 1 || all[0].PID != pid || all[0].Active != 2 || !all[0].Alive || all[0].Waiting != 0 {
		t.Errorf("readers: %+v", all)
	}
	if s := rw.String(); !strings.Contains(s, "read by pid") || !strings.Contains(s, "(2 times)") {
		t.Errorf("read: %s", s)
	}
	must(t, rw.RUnlock())
	must(t, rw.RUnlock())
	must(t, rw.Lock())
	if info := rw.Info(); info.State != "held" || info.OwnerPID != pid {
		t.Errorf("held: %+v", info)
	}
	must(t, rw.Unlock())
	must(t, rw.Close())
	if rw.Info() != nil || rw.Readers() != nil || rw.String() != "RWMutex(closed)" {
		t.Errorf("closed: %v", rw)
	}
}

// Calls that wait through a handle end when it is closed: readers that wait for a
// writer, a writer that waits for readers, one that waits for a writer.
func TestRWMutexClosed(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	rw, err := shsync.NewRWMutexIn(seg, "lock")
	must(t, err)
	defer rw.Close()
	for _, beside := range []struct {
		name         string
		lock, unlock func() error
		waits        []func(*shsync.RWMutex) error
	}{
		{"writer", rw.Lock, rw.Unlock, []func(*shsync.RWMutex) error{(*shsync.RWMutex).Lock, (*shsync.RWMutex).RLock}},
		{"reader", rw.RLock, rw.RUnlock, []func(*shsync.RWMutex) error{(*shsync.RWMutex).Lock}},
	} {
		for _, wait := range beside.waits {
			must(t, beside.lock())
			other, err := shsync.OpenRWMutex(seg, "lock")
			must(t, err)
			got := make(chan error)
			go func() { got <- wait(other) }()
			asleep(1)
			must(t, other.Close())
			if err := <-got; !errors.Is(err, shsync.ErrClosed) {
				t.Errorf("waiter beside a %s: %v", beside.name, err)
			}
			must(t, beside.unlock())
			if ok, err := rw.TryLock(); !ok || err != nil {
				t.Errorf("after a waiter beside a %s was closed: %v, %v; %v", beside.name, ok, err, rw)
			}
			must(t, rw.Unlock())
		}
	}
	must(t, rw.Close())
	_, tryErr := rw.TryLock()
	_, tryRErr := rw.TryRLock()
	_, textErr := rw.MarshalText()
	for what, err := range map[string]error{
		"Lock": rw.Lock(), "TryLock": tryErr, "Unlock": rw.Unlock(), "MarkConsistent": rw.MarkConsistent(),
		"RLock": rw.RLock(), "TryRLock": tryRErr, "RUnlock": rw.RUnlock(), "Close": rw.Close(), "MarshalText": textErr,
		"RLockContext": rw.RLockContext(context.Background()), "With": rw.With(nil), "RWith": rw.RWith(nil),
	} {
		if !errors.Is(err, shsync.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
}

// Handles of one lock in one process are one lock. What the last one has is passed on
// as if the process had died.
func TestRWMutexHandles(t *testing.T) {
	rw := newRWMutex(t)
	text, err := rw.MarshalText()
	must(t, err)
	b, err := rw.MarshalBinary()
	must(t, err)
	var rw2, rw3 shsync.RWMutex
	must(t, rw2.UnmarshalText(text))
	must(t, rw3.UnmarshalBinary(b))
	must(t, rw2.RLock())
	if ok, _ := rw.TryLock(); ok {
		t.Error("the copy is another lock")
	}
	must(t, rw3.RUnlock())
	must(t, rw.Close())
	must(t, rw2.Lock())
	must(t, rw3.Unlock())
	must(t, rw2.Close())
	must(t, rw3.Close())
	if err := new(shsync.RWMutex).UnmarshalText(text); !errors.Is(err, shm.ErrGone) {
		t.Errorf("handle of a freed lock: %v", err)
	}
}

func TestRWMutexNamed(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	rw, err := shsync.NewRWMutexIn(seg, "lock")
	must(t, err)
	if _, err := shsync.NewRWMutexIn(seg, "lock"); !errors.Is(err, shm.ErrExists) {
		t.Errorf("second NewRWMutexIn: %v", err)
	}
	if _, err := shsync.OpenRWMutex(seg, "none"); !errors.Is(err, shm.ErrNotFound) {
		t.Errorf("OpenRWMutex of nothing: %v", err)
	}
	if _, err := shsync.OpenMutex(seg, "lock"); !errors.Is(err, shm.ErrType) {
		t.Errorf("OpenMutex of an RWMutex: %v", err)
	}
	must(t, rw.Lock())
	must(t, rw.Close()) // held to write: passed on
	rw, err = shsync.OpenRWMutex(seg, "lock")
	must(t, err)
	if err := rw.RLock(); !errors.Is(err, shsync.ErrInconsistent) {
		t.Errorf("RLock: %v", err)
	}
	if ok, err := rw.TryRLock(); ok || !errors.Is(err, shsync.ErrInconsistent) {
		t.Errorf("TryRLock: %v, %v", ok, err)
	}
	if err := rw.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Errorf("Lock: %v", err)
	}
	must(t, rw.MarkConsistent())
	must(t, rw.Unlock())
	must(t, rw.RLock())
	must(t, rw.Close()) // held to read: nobody's business
	rw, err = shsync.OpenRWMutex(seg, "lock")
	must(t, err)
	if ok, err := rw.TryLock(); !ok || err != nil {
		t.Errorf("TryLock after a reader left: %v, %v", ok, err)
	}
	must(t, rw.Unlock())
	must(t, rw.Close())
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
}
