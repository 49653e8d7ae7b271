package pool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
	"shmkit/ring"
	"shmkit/value"
)

// gate is a function that says that it runs, and goes on when it may.
var gate = process.RegisterFunc("gate", func(ctx context.Context, g gates) (int, error) {
	if err := g.In.Put(int64(os.Getpid())); err != nil {
		return 0, err
	}
	_, err := g.Out.GetContext(ctx)
	return os.Getpid(), err
})

type gates struct{ In, Out *ring.Queue[int64] }

func newGates(t testing.TB) gates {
	t.Helper()
	in, err := ring.New[int64](64)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ring.New[int64](64)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Detach(); out.Detach() })
	return gates{in, out}
}

func (g gates) come(t testing.TB, n int) (pids []int) {
	t.Helper()
	for range n {
		pid, err := g.In.GetContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, int(pid))
	}
	return pids
}

func (g gates) open(t testing.TB, n int) {
	t.Helper()
	for range n {
		if err := g.Out.Put(0); err != nil {
			t.Fatal(err)
		}
	}
}

func several(p *pool.Pool, g gates, n int) []*pool.AsyncResult[int] {
	list := make([]*pool.AsyncResult[int], n)
	for i := range list {
		list[i] = pool.ApplyAsync(p, gate, g)
	}
	return list
}

// Terminate with tasks that run, that are queued, and that wait for room.
func TestTerminate(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 2, pool.QueueSize(4))
	list := several(p, g, 20)
	many := pool.MapAsync(p, gate, []gates{g, g, g, g, g, g, g, g}, pool.ChunkSize(1))
	pids := g.come(t, 2)
	p.Terminate()
	p.Terminate()
	for i, r := range list {
		if _, err := r.Get(t.Context()); !errors.Is(err, pool.ErrTerminated) {
			t.Errorf("task %d: %v", i, err)
		}
	}
	if _, err := many.Get(t.Context()); !errors.Is(err, pool.ErrTerminated) {
		t.Errorf("map: %v", err)
	}
	if err := p.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("worker %d is there: %v", pid, err)
		}
	}
	if _, err := pool.Apply(t.Context(), p, square, 1); err != pool.ErrClosed {
		t.Errorf("after Terminate: %v", err)
	}
}

// Close lets all tasks end that were given to the pool.
//
// conformance: PL-18, EXS-01, EXS-03
func TestClose(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 2, pool.QueueSize(4))
	if err := p.Join(t.Context()); err != pool.ErrRunning {
		t.Errorf("Join before Close: %v", err)
	}
	list := several(p, g, 50)
	p.Close()
	p.Close()
	if _, err := pool.Apply(t.Context(), p, square, 1); err != pool.ErrClosed {
		t.Errorf("after Close: %v", err)
	}
	for _, err := range pool.Imap(t.Context(), p, square, count(3)) {
		if err != pool.ErrClosed {
			t.Errorf("after Close: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Join(ctx); err != context.Canceled {
		t.Errorf("Join of a pool with tasks: %v", err)
	}
	g.open(t, 50)
	if err := p.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, r := range list {
		if !r.Ready() || r.Err() != nil {
			t.Errorf("task %d: %v", i, r)
		}
	}
}

// Shutdown with cancel withdraws what has not begun.
//
// conformance: EXS-04
func TestShutdownCancels(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 2)
	list := several(p, g, 50)
	g.come(t, 2)
	over := make(chan error)
	go func() { over <- p.Shutdown(t.Context(), true) }()
	for _, r := range list {
		if !r.Running() {
			<-r.Done()
		}
	}
	g.open(t, 2)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	canceled := 0
	for _, r := range list {
		if r.Cancelled() {
			canceled++
		} else if r.Err() != nil {
			t.Error(r.Err())
		}
	}
	if canceled != 48 {
		t.Errorf("%d tasks were withdrawn, want 48", canceled)
	}
}

// Tasks that end with the context of their caller, queued and running.
func TestContext(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 1)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		g.come(t, 1)
		cancel(enough)
	}()
	if _, err := pool.Map(ctx, p, gate, []gates{g, g, g}, pool.ChunkSize(1)); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	if _, err := pool.Apply(ctx, p, gate, g); err != enough {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithCancelCause(t.Context())
	go func() {
		g.come(t, 1)
		cancel(enough)
	}()
	for _, err := range pool.Imap(ctx, p, gate, func(yield func(gates) bool) {
		for yield(g) {
		}
	}) {
		if err != enough {
			t.Errorf("%v", err)
		}
	}
	works(t, p)
}

// A pool that is forgotten is terminated.
//
// conformance: PL-23, PL-29
func TestForgotten(t *testing.T) {
	watch(t)
	p, err := pool.New(2)
	if err != nil {
		t.Fatal(err)
	}
	r := pool.ApplyAsync(p, whoAmI, process.None{})
	p = nil
	runtime.GC()
	pid, err := r.Get(t.Context())
	if err != nil {
		t.Fatal("the pool was terminated with a task in it:", err)
	}
	for syscall.Kill(pid, 0) == nil {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	for len(process.ActiveChildren()) > 0 {
		time.Sleep(time.Millisecond)
	}
}

// nest is a process that has a pool, and is killed.
var nest = process.RegisterFunc("nest", func(ctx context.Context, g gates) (int, error) {
	p, err := pool.New(4)
	if err != nil {
		return 0, err
	}
	_, err = pool.Map(ctx, p, gate, []gates{g, g, g, g, g, g, g, g}, pool.ChunkSize(1))
	return 0, err
})

// A process that has a pool is killed, and nothing is left of the pool.
func TestParentKilled(t *testing.T) {
	watch(t)
	g := newGates(t)
	parent, err := nest.Start(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	pids := g.come(t, 4)
	killed := time.Now()
	parent.Kill()
	parent.Wait()
	parent.Close()
	for _, pid := range pids {
		for syscall.Kill(pid, 0) == nil {
			time.Sleep(time.Millisecond)
		}
	}
	t.Logf("the last worker ended after %v", time.Since(killed))
	for {
		files, _ := filepath.Glob(filepath.Join(os.Getenv("SHMKIT_DIR"), "anon-*"))
		if len(files) <= 1 { // of this process
			break
		}
		time.Sleep(time.Millisecond)
	}
}

var nested = process.RegisterFunc("nested", func(ctx context.Context, n int) (list []int, err error) {
	p, err := pool.New(2)
	if err != nil {
		return nil, err
	}
	if list, err = pool.Map(ctx, p, square, []int{n, n + 1}); err != nil {
		return nil, err
	}
	return list, p.Shutdown(ctx, false)
})

// A worker may have a pool of its own.
func TestNested(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	got, err := pool.Map(t.Context(), p, nested, []int{1, 2, 3})
	if err != nil || len(got) != 3 || got[2][1] != 16 {
		t.Error(got, err)
	}
}

// Nobody is a zombie, though nobody asks.
func TestNoZombies(t *testing.T) {
	watch(t)
	p := newPool(t, 4)
	for range 20 {
		for _, w := range p.Stats().Workers {
			if w.PID != 0 {
				syscall.Kill(w.PID, syscall.SIGKILL)
			}
		}
		works(t, p)
	}
	p.Terminate()
	if err := p.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("child %d is left: %v", pid, err)
	}
}

// 200 workers.
//
// conformance: PL-31
func TestLargePool(t *testing.T) {
	watch(t)
	p := newPool(t, 200)
	list := make([]int, 1000)
	for i := range list {
		list[i] = i
	}
	got, err := pool.Map(t.Context(), p, square, list)
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, got, len(list))
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// Each worker ends after its tasks.
//
// conformance: PL-26
func TestTasksPerChild(t *testing.T) {
	watch(t)
	p := newPool(t, 2, pool.TasksPerChild(3))
	pids := map[int]int{}
	for range 30 {
		pid, err := pool.Apply(t.Context(), p, whoAmI, process.None{})
		if err != nil {
			t.Fatal(err)
		}
		pids[pid]++
	}
	for pid, n := range pids {
		if n > 3 {
			t.Errorf("worker %d ran %d tasks", pid, n)
		}
	}
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
}

var (
	counts = process.Register("counts", func(_ context.Context, n *value.Value[int64]) error { n.Add(1); return nil })
	makes  = process.RegisterFunc("makes", func(_ context.Context, x int64) (*value.Value[int64], error) { return value.New(x) })
)

// The initializer runs once in each worker. Handles travel in arguments and results, and
// results stay until they are here.
//
// conformance: EXI-01
func TestHandles(t *testing.T) {
	watch(t)
	n, err := value.New[int64](0)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	p := newPool(t, 3, pool.WithInitializer(counts, n), pool.TasksPerChild(5))
	for i := range int64(20) {
		v, err := pool.Apply(t.Context(), p, makes, i)
		if err != nil || v.Load() != i {
			t.Fatal(v, err)
		}
		v.Close()
	}
	list := make([]*value.Value[int64], 100)
	for i := range list {
		list[i] = n
	}
	before := n.Load()
	if _, err := pool.Map(t.Context(), p, counts, list); err != nil {
		t.Fatal(err)
	}
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if got := n.Load(); got < before+100 || got > before+100+20 {
		t.Errorf("counted %d, from %d", got, before)
	}
}

// Arguments and results that are longer than the queues.
func TestLarge(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for _, n := range []int{0, 1, 4 << 10, 256 << 10, 1 << 20, 20 << 20} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * i >> 8)
		}
		got, err := pool.Apply(t.Context(), p, echo, b)
		if err != nil || string(got) != string(b) {
			t.Fatalf("%d bytes: %d came back: %v", n, len(got), err)
		}
	}
	many := make([][]byte, 50)
	for i := range many {
		many[i] = fmt.Appendf(make([]byte, 100<<10), "item %d", i)
	}
	got, err := pool.Map(t.Context(), p, echo, many)
	if err != nil {
		t.Fatal(err)
	}
	for i := range many {
		if string(got[i]) != string(many[i]) {
			t.Errorf("item %d is another", i)
		}
	}
}
