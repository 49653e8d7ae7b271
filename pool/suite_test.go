package pool_test

import (
	"context"
	"iter"
	"testing"

	"shmkit/internal/suite/pools"
	"shmkit/pool"
)

// ours is a pool in the way of the suite.
type ours struct{ *pool.Pool }

func chunks(n int) []pool.CallOption {
	if n == 0 {
		return nil
	}
	return []pool.CallOption{pool.ChunkSize(n)}
}

func (p ours) Apply(ctx context.Context, f *pools.Func, n int) (int, error) {
	return pool.Apply(ctx, p.Pool, f, n)
}

func (p ours) ApplyAsync(f *pools.Func, n int) pools.Result[int] {
	return pool.ApplyAsync(p.Pool, f, n)
}

func (p ours) Map(ctx context.Context, f *pools.Func, list []int, chunk int) ([]int, error) {
	return pool.Map(ctx, p.Pool, f, list, chunks(chunk)...)
}

func (p ours) MapAsync(f *pools.Func, list []int, chunk int) pools.Result[[]int] {
	return pool.MapAsync(p.Pool, f, list, chunks(chunk)...)
}

func (p ours) Imap(ctx context.Context, f *pools.Func, in iter.Seq2[int, error], chunk int) iter.Seq2[int, error] {
	return pool.Imap2(ctx, p.Pool, f, in, chunks(chunk)...)
}

func (p ours) ImapUnordered(ctx context.Context, f *pools.Func, in iter.Seq2[int, error], chunk int) iter.Seq2[int, error] {
	return pool.ImapUnordered2(ctx, p.Pool, f, in, chunks(chunk)...)
}

func (p ours) Starmap(ctx context.Context, list []pool.Args2[int, int]) ([]int, error) {
	return pool.Starmap(ctx, p.Pool, pools.Power, list)
}

func (p ours) Power(ctx context.Context, x, n int) (int, error) {
	return pool.Apply(ctx, p.Pool, pools.Power, pool.Args2[int, int]{A: x, B: n})
}

var world = &pools.World{New: func(t testing.TB, workers, tasks int) (pools.Pool, error) {
	var options []pool.Option
	if tasks != 0 {
		options = append(options, pool.TasksPerChild(tasks))
	}
	p, err := pool.New(workers, options...)
	if err != nil {
		return nil, err
	}
	endWith(t, p)
	return ours{p}, nil
}}

// What pools do in any world, those of this process do.

func TestSuiteApply(t *testing.T)              { pools.Apply(t, world) }
func TestSuiteMap(t *testing.T)                { pools.Map(t, world) }
func TestSuiteStarmap(t *testing.T)            { pools.Starmap(t, world) }
func TestSuiteImap(t *testing.T)               { pools.Imap(t, world) }
func TestSuiteImapInputFails(t *testing.T)     { pools.ImapInputFails(t, world) }
func TestSuiteEmpty(t *testing.T)              { pools.Empty(t, world) }
func TestSuiteMisuse(t *testing.T)             { pools.Misuse(t, world) }
func TestSuiteGetGivesUp(t *testing.T)         { pools.GetGivesUp(t, world) }
func TestSuiteCloseFinishes(t *testing.T)      { pools.CloseFinishes(t, world) }
func TestSuiteTerminates(t *testing.T)         { pools.Terminates(t, world) }
func TestSuiteAfterTheEnd(t *testing.T)        { pools.AfterTheEnd(t, world) }
func TestSuiteWorkersAreReplaced(t *testing.T) { pools.WorkersAreReplaced(t, world) }
func TestSuiteCallsBack(t *testing.T)          { pools.CallsBack(t, world) }
func TestSuiteFails(t *testing.T)              { pools.Fails(t, world) }
func TestSuiteMapItemFails(t *testing.T)       { pools.MapItemFails(t, world) }
func TestSuiteWorkerDies(t *testing.T)         { pools.WorkerDies(t, world) }
