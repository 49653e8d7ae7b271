package pool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
)

var (
	square = process.RegisterFunc("square", func(_ context.Context, x int) (int, error) { return x * x, nil })
	bad    = process.RegisterFunc("bad", badly)
	whoAmI = process.RegisterFunc("who", func(context.Context, process.None) (int, error) { return os.Getpid(), nil })
)

func badly(ctx context.Context, how string) (int, error) {
	switch how {
	case "error":
		return 0, errors.New("one of ours")
	case "panic":
		panic("help")
	case "exit":
		os.Exit(7)
	case "kill":
		p, _ := os.FindProcess(os.Getpid())
		p.Kill()
		select {}
	case "hang":
		select {}
	case "wait":
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return 1, nil
}

func newPool(t testing.TB, workers int, options ...pool.Option) *pool.Pool {
	t.Helper()
	p, err := pool.New(workers, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Terminate()
		if err := p.Join(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestApply(t *testing.T) {
	p := newPool(t, 2)
	for i := range 100 {
		if got, err := pool.Apply(t.Context(), p, square, i); err != nil || got != i*i {
			t.Fatal(got, err)
		}
	}
	for _, how := range []string{"error", "panic", "exit", "kill"} {
		_, err := pool.Apply(t.Context(), p, bad, how)
		fmt.Println(how, err)
	}
	_, err := pool.Apply(t.Context(), p, bad, "hang", pool.TaskTimeout(20*time.Millisecond))
	fmt.Println(err)
	list := make([]int, 10000)
	for i := range list {
		list[i] = i
	}
	for _, chunk := range []pool.CallOption{nil, pool.ChunkSize(1), pool.ChunkSize(7)} {
		var opts []pool.CallOption
		if chunk != nil {
			opts = append(opts, chunk)
		}
		begin := time.Now()
		got, err := pool.Map(t.Context(), p, square, list, opts...)
		fmt.Println(time.Since(begin))
		if err != nil || len(got) != len(list) {
			t.Fatal(err)
		}
		for i, v := range got {
			if v != i*i {
				t.Fatal(i, v)
			}
		}
	}
	fmt.Printf("%+v\n", p.Stats())
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkApply(b *testing.B) {
	p := newPool(b, 2)
	pool.Apply(b.Context(), p, square, 1)
	for b.Loop() {
		pool.Apply(b.Context(), p, square, 1)
	}
}

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
