package pool_test

import (
	"bytes"
	"context"
	"errors"
	"log"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"shmkit/internal/shmtest"
	"shmkit/pool"
	"shmkit/process"
)

func init() {
	shmtest.Register("forgets its pool", func(c *shmtest.Child) {
		p, err := pool.New(2)
		c.Must(err)
		for range 10 {
			pool.ApplyAsync(p, bad, "hang")
		}
		for p.Stats().Busy < 2 {
			runtime.Gosched()
		}
		for _, w := range p.Stats().Workers {
			c.Say(w.PID)
		}
	})
}

func squaresOf(n int) []int {
	list := numbers(n)
	for i, v := range list {
		list[i] = v * v
	}
	return list
}

// conformance: PL-01, PL-02, PL-04, PL-09, EX-01, EX-02, EX-06
func TestMeaning(t *testing.T) {
	watch(t)
	p := newPool(t, 4)
	if v, err := pool.Apply(t.Context(), p, square, 5); v != 25 || err != nil {
		t.Error(v, err)
	}
	if v, err := pool.Apply(t.Context(), p, power, pool.Args2[int, int]{A: 2, B: 8}); v != 256 || err != nil {
		t.Error(v, err)
	}
	if v, err := pool.ApplyAsync(p, square, 7).Get(t.Context()); v != 49 || err != nil {
		t.Error(v, err)
	}
	for _, options := range [][]pool.CallOption{nil, {pool.ChunkSize(1)}, {pool.ChunkSize(3)}, {pool.ChunkSize(6)}, {pool.ChunkSize(20)}, {pool.ChunkSize(40)}, {pool.ChunkSize(50)}, {pool.ChunkSize(1 << 40)}} {
		if got, err := pool.Map(t.Context(), p, square, numbers(41), options...); err != nil || !slices.Equal(got, squaresOf(41)) {
			t.Error(got, err)
		}
		if got, err := pool.MapAsync(p, square, numbers(41), options...).Get(t.Context()); err != nil || !slices.Equal(got, squaresOf(41)) {
			t.Error(got, err)
		}
	}
	for _, n := range []int{0, -1} {
		if _, err := pool.New(n); !errors.Is(err, pool.ErrWorkers) {
			t.Error(err)
		}
		if _, err := pool.Map(t.Context(), p, square, numbers(3), pool.ChunkSize(n)); !errors.Is(err, pool.ErrOption) {
			t.Error(err)
		}
	}
	ones := make([]pool.Args2[int, int], 100)
	if got, err := pool.StarmapAsync(p, power, ones).Get(t.Context()); err != nil || len(got) != 100 || got[99] != 1 {
		t.Error(got, err)
	}
}

// conformance: PL-05, PL-24
func TestMapCallsBackOnce(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for _, failing := range []bool{false, true} {
		var done, failed atomic.Int32
		end := make(chan bool)
		list := numbers(10)
		if failing {
			list = numbers(20)
		}
		r := pool.MapAsync(p, unlucky, list, pool.ChunkSize(3))
		r.OnDone(func(got []int) {
			if done.Add(1); !slices.Equal(got, list) {
				t.Error(got)
			}
		})
		r.OnError(func(err error) {
			var several *pool.MapError
			if failed.Add(1); !errors.As(err, &several) || several.Items[0].Index != 13 {
				t.Error(err)
			}
		})
		r.OnEnd(func(*pool.AsyncResult[[]int]) { close(end) })
		<-end
		if want := map[bool][2]int32{false: {1, 0}, true: {0, 1}}[failing]; [2]int32{done.Load(), failed.Load()} != want {
			t.Error(done.Load(), failed.Load())
		}
	}
}

// conformance: PL-18, PL-19, EXS-01
func TestAfterTheEnd(t *testing.T) {
	watch(t)
	for name, end := range map[string]func(*pool.Pool){"close": (*pool.Pool).Close, "terminate": (*pool.Pool).Terminate} {
		p := newPool(t, 1)
		works(t, p)
		end(p)
		for range 2 { // at once, and when nothing is left
			if _, err := pool.Apply(t.Context(), p, square, 1); err != pool.ErrClosed {
				t.Error(name, err)
			}
			if _, err := pool.ApplyAsync(p, square, 1).Get(t.Context()); err != pool.ErrClosed {
				t.Error(name, err)
			}
			if _, err := pool.Map(t.Context(), p, square, numbers(3)); err != pool.ErrClosed {
				t.Error(name, err)
			}
			if _, err := pool.MapAsync(p, square, nil).Get(t.Context()); err != pool.ErrClosed {
				t.Error(name, err)
			}
			for _, err := range pool.ImapUnordered(t.Context(), p, square, count(3)) {
				if err != pool.ErrClosed {
					t.Error(name, err)
				}
			}
			if err := p.Join(t.Context()); err != nil {
				t.Error(name, err)
			}
			p.Close()
			p.Terminate()
			if s := p.Stats(); s.Busy != 0 || s.Queued != 0 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// heavy is an argument and a result that is seen when it goes.
type heavy struct{ Text string }

var lift = process.RegisterFunc("lift", func(_ context.Context, h *heavy) (*heavy, error) { return h, nil })

// Neither arguments nor results are kept by a pool, nor by an outcome that is.
//
// conformance: PL-22, EX-07
func TestArgumentsAreForgotten(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	var left atomic.Int32
	follow := func(h *heavy) *heavy {
		left.Add(1)
		runtime.AddCleanup(h, func(int) { left.Add(-1) }, 0)
		return h
	}
	var kept []any
	func() {
		var list []*heavy
		for range 20 {
			list = append(list, follow(&heavy{"an argument"}))
			r := pool.ApplyAsync(p, lift, follow(&heavy{"an argument"}))
			if _, err := r.Get(t.Context()); err != nil {
				t.Fatal(err)
			}
			kept = append(kept, r)
		}
		got, err := pool.Map(t.Context(), p, lift, list)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range got {
			follow(h)
		}
		for h, err := range pool.Imap(t.Context(), p, lift, slices.Values(list)) {
			if follow(h); err != nil {
				t.Fatal(err)
			}
		}
	}()
	for left.Load() > 0 {
		runtime.GC()
		runtime.Gosched()
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(p)
}

// conformance: PL-23
func TestForgottenIsLogged(t *testing.T) {
	watch(t)
	var mu sync.Mutex
	var text bytes.Buffer
	log.SetOutput(lockedWriter{&mu, &text})
	defer log.SetOutput(os.Stderr)
	logged := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return strings.Contains(text.String(), "Forgotten was forgotten and not closed")
	}
	if _, err := pool.New(1, pool.Name("Forgotten")); err != nil {
		t.Fatal(err)
	}
	for !logged() {
		runtime.GC()
		runtime.Gosched()
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

// A program ends though it has a pool that it has forgotten, and whose tasks go on for ever.
//
// conformance: PL-29, EXS-07
func TestProgramEndsBesideItsPool(t *testing.T) {
	watch(t)
	var pids []string
	parent := shmtest.StartWith(t, func(cmd *exec.Cmd) { cmd.Stderr = nil }, "forgets its pool")
	for range 2 {
		pids = append(pids, parent.Line())
	}
	parent.Wait()
	for _, text := range pids {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		for runs(pid) {
			runtime.Gosched()
		}
	}
}

// conformance: PL-26, EX-12
func TestWorkersAreReplaced(t *testing.T) {
	watch(t)
	p := newPool(t, 3, pool.TasksPerChild(10))
	before := pidsOf(p)
	if got, err := pool.Map(t.Context(), p, square, numbers(100), pool.ChunkSize(1)); err != nil || !slices.Equal(got, squaresOf(100)) {
		t.Error(got, err)
	}
	for slices.ContainsFunc(before, func(pid int) bool { return slices.Contains(pidsOf(p), pid) }) {
		pool.Apply(t.Context(), p, square, 1) // each has some tasks left
	}
	one := newPool(t, 1, pool.TasksPerChild(3))
	var results []*pool.AsyncResult[int]
	for range 6 {
		results = append(results, pool.ApplyAsync(one, whoAmI, process.None{}))
	}
	if err := one.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
	var pids []int
	for _, r := range results {
		pid, err := r.Get(t.Context())
		if err != nil {
			t.Error(err)
		}
		pids = append(pids, pid)
	}
	if pids[0] != pids[2] || pids[2] == pids[3] || pids[3] != pids[5] {
		t.Error(pids)
	}
}

func pidsOf(p *pool.Pool) (pids []int) {
	for _, w := range p.Stats().Workers {
		if w.PID != 0 && syscall.Kill(w.PID, 0) == nil {
			pids = append(pids, w.PID)
		}
	}
	return pids
}
