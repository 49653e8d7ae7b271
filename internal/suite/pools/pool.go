package pools

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pool"
)

// World is one implementation of pools.
type World struct {
	// New makes a pool, which ends with t. Workers end after so many tasks; 0: they do not.
	New func(t testing.TB, workers, tasks int) (Pool, error)
}

// Pool is what a pool must do. A chunk of 0 is the one that the pool chooses.
type Pool interface {
	Apply(ctx context.Context, f *Func, n int) (int, error)
	ApplyAsync(f *Func, n int) Result[int]
	Map(ctx context.Context, f *Func, list []int, chunk int) ([]int, error)
	MapAsync(f *Func, list []int, chunk int) Result[[]int]
	Imap(ctx context.Context, f *Func, in iter.Seq2[int, error], chunk int) iter.Seq2[int, error]
	ImapUnordered(ctx context.Context, f *Func, in iter.Seq2[int, error], chunk int) iter.Seq2[int, error]
	// Starmap and Power run [Power].
	Starmap(ctx context.Context, list []pool.Args2[int, int]) ([]int, error)
	Power(ctx context.Context, x, n int) (int, error)
	Close()
	Terminate()
	Join(ctx context.Context) error
}

// Result is what there will be of a task.
type Result[R any] interface {
	Get(ctx context.Context) (R, error)
	Ready() bool
	Successful() (bool, error)
	OnDone(f func(R))
	OnError(f func(error))
}

// begin is a pool, under a watchdog.
func (w *World) begin(t *testing.T, workers, tasks int) Pool {
	t.Helper()
	shmtest.Watchdog(t, 2*time.Minute)
	p, err := w.New(t, workers, tasks)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func squaresOf(n int) []int {
	list := numbers(n)
	for i, v := range list {
		list[i] = v * v
	}
	return list
}

func same(t *testing.T, got, want []int, err error) {
	t.Helper()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// works fails the test if the pool does not work.
func works(t *testing.T, p Pool) {
	t.Helper()
	got, err := p.Map(t.Context(), Square, numbers(100), 3)
	same(t, got, squaresOf(100), err)
}

// input is so many numbers, and then an error, if there is one.
func input(n int, err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

// collect is what comes before the first error, and that.
func collect(seq iter.Seq2[int, error]) (got []int, err error) {
	for v, err := range seq {
		if err != nil {
			return got, err
		}
		got = append(got, v)
	}
	return got, nil
}
