package manager_test

import (
	"context"
	"iter"
	"testing"

	"shmkit/internal/suite/pools"
	"shmkit/manager"
	"shmkit/pool"
)

// What pools do in any world, they do at a server: see package suite/pools.

// poolWorld is pools at a server of that family, in a process of its own.
func poolWorld(family string) *pools.World {
	return &pools.World{New: func(t testing.TB, workers, tasks int) (pools.Pool, error) {
		var options []manager.Option
		if tasks != 0 {
			options = append(options, manager.TasksPerChild(tasks))
		}
		p, err := manager.NewPool(newWorld(t, family).dial(t), workers, options...)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() {
			p.Terminate()
			must(t, p.Join(background))
		})
		return suitePool{p}, nil
	}}
}

// suitePool is a pool as the suite wants it.
type suitePool struct{ p *manager.Pool }

func chunked(n int) []manager.TaskOption {
	if n == 0 {
		return nil
	}
	return []manager.TaskOption{manager.ChunkSize(n)}
}

func (s suitePool) Apply(ctx context.Context, f *pools.Func, n int) (int, error) {
	return manager.Apply(ctx, s.p, f, n)
}

func (s suitePool) ApplyAsync(f *pools.Func, n int) pools.Result[int] {
	return manager.ApplyAsync(s.p, f, n)
}

func (s suitePool) Map(ctx context.Context, f *pools.Func, list []int, chunk int) ([]int, error) {
	return manager.Map(ctx, s.p, f, list, chunked(chunk)...)
}

func (s suitePool) MapAsync(f *pools.Func, list []int, chunk int) pools.Result[[]int] {
	return manager.MapAsync(s.p, f, list, chunked(chunk)...)
}

func (s suitePool) Imap(ctx context.Context, f *pools.Func, in iter.Seq2[int, error], chunk int) iter.Seq2[int, error] {
	return manager.Imap2(ctx, s.p, f, in, chunked(chunk)...)
}

func (s suitePool) ImapUnordered(ctx context.Context, f *pools.Func, in iter.Seq2[int, error], chunk int) iter.Seq2[int, error] {
	return manager.ImapUnordered2(ctx, s.p, f, in, chunked(chunk)...)
}

func (s suitePool) Starmap(ctx context.Context, list []pool.Args2[int, int]) ([]int, error) {
	return manager.Starmap(ctx, s.p, pools.Power, list)
}

func (s suitePool) Power(ctx context.Context, x, n int) (int, error) {
	return manager.Apply(ctx, s.p, pools.Power, pool.Args2[int, int]{A: x, B: n})
}

func (s suitePool) Close()                         { s.p.Close() }
func (s suitePool) Terminate()                     { s.p.Terminate() }
func (s suitePool) Join(ctx context.Context) error { return s.p.Join(ctx) }

func TestPoolSuite(t *testing.T)        { pools.All(t, poolWorld("shm"), nil) }
func TestPoolSuiteOverTCP(t *testing.T) { pools.All(t, poolWorld("tcp"), nil) }
