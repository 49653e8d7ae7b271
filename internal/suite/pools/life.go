package pools

import (
	"context"
	"errors"
	"testing"
	"time"

	"shmkit/pool"
)

// GetGivesUp: a time limit ends the wait for a result, and not the task.
//
// conformance: PL-10
func GetGivesUp(t *testing.T, w *World) {
	p, g := w.begin(t, 1, 0), newGate(t)
	r := p.ApplyAsync(Wait, int(g))
	const limit = 20 * time.Millisecond
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := r.Get(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) < limit || r.Ready() {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	if _, err := r.Successful(); !errors.Is(err, pool.ErrNotReady) {
		t.Error(err)
	}
	g.open(t)
	if _, err := r.Get(t.Context()); err != nil {
		t.Error("the task did not go on:", err)
	}
}

// CloseFinishes: Close lets all tasks end that were given to the pool.
//
// conformance: PL-18
func CloseFinishes(t *testing.T, w *World) {
	p, g := w.begin(t, 2, 0), newGate(t)
	if err := p.Join(t.Context()); !errors.Is(err, pool.ErrRunning) {
		t.Errorf("Join before Close: %v", err)
	}
	var list []Result[int]
	for range 10 {
		list = append(list, p.ApplyAsync(Wait, int(g)))
	}
	g.come(t, 2)
	p.Close()
	p.Close()
	if _, err := p.Apply(t.Context(), Square, 1); !errors.Is(err, pool.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Join(over); !errors.Is(err, context.Canceled) {
		t.Errorf("Join of a pool with tasks: %v", err)
	}
	g.open(t)
	if err := p.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, r := range list {
		if _, err := r.Get(t.Context()); err != nil {
			t.Errorf("task %d: %v", i, err)
		}
	}
}

// Terminates: tasks that run, and that wait, are given up.
func Terminates(t *testing.T, w *World) {
	p, g := w.begin(t, 2, 0), newGate(t)
	var list []Result[int]
	for range 10 {
		list = append(list, p.ApplyAsync(Wait, int(g)))
	}
	many := p.MapAsync(Wait, []int{int(g), int(g), int(g)}, 1)
	g.come(t, 2)
	p.Terminate()
	p.Terminate()
	for i, r := range list {
		if _, err := r.Get(t.Context()); !errors.Is(err, pool.ErrTerminated) {
			t.Errorf("task %d: %v", i, err)
		}
	}
	if _, err := many.Get(t.Context()); !errors.Is(err, pool.ErrTerminated) {
		t.Errorf("map: %v", err)
	}
	if err := p.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// AfterTheEnd: a pool that has ended takes no tasks.
//
// conformance: PL-18, PL-19
func AfterTheEnd(t *testing.T, w *World) {
	for name, end := range map[string]func(Pool){"close": Pool.Close, "terminate": Pool.Terminate} {
		p := w.begin(t, 1, 0)
		works(t, p)
		end(p)
		for range 2 { // at once, and when nothing is left
			_, apply := p.Apply(t.Context(), Square, 1)
			_, async := p.ApplyAsync(Square, 1).Get(t.Context())
			_, list := p.Map(t.Context(), Square, numbers(3), 0)
			_, none := p.MapAsync(Square, nil, 0).Get(t.Context())
			_, imap := collect(p.ImapUnordered(t.Context(), Square, input(3, nil), 0))
			for _, err := range []error{apply, async, list, none, imap} {
				if !errors.Is(err, pool.ErrClosed) {
					t.Errorf("after %s: %v", name, err)
				}
			}
			if err := p.Join(t.Context()); err != nil {
				t.Error(name, err)
			}
			p.Close()
			p.Terminate()
		}
	}
}

// WorkersAreReplaced: a worker ends after its tasks, and another comes.
//
// conformance: PL-26
func WorkersAreReplaced(t *testing.T, w *World) {
	p := w.begin(t, 1, 3)
	var list []Result[int]
	for range 6 {
		list = append(list, p.ApplyAsync(Who, 0))
	}
	var pids []int
	for _, r := range list {
		pid, err := r.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if pids[0] != pids[2] || pids[2] == pids[3] || pids[3] != pids[5] {
		t.Error(pids)
	}
	several := w.begin(t, 3, 10)
	got, err := several.Map(t.Context(), Square, numbers(100), 1)
	same(t, got, squaresOf(100), err)
}

// CallsBack: a callback is called once, with the result or the error.
//
// conformance: PL-05, PL-24
func CallsBack(t *testing.T, w *World) {
	p := w.begin(t, 2, 0)
	for _, n := range []int{10, 20} { // item 13 fails
		done, failed := make(chan []int, 2), make(chan error, 2)
		r := p.MapAsync(Unlucky, numbers(n), 3)
		r.OnDone(func(got []int) { done <- got })
		r.OnError(func(err error) { failed <- err })
		if n < 13 {
			same(t, <-done, numbers(n), nil)
		} else if err := <-failed; !errors.Is(err, errOurs) {
			t.Error(err)
		}
		works(t, p)
		if len(done)+len(failed) > 0 {
			t.Error("called back twice")
		}
	}
	failed := make(chan error, 1)
	p.ApplyAsync(Bad, fails).OnError(func(err error) { failed <- err })
	if err := <-failed; !errors.Is(err, errOurs) {
		t.Error(err)
	}
}
