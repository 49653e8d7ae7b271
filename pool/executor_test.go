package pool_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
	"shmkit/value"
)

// conformance: EX-03, EX-04
func TestStreamOfErrors(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	list := []string{"", "error", ""}
	got, err := pool.Map(t.Context(), p, bad, list, pool.ChunkSize(1))
	var several *pool.MapError
	if !errors.As(err, &several) || len(several.Items) != 1 || several.Items[0].Index != 1 || !errors.Is(err, errOurs) || !slices.Equal(got, []int{1, 0, 1}) {
		t.Error(got, err)
	}
	// The time of all results: those that are there come first.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var errs []error
	for _, err := range pool.Imap(ctx, p, bad, slices.Values([]string{"", "", "hang"})) {
		errs = append(errs, err)
	}
	if last := errs[len(errs)-1]; last != context.DeadlineExceeded {
		t.Error(errs)
	}
	for _, err := range errs[:len(errs)-1] {
		if err != nil {
			t.Error(errs)
		}
	}
	works(t, p)
}

// conformance: EX-05, EXS-06
func TestSubmitAgainstShutdown(t *testing.T) {
	watch(t)
	for round := range 30 {
		p := newPool(t, 1, pool.QueueSize(2))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for i := 0; ; i++ {
					r := pool.ApplyAsync(p, square, i)
					if i%3 == 0 {
						r.Cancel()
					}
					switch v, err := r.Get(context.Background()); {
					case err == pool.ErrClosed || err == pool.ErrTerminated:
						return
					case err == nil && v != i*i || err != nil && err != pool.ErrCanceled:
						t.Error(v, err)
						return
					}
				}
			})
		}
		switch round % 3 {
		case 0:
			p.Close()
		case 1:
			p.Terminate()
		case 2:
			p.Shutdown(t.Context(), true)
		}
		all.Wait()
		if err := p.Join(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A worker that is terminated by the system takes its task with it and no other. Python's
// pool is broken then.
//
// conformance: EX-08
func TestKilledChild(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 2)
	list := several(p, g, 6)
	pids := g.come(t, 2)
	syscall.Kill(pids[0], syscall.SIGTERM)
	g.come(t, 1)
	g.open(t, 5)
	died := 0
	for _, r := range list {
		if _, err := r.Get(t.Context()); err != nil {
			if died++; !oneOf(func(e *pool.WorkerDied) bool { return e.Signal == syscall.SIGTERM && e.PID == pids[0] })(err) {
				t.Error(err)
			}
		}
	}
	if died != 1 {
		t.Errorf("%d tasks failed", died)
	}
	works(t, p)
}

// conformance: EX-10
func TestSaturation(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 3)
	list := several(p, g, 15*3)
	first := g.come(t, 3)
	slices.Sort(first)
	if s := p.Stats(); s.Busy != 3 || len(s.Workers) != 3 || s.Queued != 42 {
		t.Errorf("%+v", s)
	}
	g.open(t, 45)
	for _, r := range list {
		pid, err := r.Get(t.Context())
		if err != nil || !slices.Contains(first, pid) {
			t.Error(pid, err)
		}
	}
}

// Workers cannot be started any more: the pool is broken and says so, and nothing hangs.
//
// conformance: EX-13
func TestNoMoreWorkers(t *testing.T) {
	watch(t)
	refused := errors.New("no more processes")
	defer pool.FailStarts(2, refused)()
	p := newPool(t, 1)
	r := pool.ApplyAsync(p, bad, "kill")
	behind := pool.MapAsync(p, square, numbers(10))
	if _, err := r.Get(t.Context()); !oneOf(func(*pool.WorkerDied) bool { return true })(err) {
		t.Error(err)
	}
	broken := func(err error) bool {
		return oneOf(func(e *pool.InitError) bool { return e.Tries >= 3 })(err) && errors.Is(err, refused)
	}
	if _, err := behind.Get(t.Context()); !broken(err) {
		t.Error(err)
	}
	if _, err := pool.Apply(t.Context(), p, square, 1); !broken(err) {
		t.Error(err)
	}
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// conformance: EXI-01, EXS-07
func TestInitializerInEachWorker(t *testing.T) {
	watch(t)
	n, err := value.New[int64](0)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	g := newGates(t)
	p := newPool(t, 4, pool.WithInitializer(counts, n))
	list := several(p, g, 4) // which needs all of them
	pids := g.come(t, 4)
	if got := n.Load(); got != 4 {
		t.Errorf("%d workers have run it", got)
	}
	g.open(t, 4)
	for _, r := range list {
		<-r.Done()
	}
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("worker %d: %v", pid, err)
		}
	}
	if n := len(process.ActiveChildren()); n > 0 {
		t.Errorf("%d children are left", n)
	}
}
