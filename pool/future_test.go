package pool_test

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
)

// outcomes makes a result in each of its states, and lets what runs go on.
func outcomes(t *testing.T, p *pool.Pool, g gates) (all map[string]*pool.AsyncResult[int], end func()) {
	t.Helper()
	all = map[string]*pool.AsyncResult[int]{"running": pool.ApplyAsync(p, gate, g)}
	g.come(t, 1)
	all["pending"] = pool.ApplyAsync(p, gate, g)
	all["cancelled"] = pool.ApplyAsync(p, gate, g)
	if !all["cancelled"].Cancel() {
		t.Error("what waits was not withdrawn")
	}
	// A second pool, because the only worker of the first one is busy.
	other := newPool(t, 1)
	all["failed"] = pool.ApplyAsync(other, bad, "error")
	all["finished"] = pool.ApplyAsync(other, bad, "")
	<-all["failed"].Done()
	<-all["finished"].Done()
	return all, func() { g.open(t, 2); <-all["running"].Done(); <-all["pending"].Done() }
}

// The tables of truth.
//
// conformance: FU-09, FU-10, FU-11, FU-12, FU-13, FU-14, FU-17
func TestTables(t *testing.T) {
	watch(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	all, end := outcomes(t, newPool(t, 1), newGates(t))
	for name, want := range map[string]struct {
		ready, running, cancelled, cancels bool
		err                                error
		text                               string
	}{
		"pending":   {false, false, false, true, context.Canceled, "AsyncResult(pending)"},
		"running":   {false, true, false, false, context.Canceled, "AsyncResult(running)"},
		"cancelled": {true, false, true, true, pool.ErrCanceled, "AsyncResult(cancelled)"},
		"failed":    {true, false, false, false, errOurs, "AsyncResult(finished, error *process.RemoteError)"},
		"finished":  {true, false, false, false, nil, "AsyncResult(finished, result int)"},
	} {
		r := all[name]
		v, err := r.Get(over)
		if r.Ready() != want.ready || r.Running() != want.running || r.Cancelled() != want.cancelled || !errors.Is(err, want.err) || r.String() != want.text || (err == nil) != (v == 1) {
			t.Errorf("%s: %v: %v, %v", name, r, v, err)
		}
		if err := r.Err(); want.ready && !errors.Is(err, want.err) || !want.ready && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if ok, err := r.Successful(); want.ready && (err != nil || ok != (want.err == nil)) || !want.ready && err != pool.ErrNotReady {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		if name != "pending" {
			before := r.String()
			for range 2 {
				if r.Cancel() != want.cancels || r.String() != before {
					t.Errorf("%s: Cancel made %s of it", name, r)
				}
			}
		}
	}
	end()
	if r := all["pending"]; r.Cancel() || r.Err() != nil {
		t.Error(r)
	}
}

// Who waits is woken by a result, an error, and Cancel.
//
// conformance: FU-15, FU-16, FU-18
func TestGetIsWoken(t *testing.T) {
	watch(t)
	g := newGates(t)
	p := newPool(t, 1, pool.Retries(0))
	for name, c := range map[string]struct {
		end  func(pid int, behind *pool.AsyncResult[int])
		want func(error) bool
	}{
		"result": {func(int, *pool.AsyncResult[int]) { g.open(t, 1) }, func(err error) bool { return err == nil }},
		"death": {func(pid int, _ *pool.AsyncResult[int]) { syscall.Kill(pid, syscall.SIGKILL) },
			oneOf(func(e *pool.WorkerDied) bool { return e.Signal == syscall.SIGKILL })},
		"cancel": {func(_ int, behind *pool.AsyncResult[int]) { behind.Cancel(); g.open(t, 1) }, isErr(pool.ErrCanceled)},
	} {
		first := pool.ApplyAsync(p, gate, g)
		pid := g.come(t, 1)[0]
		waited := first
		behind := pool.ApplyAsync(p, square, 3)
		if name == "cancel" {
			waited = behind
		}
		got := make(chan error)
		go func() {
			_, err := waited.Get(context.Background())
			got <- err
		}()
		c.end(pid, behind)
		if err := <-got; !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
		<-first.Done()
		<-behind.Done()
	}
}

// Callbacks that are added before the end, and after it, in each of its ways; one of them
// panics, and the later ones are called.
//
// conformance: FU-01, FU-02, FU-03, FU-04, FU-05, FU-06, FU-07, FU-08
func TestCallbacksOfAllEnds(t *testing.T) {
	watch(t)
	text := new(lines)
	log.SetOutput(text)
	defer log.SetOutput(os.Stderr)
	g := newGates(t)
	p := newPool(t, 1)
	for name, how := range map[string]string{"finished": "", "failed": "error", "cancelled": ""} {
		held := pool.ApplyAsync(p, gate, g)
		g.come(t, 1)
		r := pool.ApplyAsync(p, bad, how)
		before := make(chan *pool.AsyncResult[int], 1)
		r.OnEnd(func(*pool.AsyncResult[int]) { panic("callback of what is " + name) })
		r.OnEnd(func(r *pool.AsyncResult[int]) { before <- r })
		if name == "cancelled" && !r.Cancel() {
			t.Error("not withdrawn")
		}
		g.open(t, 1)
		if got := <-before; got != r || !r.Ready() || !strings.Contains(r.String(), name) && !(name == "failed" && r.Err() != nil) {
			t.Errorf("%s: %v", name, got)
		}
		after := make(chan bool, 1)
		r.OnEnd(func(*pool.AsyncResult[int]) { panic("late callback of what is " + name) })
		r.OnEnd(func(*pool.AsyncResult[int]) { after <- true })
		<-after
		<-held.Done()
		text.mu.Lock()
		for _, want := range []string{"panic: callback of what is " + name, "panic: late callback of what is " + name} {
			if !strings.Contains(text.text.String(), want) {
				t.Errorf("%q was not logged", want)
			}
		}
		text.mu.Unlock()
	}
}

// Callbacks may use the pool in every way, and end it.
func TestCallbackUsesPool(t *testing.T) {
	watch(t)
	for name, end := range map[string]func(*pool.Pool) error{
		"close":     func(p *pool.Pool) error { p.Close(); return nil },
		"terminate": func(p *pool.Pool) error { p.Terminate(); return nil },
		"shutdown":  func(p *pool.Pool) error { return p.Shutdown(context.Background(), false) },
		"cancel":    func(p *pool.Pool) error { return p.Shutdown(context.Background(), true) },
	} {
		p := newPool(t, 2)
		done := make(chan error, 1)
		r := pool.ApplyAsync(p, bad, "error")
		r.OnError(func(error) {
			if got, err := pool.Map(context.Background(), p, square, numbers(20)); err != nil || len(got) != 20 {
				t.Error(name, err)
			}
			r.OnEnd(func(*pool.AsyncResult[int]) { done <- end(p) }) // a callback adds one
		})
		if err := <-done; err != nil {
			t.Error(name, err)
		}
		if err := p.Join(t.Context()); err != nil {
			t.Error(name, err)
		}
	}
}

// A context that has ended before the call: nothing is begun.
func TestContextHasEnded(t *testing.T) {
	watch(t)
	p := newPool(t, 1)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if _, err := pool.Apply(ctx, p, bad, "kill"); err != enough {
		t.Error(err)
	}
	if _, err := pool.Map(ctx, p, bad, []string{"kill", "kill"}); err != enough {
		t.Error(err)
	}
	n := 0
	for _, err := range pool.Imap(ctx, p, square, count(10)) {
		if n++; err != enough {
			t.Error(err)
		}
	}
	short, stop := context.WithTimeout(t.Context(), time.Nanosecond)
	defer stop()
	<-short.Done()
	if _, err := pool.Apply(short, p, bad, "kill"); err != context.DeadlineExceeded {
		t.Error(err)
	}
	if s := p.Stats(); n != 1 || s.Done+s.Failed != 0 || s.Restarted != 0 {
		t.Errorf("%d, %+v", n, s)
	}
}
