package sync_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// As in wake_linux_test.go, threads sleep in place of waiters, without a bound.

// sleepOn sets bits in a word and puts n sleepers on it.
func sleepOn(t *testing.T, addr *uint32, bits uint32, n int) *shmtest.Sleepers {
	t.Helper()
	return shmtest.Sleep(t, addr, atomic.OrUint32(addr, bits)|bits, n)
}

func TestReleaseWakes(t *testing.T) {
	watchdog(t)
	const w, many = layout.SemaphoreWaiters, layout.SemaphoreWaiters | layout.SemaphoreMany
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	s, err := shsync.NewSemaphoreIn(seg, "it", 0)
	must(t, err)
	defer s.Close()
	o, err := seg.OpenObject("it", shm.Spec{Kind: shm.KindSemaphore})
	must(t, err)
	defer o.Close()
	addr := &shm.Head[layout.Semaphore](o, 0).Word
	for _, tt := range []struct {
		name string
		bits uint32
		do   func() error
		left int
	}{
		{"Release", w, s.Release, 2},
		{"ReleaseN(2)", w, func() error { return s.ReleaseN(2) }, 1},
		{"Release, M", many, s.Release, 0},
		{"Release, nobody", 0, s.Release, 3},
		{"Acquire of one who has not slept", w, s.Acquire, 3},
	} {
		sleepers := sleepOn(t, addr, tt.bits, 3)
		must(t, tt.do())
		if n := sleepers.Left(); n != tt.left {
			t.Errorf("%s: %d of 3 still sleep, want %d", tt.name, n, tt.left)
		}
	}
}

func TestPermitsWake(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	p, err := shsync.NewPermitsIn(seg, "it", 3)
	must(t, err)
	defer p.Close()
	o, err := seg.OpenObject("it", shsync.Specs["Permits"])
	must(t, err)
	defer o.Close()
	text, err := p.MarshalText()
	must(t, err)
	seq := &shm.Head[layout.Permits](o, 0).Seq
	const w = layout.PermitsWaiters
	sleepers := sleepOn(t, seq, w, 2)
	must(t, p.Acquire())
	if n := sleepers.Left(); n != 1 {
		t.Errorf("%d of 2 still sleep after Acquire: one has to see the new owner", n)
	}
	sleepers = sleepOn(t, seq, w, 2)
	must(t, p.Release())
	if n := sleepers.Left(); n != 1 {
		t.Errorf("%d of 2 still sleep after Release", n)
	}
	c := shmtest.Start(t, "actor", "permits", string(text))
	c.Expect("ready")
	ask(c, "acquire", "ok")
	ask(c, "acquire", "ok")
	ask(c, "acquire", "ok")
	c.Kill()
	sleepers = sleepOn(t, seq, w, 3)
	must(t, p.Acquire())
	if n := sleepers.Left(); n != 0 {
		t.Errorf("%d of 3 still sleep, and the dead have given two back", n)
	}
}
