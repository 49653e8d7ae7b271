package pool_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"shmkit/pool"
)

// conformance: PL-01, PL-09, PL-10
func TestApply(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for i := range 100 {
		if got, err := pool.Apply(t.Context(), p, square, i); err != nil || got != i*i {
			t.Fatal(got, err)
		}
	}
	g := newGates(t)
	r := pool.ApplyAsync(p, gate, g)
	const limit = 20 * time.Millisecond
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := r.Get(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) < limit {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	g.open(t, 1)
	if _, err := r.Get(t.Context()); err != nil {
		t.Error(err)
	}
}

// BenchmarkApply is one round trip.
func BenchmarkApply(b *testing.B) {
	p := newPool(b, 1)
	pool.Apply(b.Context(), p, square, 1)
	for b.Loop() {
		pool.Apply(b.Context(), p, square, 1)
	}
}

// BenchmarkMapOne is a task of one item, of many.
func BenchmarkMapOne(b *testing.B) {
	p := newPool(b, 2)
	list := make([]int, b.N)
	pool.Apply(b.Context(), p, square, 1)
	b.ResetTimer()
	b.ReportAllocs()
	if _, err := pool.Map(b.Context(), p, square, list, pool.ChunkSize(1)); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLarge is an argument of 1 MiB.
func BenchmarkLarge(b *testing.B) {
	p := newPool(b, 1)
	arg := make([]byte, 1<<20)
	b.SetBytes(int64(len(arg)))
	pool.Apply(b.Context(), p, length, arg)
	for b.Loop() {
		if _, err := pool.Apply(b.Context(), p, length, arg); err != nil {
			b.Fatal(err)
		}
	}
}
