package sync_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func newSemaphore(t testing.TB, n int) *shsync.Semaphore {
	t.Helper()
	s, err := shsync.NewSemaphore(n)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// wants fails the test unless got is want.
func wants(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// conformance: SEM-04
func TestSemaphoreMisuse(t *testing.T) {
	_, err := shsync.NewSemaphore(-1)
	wants(t, "NewSemaphore(-1)", err, shsync.ErrCount)
	_, err = shsync.NewBoundedSemaphore(-1)
	wants(t, "NewBoundedSemaphore(-1)", err, shsync.ErrCount)
	_, err = shsync.NewPermits(0)
	wants(t, "NewPermits(0)", err, shsync.ErrCount)
	for n := shsync.MaxSemaphore + 1; n > 0 && n < math.MaxInt/4; n *= 4 {
		_, err = shsync.NewSemaphore(n)
		wants(t, "too large a semaphore", err, shsync.ErrTooMany)
		_, err = shsync.NewPermits(n)
		wants(t, "too many permits", err, shsync.ErrTooMany)
	}
	s := newSemaphore(t, shsync.MaxSemaphore)
	wants(t, "Release at the largest count", s.Release(), shsync.ErrTooMany)
	wants(t, "ReleaseN at the largest count", s.ReleaseN(math.MaxInt), shsync.ErrTooMany)
	wants(t, "ReleaseN(-1)", s.ReleaseN(-1), shsync.ErrCount)
	wants(t, "AcquireN(0)", s.AcquireN(0), shsync.ErrCount)
	wants(t, "AcquireN(-1)", s.AcquireN(-1), shsync.ErrCount)
	wants(t, "AcquireN(2^62)", s.AcquireN(1<<62), shsync.ErrTooMany)
	if n := s.Value(); n != shsync.MaxSemaphore {
		t.Errorf("the count is %d", n)
	}
	must(t, s.AcquireN(shsync.MaxSemaphore))
	b, err := shsync.NewBoundedSemaphore(0)
	must(t, err)
	defer b.Close()
	wants(t, "Release above a bound of 0", b.Release(), shsync.ErrTooMany)
}

// A BoundedSemaphore is a Semaphore; a Semaphore is no BoundedSemaphore; Permits are
// neither.
func TestSemaphoreTypes(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	s, err := shsync.NewSemaphoreIn(seg, "plain", 1)
	must(t, err)
	defer s.Close()
	b, err := shsync.NewBoundedSemaphoreIn(seg, "bounded", 1)
	must(t, err)
	defer b.Close()
	p, err := shsync.NewPermitsIn(seg, "permits", 3)
	must(t, err)
	defer p.Close()
	_, err = shsync.NewSemaphoreIn(seg, "plain", 1)
	wants(t, "a name twice", err, shm.ErrExists)
	again, err := shsync.OpenSemaphore(seg, "bounded")
	must(t, err)
	wants(t, "Release of a bounded one opened as plain", again.Release(), shsync.ErrTooMany)
	must(t, again.Close())
	_, err = shsync.OpenBoundedSemaphore(seg, "plain")
	wants(t, "plain as bounded", err, shm.ErrType)
	_, err = shsync.OpenSemaphore(seg, "permits")
	wants(t, "permits as semaphore", err, shm.ErrType)
	_, err = shsync.OpenPermits(seg, "plain")
	wants(t, "semaphore as permits", err, shm.ErrType)
	_, err = shsync.OpenPermits(seg, "none")
	wants(t, "no permits", err, shm.ErrNotFound)
	must(t, p.Acquire())
	for got, want := range map[string]string{
		s.String(): "Semaphore(1 free)", b.String(): "BoundedSemaphore(1 free of 1)",
		p.String(): fmt.Sprintf("Permits(2 free of 3, 1 with pid %d)", pid),
	} {
		if got != want {
			t.Errorf("String is %q, want %q", got, want)
		}
	}
	if info := p.Info(); info.Free != 2 || info.Count != 3 || len(info.Owners) != 1 || info.Owners[0].PID != pid || !info.Owners[0].Alive {
		t.Errorf("Info is %+v", info)
	}
	if info := b.Info(); *info != (shsync.SemaphoreInfo{Free: 1, Bound: 1}) {
		t.Errorf("Info is %+v", info)
	}
}

// What a damaged segment says gives an error.
func TestSemaphoreDamaged(t *testing.T) {
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	s, err := shsync.NewSemaphoreIn(seg, "it", 1)
	must(t, err)
	defer s.Close()
	o, err := seg.OpenObject("it", shm.Spec{Kind: shm.KindSemaphore})
	must(t, err)
	defer o.Close()
	head := shm.Head[layout.Semaphore](o, 0)
	head.Bound = layout.SemaphoreMost + 1
	_, err = shsync.OpenSemaphore(seg, "it")
	wants(t, "a bound that cannot be", err, shm.ErrCorrupt)
	head.Bound, head.Word = 3, layout.SemaphoreMany|4
	if found, err := seg.Check(); err != nil || len(found) != 2 {
		t.Errorf("Check: %v %v", found, err)
	}
	p, err := shsync.NewPermitsIn(seg, "permits", 1)
	must(t, err)
	defer p.Close()
	o2, err := seg.OpenObject("permits", shsync.Specs["Permits"])
	must(t, err)
	defer o2.Close()
	shm.Items[uint32](o2)[0] = 3 << 20
	wants(t, "Acquire of a cell that cannot be", p.Acquire(), shm.ErrCorrupt)
	if found, err := seg.Check(); err != nil || len(found) != 3 {
		t.Errorf("Check: %v %v", found, err)
	}
	shm.Items[uint32](o2)[0] = 0
}

// waiter is what the tests below need of either kind.
type waiter interface {
	Acquire() error
	AcquireContext(context.Context) error
	TryAcquire() (bool, error)
	Release() error
	Close() error
	Value() int
	String() string
	MarshalText() ([]byte, error)
}

// eachKind runs a test with a semaphore and with permits, n of them.
func eachKind(t *testing.T, n int, f func(t *testing.T, s waiter)) {
	t.Run("semaphore", func(t *testing.T) { watchdog(t); f(t, newSemaphore(t, n)) })
	t.Run("permits", func(t *testing.T) {
		watchdog(t)
		p, err := shsync.NewPermits(n)
		must(t, err)
		t.Cleanup(func() { p.Close() })
		f(t, p)
	})
}

func TestSemaphoreCloseTellsAll(t *testing.T) {
	eachKind(t, 1, func(t *testing.T, s waiter) {
		must(t, s.Acquire())
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() { wants(t, "waiter through a closed handle", s.Acquire(), shsync.ErrClosed) })
		}
		asleep(40)
		must(t, s.Close())
		all.Wait()
		wants(t, "Close again", s.Close(), shsync.ErrClosed)
		wants(t, "Acquire", s.Acquire(), shsync.ErrClosed)
		wants(t, "Release", s.Release(), shsync.ErrClosed)
		_, err := s.TryAcquire()
		wants(t, "TryAcquire", err, shsync.ErrClosed)
		_, err = s.MarshalText()
		wants(t, "MarshalText", err, shsync.ErrClosed)
		if !strings.HasSuffix(s.String(), "(closed)") || s.Value() != 0 {
			t.Errorf("%v, %d free", s, s.Value())
		}
	})
}

// The memory of a semaphore must not become another object's under a call.
func TestSemaphoreCloseKeepsWhatCallsUse(t *testing.T) {
	watchdog(t)
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"))
	must(t, err)
	defer seg.Close()
	p, err := shsync.NewPermitsIn(seg, "it", 1)
	must(t, err)
	must(t, seg.RemoveObject("it"))
	must(t, p.Acquire())
	ctx := held{context.Background(), make(chan bool), make(chan bool)}
	got := make(chan error)
	go func() { got <- p.AcquireContext(ctx) }()
	<-ctx.asked
	must(t, p.Close())
	if info, err := seg.Info(); err != nil || len(info.Objects) != 1 {
		t.Errorf("%v: the permits were freed under a call", err)
	}
	close(ctx.on)
	go func() {
		for range ctx.asked {
		}
	}()
	wants(t, "the call that waited", <-got, shsync.ErrClosed)
	if info, err := seg.Info(); err != nil || len(info.Objects) != 0 {
		t.Errorf("%v: the permits were not freed", err)
	}
}

// Never more inside than there are permits; everybody gets in, those who sleep in the
// hub too, and those who want many.
func TestSemaphoreStress(t *testing.T) {
	const n, workers, rounds = 3, 24, 60
	eachKind(t, n, func(t *testing.T, s waiter) {
		var inside, most atomic.Int32
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for i := range rounds {
					take, give, k := s.Acquire, s.Release, int32(1)
					if many, ok := s.(*shsync.Semaphore); ok && w%4 == 0 {
						k = int32(1 + i%n)
						take = func() error { return many.AcquireN(int(k)) }
						give = func() error { return many.ReleaseN(int(k)) }
					}
					must(t, take())
					if now := inside.Add(k); now > most.Load() {
						most.Store(now)
					}
					runtime.Gosched()
					inside.Add(-k)
					must(t, give())
				}
			})
		}
		all.Wait()
		if m := most.Load(); m > n || s.Value() != n {
			t.Errorf("%d inside of %d, %d free at the end", m, n, s.Value())
		}
	})
}

// Who gives up passes the wake-up on that it may have got.
func TestSemaphoreCancelled(t *testing.T) {
	eachKind(t, 1, func(t *testing.T, s waiter) {
		for range 50 {
			must(t, s.Acquire())
			ctx, cancel := context.WithCancel(context.Background())
			left, got := make(chan error, 1), make(chan error, 1)
			go func() { left <- s.AcquireContext(ctx) }()
			asleep(1)
			go func() { got <- s.Acquire() }()
			asleep(2)
			go cancel()
			must(t, s.Release())
			if err := <-left; err == nil {
				must(t, s.Release())
			}
			must(t, <-got)
			must(t, s.Release())
			cancel()
		}
		if own, shared := park.Sleepers(); own+shared != 0 || s.Value() != 1 {
			t.Errorf("%d sleepers, %d free", own+shared, s.Value())
		}
	})
}

func init() { shmtest.Register("permits", hammerPermits) }

// hammerPermits takes permits and gives them back until it is killed.
func hammerPermits(c *shmtest.Child) {
	var p shsync.Permits
	c.Must(p.UnmarshalText([]byte(c.Args[0])))
	c.Say("ready")
	for {
		c.Must(p.Acquire())
		c.Must(p.Release())
	}
}

// Processes that are killed at any moment of Acquire and Release lose no permit.
func TestPermitsKilled(t *testing.T) {
	watchdog(t)
	p, err := shsync.NewPermits(2)
	must(t, err)
	defer p.Close()
	text, err := p.MarshalText()
	must(t, err)
	for range 8 {
		var all []*shmtest.Process
		for range 4 {
			all = append(all, shmtest.Start(t, "permits", string(text)))
		}
		for _, c := range all {
			c.Expect("ready")
			must(t, p.Acquire())
			must(t, p.Release())
		}
		for _, c := range all {
			c.Kill()
		}
		must(t, p.Acquire())
		must(t, p.Acquire())
		must(t, p.Release())
		must(t, p.Release())
	}
}

// The last handle of a process gives its permits back.
func TestPermitsClose(t *testing.T) {
	p, err := shsync.NewPermits(2)
	must(t, err)
	defer p.Close()
	text, err := p.MarshalText()
	must(t, err)
	c := shmtest.Start(t, "actor", "permits", string(text))
	c.Expect("ready")
	ask(c, "acquire", "ok")
	ask(c, "acquire", "ok")
	ask(c, "close", "ok") // and it lives on
	if n := p.Value(); n != 2 {
		t.Errorf("%d permits are free after the Close of who had both", n)
	}
	must(t, p.Acquire())
	must(t, p.Acquire())
}
