package pool_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/race"
	"shmkit/pool"
	"shmkit/process"
)

// spin runs for about a quarter of a millisecond.
var spin = process.RegisterFunc("spin", func(_ context.Context, x int) (int, error) {
	for until := time.Now().Add(250 * time.Microsecond); time.Now().Before(until); {
	}
	return x + 1, nil
})

// killPause is between two deaths. Under the race detector a worker takes long to begin.
var killPause = map[bool]time.Duration{false: 5 * time.Millisecond, true: 50 * time.Millisecond}[race.Enabled]

// killer takes a worker every 5 ms, until stop.
func killer(p *pool.Pool) (stop func() int) {
	end, kills := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		tick := time.NewTicker(killPause)
		defer tick.Stop()
		for {
			select {
			case <-end:
				kills <- n
				return
			case <-tick.C:
				workers := p.Stats().Workers
				if len(workers) == 0 {
					continue
				}
				if w := workers[rand.IntN(len(workers))]; w.PID != 0 && syscall.Kill(w.PID, syscall.SIGKILL) == nil {
					n++
				}
			}
		}
	}()
	return func() int { close(end); return <-kills }
}

// Each of 10,000 tasks ends once, with its result or the death of its worker.
func TestStorm(t *testing.T) {
	watch(t)
	const tasks = 10_000
	p := newPool(t, 8)
	stop := killer(p)
	var ends [tasks]atomic.Int32
	var all sync.WaitGroup
	var died atomic.Int32
	for i := range tasks {
		all.Add(1)
		pool.ApplyAsync(p, spin, i).OnEnd(func(r *pool.AsyncResult[int]) {
			defer all.Done()
			ends[i].Add(1)
			got, err := r.Get(context.Background())
			var dead *pool.WorkerDied
			switch {
			case err == nil && got == i+1:
			case errors.As(err, &dead) && dead.Signal == syscall.SIGKILL:
				died.Add(1)
			default:
				t.Errorf("task %d: %d, %v", i, got, err)
			}
		})
	}
	all.Wait()
	kills := stop()
	for i := range ends {
		if n := ends[i].Load(); n != 1 {
			t.Errorf("task %d ended %d times", i, n)
		}
	}
	s := p.Stats()
	t.Logf("%d kills, %d tasks died with their worker, %d done, %d restarts", kills, died.Load(), s.Done, s.Restarted)
	if s.Done+s.Failed != tasks || s.Failed != uint64(died.Load()) || s.Queued != 0 {
		t.Errorf("%+v", s)
	}
	works(t, p)
}

// As before, with everything that goes through the pool at once, and tasks that are tried again.
func TestStormOfAll(t *testing.T) {
	watch(t)
	p := newPool(t, 6, pool.Retries(1000), pool.QueueSize(32))
	stop := killer(p)
	var all sync.WaitGroup
	list := make([]int, 1000)
	for i := range list {
		list[i] = i
	}
	all.Go(func() {
		got, err := pool.Map(t.Context(), p, square, list, pool.ChunkSize(3))
		if err != nil {
			t.Error(err)
			return
		}
		wantSquares(t, got, len(list))
	})
	all.Go(func() {
		i := 0
		for v, err := range pool.Imap(t.Context(), p, square, count(1000)) {
			if err != nil || v != i*i {
				t.Errorf("item %d: %d, %v", i, v, err)
			}
			i++
		}
	})
	all.Go(func() {
		big := make([]byte, 3<<20)
		for i := range 20 {
			big[i] = byte(i)
			if got, err := pool.Apply(t.Context(), p, echo, big); err != nil || len(got) != len(big) || got[i] != byte(i) {
				t.Errorf("%d bytes: %v", len(got), err)
			}
		}
	})
	all.Go(func() {
		for i := range 300 {
			r := pool.ApplyAsync(p, spin, i)
			if i%3 == 0 {
				r.Cancel()
			}
			if got, err := r.Get(t.Context()); err != nil && err != pool.ErrCanceled || err == nil && got != i+1 {
				t.Errorf("%d, %v", got, err)
			}
		}
	})
	all.Wait()
	t.Logf("%d kills", stop())
	works(t, p)
}
