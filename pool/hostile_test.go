package pool_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"shmkit/array"
	"shmkit/pool"
	"shmkit/process"
)

// A pool is terminated, or what waits is withdrawn, while its list of tasks moves.
func TestGiveUpWhileListMoves(t *testing.T) {
	watch(t)
	for name, end := range map[string]func(*pool.Pool) error{
		"terminate": func(p *pool.Pool) error { p.Terminate(); return p.Join(t.Context()) },
		"withdraw":  func(p *pool.Pool) error { return p.Shutdown(t.Context(), true) },
	} {
		for range 10 {
			p := newPool(t, 1, pool.QueueSize(1))
			list := make([]*pool.AsyncResult[int], 5000)
			for i := range list {
				list[i] = pool.ApplyAsync(p, square, i)
			}
			if err := end(p); err != nil {
				t.Fatal(name, err)
			}
			for i, r := range list {
				if v, err := r.Get(t.Context()); err == nil && v != i*i || err != nil && err != pool.ErrCanceled && err != pool.ErrTerminated {
					t.Fatal(name, v, err)
				}
			}
		}
	}
}

// A Map ends with its context, or is canceled, while it waits for room that others have.
func TestMapWithoutRoom(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 1, pool.QueueSize(1))
	held := pool.ApplyAsync(p, gate, g)
	g.come(t, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go cancel(enough)
	if _, err := pool.Map(ctx, p, square, numbers(10), pool.ChunkSize(1)); !errors.Is(err, enough) {
		t.Error(err)
	}
	r := pool.MapAsync(p, square, numbers(10), pool.ChunkSize(1))
	r.Cancel()
	if _, err := r.Get(t.Context()); !errors.Is(err, pool.ErrCanceled) {
		t.Error(err)
	}
	g.open(t, 1)
	if _, err := held.Get(t.Context()); err != nil {
		t.Error(err)
	}
	works(t, p)
}

// Shutdown with cancel withdraws items of a Map too that are not yet in a task.
func TestShutdownWithdrawsRestOfMap(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 1, pool.QueueSize(2))
	doors := make([]gates, 60)
	for i := range doors {
		doors[i] = g
	}
	r := pool.MapAsync(p, gate, doors, pool.ChunkSize(1))
	g.come(t, 1)
	g.open(t, 60)
	if err := p.Shutdown(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	var several *pool.MapError
	if _, err := r.Get(t.Context()); !errors.As(err, &several) || !errors.Is(err, pool.ErrCanceled) || len(several.Items) < 40 {
		t.Errorf("%v", err)
	}
}

// runaway is a result that ends the goroutine that decodes it, except in a worker.
type runaway struct{ N int }

func (r runaway) MarshalBinary() ([]byte, error) { return []byte{byte(r.N)}, nil }

func (r *runaway) UnmarshalBinary(b []byte) error {
	if r.N = int(b[0]); r.N == 1 {
		if _, worker := process.Parent(); !worker {
			runtime.Goexit()
		}
	}
	return nil
}

var runsAway = process.RegisterFunc("runaway", func(_ context.Context, n int) (runaway, error) { return runaway{n}, nil })

// A result that ends the goroutine of whoever decodes it fails alone.
func TestResultRunsAway(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for range 3 {
		if _, err := pool.Apply(t.Context(), p, runsAway, 1); !errors.Is(err, pool.ErrResult) {
			t.Error(err)
		}
	}
	got, err := pool.Map(t.Context(), p, runsAway, []int{0, 1, 2, 3}, pool.ChunkSize(4))
	var several *pool.MapError
	if !errors.As(err, &several) || several.Items[0].Index != 1 || got[0].N != 0 {
		t.Error(got, err)
	}
	works(t, p)
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// An input that never ends, and never gives more, does not keep a pool open whose loop ended.
func TestImapOfSilentInput(t *testing.T) {
	watch(t)
	p := newPool(t, 1)
	more := make(chan int)
	defer close(more)
	var in iter.Seq[int] = func(yield func(int) bool) {
		for yield(1) {
			<-more
		}
	}
	for range pool.Imap(t.Context(), p, square, in) {
		break
	}
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// Cancel at the very end of a pool touches nothing that is gone.
func TestCancelAtTheEnd(t *testing.T) {
	watch(t)
	for range 10 {
		p := newPool(t, 1)
		list := make([]*pool.AsyncResult[int], 50)
		for i := range list {
			list[i] = pool.ApplyAsync(p, square, i)
		}
		p.Close()
		var all sync.WaitGroup
		for _, r := range list {
			all.Go(func() {
				for !r.Ready() {
					r.Cancel()
					_ = r.String()
					runtime.Gosched()
				}
			})
		}
		all.Wait()
		if err := p.Join(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// Whoever looks at a task when its pool has ended does not look at memory that is gone.
func TestWithdrawLate(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 1)
	r := pool.ApplyAsync(p, gate, g)
	g.come(t, 1)
	task := pool.Tasks(r)[0]
	g.open(t, 1)
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if pool.WithdrawLate(p, task) {
		t.Error("a task that has ended was withdrawn")
	}
}

// Generations begin again.
func TestGenerationsWrap(t *testing.T) {
	watch(t)
	p := newPool(t, 2, pool.QueueSize(4))
	pool.Age(p, pool.LastGeneration-10)
	for range 5 {
		works(t, p)
	}
	if _, err := pool.Apply(t.Context(), p, bad, "kill", pool.Retries(1)); err == nil {
		t.Error("no error")
	}
	works(t, p)
}

var endless = process.RegisterFunc(strings.Repeat("long ", 10_000), func(context.Context, int) (int, error) { return 0, nil })

// A name that finds no room in the queue is an error of its task.
func TestLongName(t *testing.T) {
	watch(t)
	p := newPool(t, 1, pool.QueueSize(1))
	if _, err := pool.Apply(t.Context(), p, endless, 1); err == nil || errors.Is(err, pool.ErrClosed) {
		t.Error(err)
	}
	works(t, p)
}

// Options as large as they can be mean what they say, as far as there is memory.
func TestHugeOptions(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	arr, err := array.New[int64](1001)
	if err != nil {
		t.Fatal(err)
	}
	defer arr.Close()
	for _, n := range []int{1 << 40, math.MaxInt/2 + 1, math.MaxInt} {
		if got, err := pool.Map(t.Context(), p, square, numbers(41), pool.ChunkSize(n)); err != nil || !slices.Equal(got, squaresOf(41)) {
			t.Error(n, got, err)
		}
		if err := pool.For(t.Context(), p, arr, double, pool.ChunkSize(n)); err != nil || arr.Slice()[1000] != 2000 {
			t.Error(n, err)
		}
		for _, options := range [][]pool.CallOption{{pool.ChunkSize(n)}, {pool.InFlight(n)}, {pool.ChunkSize(n), pool.InFlight(n)}, {pool.ChunkSize(3), pool.InFlight(n)}} {
			var got []int
			for v, err := range pool.Imap(t.Context(), p, square, count(41), options...) {
				if got = append(got, v); err != nil {
					t.Error(n, err)
				}
			}
			if !slices.Equal(got, squaresOf(41)) {
				t.Error(n, got)
			}
		}
	}
	if got, err := pool.Map(t.Context(), p, square, numbers(300_000)); err != nil || got[299_999] != 299_999*299_999 {
		t.Error(err)
	}
}
