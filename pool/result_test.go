package pool_test

import (
	"context"
	"errors"
	"log"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"shmkit/pool"
	"shmkit/process"
)

// The states of a result, and what each answer is in them.
//
// conformance: FU-09, FU-10, FU-11, FU-12, FU-13, FU-14
func TestResultStates(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 1)
	runs := pool.ApplyAsync(p, gate, g)
	waits := pool.ApplyAsync(p, square, 3)
	canceled := pool.ApplyAsync(p, square, 3)
	failed := pool.ApplyAsync(p, bad, "error")
	g.come(t, 1)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range []*pool.AsyncResult[int]{runs, waits, canceled, failed} {
		if _, err := r.Get(over); err != context.Canceled || r.Ready() || r.Cancelled() || r.Err() != nil {
			t.Errorf("%v: %v", r, err)
		}
		if _, err := r.Successful(); err != pool.ErrNotReady {
			t.Error(err)
		}
	}
	if !runs.Running() || runs.Cancel() || !runs.Running() || runs.String() != "AsyncResult(running)" {
		t.Error(runs)
	}
	if waits.Running() || waits.String() != "AsyncResult(pending)" {
		t.Error(waits)
	}
	if !canceled.Cancel() {
		t.Error(canceled)
	}
	if !canceled.Cancel() || !canceled.Cancelled() || canceled.Running() || !canceled.Ready() || canceled.String() != "AsyncResult(cancelled)" {
		t.Error(canceled)
	}
	if _, err := canceled.Get(over); !errors.Is(err, context.Canceled) || err != pool.ErrCanceled {
		t.Error(err)
	}
	g.open(t, 1)
	if v, err := waits.Get(t.Context()); v != 9 || err != nil || waits.Cancel() || waits.Cancelled() || waits.String() != "AsyncResult(finished, result int)" {
		t.Error(waits, v, err)
	}
	if ok, err := waits.Successful(); !ok || err != nil {
		t.Error(ok, err)
	}
	if _, err := failed.Get(t.Context()); !errors.Is(err, errOurs) || failed.Cancel() || failed.String() != "AsyncResult(finished, error *process.RemoteError)" {
		t.Error(failed, err)
	}
	if ok, err := failed.Successful(); ok || err != nil {
		t.Error(ok, err)
	}
	if _, err := runs.Get(over); err != nil || runs.Running() || runs.Cancel() {
		t.Error(runs, err)
	}
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// Callbacks are called in their order, also behind one that panics, which is logged.
//
// conformance: FU-01, FU-04, FU-05
func TestCallbacks(t *testing.T) {
	watch(t)
	logged := new(lines)
	log.SetOutput(logged)
	defer log.SetOutput(os.Stderr)
	g := newGates(t)
	p := newPool(t, 1)
	r := pool.ApplyAsync(p, gate, g)
	var called []int
	done := make(chan bool)
	r.OnEnd(func(*pool.AsyncResult[int]) { called = append(called, 1) })
	r.OnDone(func(int) { called = append(called, 2) })
	r.OnError(func(error) { called = append(called, -1) })
	r.OnEnd(func(*pool.AsyncResult[int]) { panic("in a callback") })
	r.OnEnd(func(r *pool.AsyncResult[int]) {
		if _, err := pool.Apply(t.Context(), p, square, 1); err != nil || !r.Ready() { // it may use the pool
			t.Error(r, err)
		}
		called = append(called, 3)
		close(done)
	})
	g.open(t, 1)
	<-done
	if _, err := pool.Apply(t.Context(), p, square, 1); err != nil {
		t.Error(err)
	}
	for r.OnEnd(func(*pool.AsyncResult[int]) { called = append(called, 4) }); len(called) < 4; {
	}
	if !slices.Equal(called, []int{1, 2, 3, 4}) {
		t.Error(called)
	}
	logged.mu.Lock()
	defer logged.mu.Unlock()
	if !strings.Contains(logged.text.String(), "in a callback") {
		t.Error("nothing was logged")
	}
}

// conformance: FU-02, PL-05, PL-24
func TestCallbackOfError(t *testing.T) {
	watch(t)
	p := newPool(t, 1)
	for _, how := range []string{"error", "kill"} {
		got := make(chan error, 1)
		pool.ApplyAsync(p, bad, how).OnError(func(err error) { got <- err })
		if err := <-got; err == nil {
			t.Error(how)
		}
	}
	whole := make(chan []int, 1)
	pool.MapAsync(p, square, []int{1, 2, 3}).OnDone(func(list []int) { whole <- list })
	if list := <-whole; !slices.Equal(list, []int{1, 4, 9}) {
		t.Error(list)
	}
}

// conformance: PL-07, PL-15, PL-17, PL-28
func TestMapEmptyAndChunks(t *testing.T) {
	watch(t)
	p := newPool(t, 3)
	for _, options := range [][]pool.CallOption{nil, {pool.ChunkSize(20)}} {
		if got, err := pool.Map(t.Context(), p, square, nil, options...); err != nil || len(got) != 0 {
			t.Error(got, err)
		}
		if got, err := pool.MapAsync(p, square, nil, options...).Get(t.Context()); err != nil || len(got) != 0 {
			t.Error(got, err)
		}
		for range pool.Imap(t.Context(), p, square, count(0), options...) {
			t.Error("an item of none")
		}
	}
	for _, n := range []int{0, -1} {
		if _, err := pool.Map(t.Context(), p, square, []int{1}, pool.ChunkSize(n)); !errors.Is(err, pool.ErrOption) {
			t.Error(err)
		}
		for _, err := range pool.Imap(t.Context(), p, square, count(1), pool.ChunkSize(n)) {
			if !errors.Is(err, pool.ErrOption) {
				t.Error(err)
			}
		}
		if _, err := pool.New(1, pool.TasksPerChild(n)); !errors.Is(err, pool.ErrOption) {
			t.Error(err)
		}
		if _, err := pool.New(n); !errors.Is(err, pool.ErrWorkers) {
			t.Error(err)
		}
	}
}

func TestProgress(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	list := make([]int, 500)
	last := -1
	report := func(done, total int) {
		if done < last || total != len(list) {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}
	if _, err := pool.Map(t.Context(), p, square, list, pool.ChunkSize(1), pool.Progress(report)); err != nil || last != len(list) {
		t.Error(last, err)
	}
	var text strings.Builder
	if _, err := pool.Map(t.Context(), p, square, list, pool.ProgressBar(&text, "squares")); err != nil || !strings.Contains(text.String(), "500/500 100%") {
		t.Error(text.String(), err)
	}
}

func TestStats(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 2, pool.Name("Stats"))
	list := several(p, g, 5)
	pids := g.come(t, 2)
	s := p.Stats()
	if s.Busy != 2 || s.Queued != 3 || s.Done != 0 || len(s.Workers) != 2 || p.Workers() != 2 {
		t.Errorf("%+v", s)
	}
	for _, w := range s.Workers {
		if !slices.Contains(pids, w.PID) || !w.Busy || w.Since.Before(w.Started) || !strings.HasPrefix(w.Name, "Stats-Worker-") {
			t.Errorf("%+v of %v", w, pids)
		}
	}
	g.open(t, 5)
	for _, r := range list {
		r.Get(t.Context())
	}
	pool.Apply(t.Context(), p, bad, "error")
	s = p.Stats()
	if s.Busy != 0 || s.Queued != 0 || s.Done != 5 || s.Failed != 1 || s.Restarted != 0 || s.Workers[0].Tasks+s.Workers[1].Tasks != 6 {
		t.Errorf("%+v", s)
	}
}

// What was withdrawn lies in the queue, and holds up nobody.
//
// conformance: EXD-16
func TestManyWithdrawn(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 1, pool.QueueSize(8))
	first := pool.ApplyAsync(p, gate, g)
	g.come(t, 1)
	for range 100 {
		if !pool.ApplyAsync(p, square, 1).Cancel() {
			t.Error("a task that waits was not withdrawn")
		}
	}
	last := pool.ApplyAsync(p, square, 5)
	g.open(t, 1)
	if v, err := last.Get(t.Context()); v != 25 || err != nil {
		t.Error(v, err)
	}
	if _, err := first.Get(t.Context()); err != nil {
		t.Error(err)
	}
}

// Args and results are not kept.
//
// conformance: PL-22
func TestNotKept(t *testing.T) {
	watch(t)
	p := newPool(t, 1)
	for range 50 { // a GiB in all
		if _, err := pool.Apply(t.Context(), p, length, make([]byte, 20<<20)); err != nil {
			t.Fatal(err)
		}
	}
}

var length = process.RegisterFunc("length", func(_ context.Context, b []byte) (int, error) { return len(b), nil })
