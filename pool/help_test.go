package pool_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"shmkit/pool"
)

// Callers that look for their results themselves, one at a time and several, beside tasks for
// which nobody looks and workers that are killed: each call ends, with its result or the
// death of its worker. Then the pool is terminated under them, and each call ends again.
func TestCallersHelp(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for i := range 200 { // alone: most of these are taken by the caller
		if got, err := pool.Apply(t.Context(), p, square, i); err != nil || got != i*i {
			t.Fatal(got, err)
		}
	}
	later := pool.ApplyAsync(p, square, 9) // put while the collector rests
	if got, err := later.Get(t.Context()); err != nil || got != 81 {
		t.Fatal(got, err)
	}
	stop := killer(p)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for i := range 100 {
				got, err := pool.Apply(t.Context(), p, square, i)
				if !rightOrDied(got == i*i, err) {
					t.Errorf("%d: %d, %v", i, got, err)
				}
			}
		})
	}
	for i := range 20 {
		list, err := pool.Map(t.Context(), p, square, []int{i, i, i}, pool.ChunkSize(1))
		if !rightOrDied(len(list) == 3 && list[2] == i*i, err) {
			t.Errorf("%d: %v, %v", i, list, err)
		}
	}
	all.Wait()
	stop()
	for range 3 {
		all.Go(func() {
			for i := 0; ; i++ {
				if got, err := pool.Apply(context.Background(), p, square, i); err != nil {
					if !errors.Is(err, pool.ErrTerminated) && !errors.Is(err, pool.ErrClosed) && !rightOrDied(false, err) {
						t.Error(got, err)
					}
					return
				}
			}
		})
	}
	p.Terminate()
	all.Wait()
}

// rightOrDied tells whether a result is right, or its worker died.
func rightOrDied(right bool, err error) bool {
	var died *pool.WorkerDied
	return err == nil && right || errors.As(err, &died)
}
