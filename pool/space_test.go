package pool_test

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
	"testing"

	"shmkit/pool"
	"shmkit/process"
)

const (
	littleSpace = 1 << 20
	tooMuch     = 64 << 20
)

var (
	// cramp lets a process know by an error that a file has become too large.
	cramp = process.Register("cramp", func(context.Context, bool) error { signal.Ignore(syscall.SIGXFSZ); return nil })
	fills = process.RegisterFunc("fills", func(_ context.Context, n int) ([]byte, error) { return make([]byte, n), nil })
	// crampedPool is a process that has no space left, and a pool.
	crampedPool = process.RegisterFunc("cramped pool", func(ctx context.Context, _ bool) (texts []string, err error) {
		signal.Ignore(syscall.SIGXFSZ)
		p, err := pool.New(2, pool.WithInitializer(cramp, true))
		if err != nil {
			return nil, err
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: littleSpace, Max: littleSpace}); err != nil {
			return nil, err
		}
		defer func() {
			if e := p.Shutdown(ctx, false); err == nil {
				err = e
			}
		}()
		if _, err := pool.Apply(ctx, p, echo, make([]byte, tooMuch)); err == nil {
			texts = append(texts, "an argument that finds no space was sent")
		}
		list := [][]byte{make([]byte, 10), make([]byte, tooMuch), make([]byte, 20)}
		var several *pool.MapError
		got, err := pool.Map(ctx, p, echo, list, pool.ChunkSize(3))
		if !errors.As(err, &several) || len(several.Items) != 1 || several.Items[0].Index != 1 || len(got[0]) != 10 || len(got[2]) != 20 {
			texts = append(texts, "map: "+err.Error())
		}
		for i := range 100 {
			if v, err := pool.Apply(ctx, p, square, i); err != nil || v != i*i {
				return texts, err
			}
		}
		if _, err := pool.New(1000); err == nil {
			texts = append(texts, "a pool that finds no space was made")
		}
		return texts, nil
	})
)

// A result that finds no space is the error of its task. The worker goes on.
func TestNoSpaceForResult(t *testing.T) {
	watch(t)
	p := newPool(t, 1, pool.WithInitializer(cramp, true), pool.WorkerOptions(process.Limit(syscall.RLIMIT_FSIZE, littleSpace)))
	pid, err := pool.Apply(t.Context(), p, whoAmI, process.None{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pool.Apply(t.Context(), p, fills, tooMuch); !errors.Is(err, pool.ErrResult) {
		t.Error(len(got), err)
	}
	got, err := pool.Map(t.Context(), p, fills, []int{10, tooMuch, 20}, pool.ChunkSize(1))
	var several *pool.MapError
	if !errors.As(err, &several) || len(several.Items) != 1 || !errors.Is(err, pool.ErrResult) || len(got[0]) != 10 || len(got[2]) != 20 {
		t.Error(err)
	}
	if now, err := pool.Apply(t.Context(), p, whoAmI, process.None{}); now != pid || err != nil {
		t.Errorf("worker %d, and now %d: %v", pid, now, err)
	}
	works(t, p)
}

// A process without space has a pool that goes on with what needs none.
func TestNoSpaceInParent(t *testing.T) {
	watch(t)
	job, err := crampedPool.Start(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	texts, err := job.Result()
	if err != nil {
		t.Error(err)
	}
	for _, text := range texts {
		t.Error(text)
	}
}
