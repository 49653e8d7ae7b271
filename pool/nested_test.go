package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
)

var (
	inner = process.RegisterFunc("pool in a task", func(ctx context.Context, list []int) ([]int, error) {
		p, err := pool.New(2)
		if err != nil {
			return nil, err
		}
		defer p.Shutdown(context.Background(), true)
		return pool.Map(ctx, p, square, list)
	})
	innerGate = process.RegisterFunc("gate in a pool in a task", func(ctx context.Context, g gates) (int, error) {
		p, err := pool.New(2)
		if err != nil {
			return 0, err
		}
		_, err = pool.Map(ctx, p, gate, []gates{g, g}, pool.ChunkSize(1))
		return os.Getpid(), err
	})
)

// A task may have a pool.
func TestPoolInTask(t *testing.T) {
	watch(t)
	p := newPool(t, 3)
	lists := [][]int{numbers(10), numbers(100), nil, numbers(7), numbers(50)}
	got, err := pool.Map(t.Context(), p, inner, lists, pool.ChunkSize(1))
	if err != nil {
		t.Fatal(err)
	}
	for i, list := range lists {
		if !slices.Equal(got[i], squaresOf(len(list))) {
			t.Errorf("list %d: %v", i, got[i])
		}
	}
}

// The pool of a task ends with its worker, however that ends, and nothing of it is left.
func TestPoolInTaskEnds(t *testing.T) {
	watch(t)
	for name, end := range map[string]func(p *pool.Pool, worker int, cancel context.CancelFunc){
		"worker killed": func(_ *pool.Pool, worker int, _ context.CancelFunc) { syscall.Kill(worker, syscall.SIGKILL) },
		"terminated":    func(p *pool.Pool, _ int, _ context.CancelFunc) { p.Terminate() },
		"context":       func(_ *pool.Pool, _ int, cancel context.CancelFunc) { cancel() },
	} {
		before := filesIn(os.Getenv("SHMKIT_DIR"))
		g := newGates(t)
		p := newPool(t, 1)
		worker, err := pool.Apply(t.Context(), p, whoAmI, process.None{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := pool.Apply(ctx, p, innerGate, g)
			done <- err
		}()
		pids := g.come(t, 2)
		end(p, worker, cancel)
		if err := <-done; err == nil {
			t.Error(name, "no error")
		}
		for _, pid := range append(pids, worker) {
			for runs(pid) {
				runtime.Gosched()
			}
		}
		cancel()
		p.Terminate()
		if err := p.Join(t.Context()); err != nil {
			t.Error(name, err)
		}
		for len(filesIn(os.Getenv("SHMKIT_DIR"))) > max(1, len(before)) {
			time.Sleep(time.Millisecond)
		}
	}
}

// halt stops a process, and returns when all of its threads stand still.
func halt(pid int) {
	syscall.Kill(pid, syscall.SIGSTOP)
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range threads {
		for {
			text, err := os.ReadFile(path)
			if err != nil || bytes.ContainsRune([]byte("TtZX"), rune(text[bytes.LastIndexByte(text, ')')+2])) {
				break
			}
			runtime.Gosched()
		}
	}
}

// All workers are stopped when the pool is terminated, or closed and then terminated, and
// when tasks are over their time.
//
// conformance: EXS-08
func TestAllStopped(t *testing.T) {
	watch(t)
	for name, end := range map[string]func(*pool.Pool){
		"terminate": (*pool.Pool).Terminate,
		"close":     func(p *pool.Pool) { p.Close(); p.Terminate() },
	} {
		g := newGates(t)
		p := newPool(t, 3)
		list := several(p, g, 7)
		for _, pid := range g.come(t, 3) {
			halt(pid)
		}
		end(p)
		if err := p.Join(t.Context()); err != nil {
			t.Error(name, err)
		}
		for _, r := range list {
			if _, err := r.Get(t.Context()); err != pool.ErrTerminated {
				t.Error(name, err)
			}
		}
	}
	g := newGates(t)
	p := newPool(t, 2)
	list := []*pool.AsyncResult[int]{pool.ApplyAsync(p, gate, g, pool.TaskTimeout(300*time.Millisecond)), pool.ApplyAsync(p, gate, g, pool.TaskTimeout(300*time.Millisecond))}
	for _, pid := range g.come(t, 2) {
		halt(pid)
	}
	for _, r := range list {
		if _, err := r.Get(t.Context()); err != pool.ErrTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
	works(t, p)
}

// Workers are stopped that have nothing to do. Those that go on do all, and when none does
// the tasks that wait can be withdrawn.
func TestIdleStopped(t *testing.T) {
	watch(t)
	p := newPool(t, 3)
	works(t, p)
	pids := pidsOf(p)
	for _, pid := range pids[:2] {
		halt(pid)
	}
	works(t, p)
	halt(pids[2])
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := pool.Apply(ctx, p, square, 1); err != context.DeadlineExceeded {
		t.Error(err)
	}
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGCONT)
	}
	works(t, p)
}

// Initializers that are killed do not break the pool at once: somebody else may do that.
func TestKilledAtFirst(t *testing.T) {
	watch(t)
	hit := filepath.Join(t.TempDir(), "hit")
	p := newPool(t, 1, pool.WithInitializer(killedOnce, hit))
	works(t, p)
}

var killedOnce = process.Register("killed once", func(_ context.Context, file string) error {
	if f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		f.Close()
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return nil
})
