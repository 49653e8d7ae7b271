package pool_test

import (
	"context"
	"os"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/pool"
	"shmkit/process"
	"shmkit/ring"
)

// door is what a task waits at, for a test that wants to know when it runs.
type door struct{ In, Out *ring.Queue[int64] }

var waitAt = process.RegisterFunc("wait at a door", func(ctx context.Context, d door) (int, error) {
	if err := d.In.Put(int64(os.Getpid())); err != nil {
		return 0, err
	}
	_, err := d.Out.GetContext(ctx)
	return os.Getpid(), err
})

func newDoor(t testing.TB) door {
	t.Helper()
	in, err := ring.New[int64](64)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ring.New[int64](64)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Detach(); out.Detach() })
	return door{in, out}
}

// busy waits until so many tasks wait at the door, and tells in which processes.
func (d door) busy(t testing.TB, n int) []int {
	t.Helper()
	pids := make([]int, n)
	for i := range pids {
		pid, err := d.In.GetContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pids[i] = int(pid)
	}
	return pids
}

// let lets so many tasks go on.
func (d door) let(t testing.TB, n int) {
	t.Helper()
	for range n {
		if err := d.Out.Put(0); err != nil {
			t.Fatal(err)
		}
	}
}

// guarded ends the test binary if the test hangs.
func guarded(t testing.TB) {
	t.Helper()
	shmtest.Watchdog(t, 3*time.Minute)
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// stillWorks fails the test if the pool does not work.
func stillWorks(t testing.TB, p *pool.Pool) {
	t.Helper()
	got, err := pool.Map(t.Context(), p, square, numbers(100), pool.ChunkSize(3))
	if err != nil || len(got) != 100 {
		t.Fatal(len(got), err)
	}
	for i, v := range got {
		if v != i*i {
			t.Fatalf("result %d is %d", i, v)
		}
	}
}
