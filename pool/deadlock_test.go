package pool_test

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"shmkit/pool"
	"shmkit/process"
)

// oneOf tells whether err is of type E, and fit.
func oneOf[E error](fit func(E) bool) func(error) bool {
	return func(err error) bool {
		var e E
		return errors.As(err, &e) && fit(e)
	}
}

func isErr(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }

// endings are what becomes of a task that ends its worker.
var endings = map[string]func(error) bool{
	"exit":  oneOf(func(e *pool.WorkerDied) bool { return e.Code == 7 && e.Signal == 0 }),
	"kill":  oneOf(func(e *pool.WorkerDied) bool { return e.Signal == syscall.SIGKILL && e.Code == -1 }),
	"fatal": oneOf(func(e *pool.WorkerDied) bool { return strings.Contains(e.Text, "fatal error") && e.Code == 2 }),
	"segv":  oneOf(func(e *pool.WorkerDied) bool { return e.Signal == syscall.SIGSEGV || e.Code == 2 }),
	"abort": oneOf(func(e *pool.WorkerDied) bool { return e.Signal == syscall.SIGABRT || e.Code == 2 }),
}

// matrix has, for each stage in which a task can go wrong, and each way, what becomes of it.
func matrix() map[string]map[string]func(error) bool {
	panics := oneOf(func(e *pool.TaskPanic) bool {
		return e.Text == "it broke" && strings.Contains(e.Stack, "brittle_test.go")
	})
	text := func(err error) bool { return strings.Contains(err.Error(), "it broke") }
	m := map[string]map[string]func(error) bool{
		encodeArgument: {"error": isErr(errBrittle), "panic": text},
		decodeArgument: {"error": isErr(pool.ErrArgument), "panic": panics, "goexit": isErr(process.ErrGoexit)},
		inFunction:     {"error": oneOf(func(e *process.RemoteError) bool { return e.Text == "it broke" }), "panic": panics, "goexit": isErr(process.ErrGoexit)},
		encodeResult:   {"error": isErr(pool.ErrResult), "panic": panics, "goexit": isErr(process.ErrGoexit)},
		decodeResult:   {"error": isErr(pool.ErrResult), "panic": isErr(pool.ErrResult), "goexit": isErr(pool.ErrResult)},
	}
	for _, stage := range []string{decodeArgument, inFunction, encodeResult} {
		for how, ok := range endings {
			m[stage][how] = ok
		}
	}
	return m
}

// Whatever a task does, at whatever stage, is its own error, and no other task and no later
// one suffers. Then the pool ends well.
//
// conformance: EXD-01, EXD-02, EXD-03, EXD-04, EXD-06, EXD-07, EXD-08, EXD-09, EXD-10, EXD-11, EXD-15, EX-09
func TestMatrix(t *testing.T) {
	for stage, ways := range matrix() {
		t.Run(stage, func(t *testing.T) {
			watch(t)
			p := newPool(t, 2, silently(t))
			for how, ok := range ways {
				for _, size := range []int{0, 3 << 20} { // in the queue, and beside it
					b := brittle{os.Getpid(), stage, how, make([]byte, size)}
					if _, err := pool.Apply(t.Context(), p, carry, b); err == nil || !ok(err) {
						t.Errorf("%s, %d bytes: %v", how, size, err)
					}
					if size == 0 {
						mapAround(t, p, b, ok)
					}
					works(t, p)
				}
			}
			if err := p.Shutdown(t.Context(), false); err != nil {
				t.Error(err)
			}
		})
	}
}

// mapAround runs a task among others, by Map and by Imap.
func mapAround(t *testing.T, p *pool.Pool, b brittle, ok func(error) bool) {
	t.Helper()
	list := make([]brittle, 9)
	list[4] = b
	got, err := pool.Map(t.Context(), p, carry, list, pool.ChunkSize(1))
	var several *pool.MapError
	if !errors.As(err, &several) || len(several.Items) != 1 || several.Items[0].Index != 4 || !ok(several.Items[0].Err) || len(got) != len(list) {
		t.Errorf("map, %s: %v", b.How, err)
	}
	i := 0
	for _, err := range pool.Imap(t.Context(), p, carry, slices.Values(list)) {
		if (err != nil) != (i == 4) || err != nil && !ok(err) {
			t.Errorf("imap, %s: item %d: %v", b.How, i, err)
		}
		i++
	}
	if i != len(list) {
		t.Errorf("imap, %s: %d items", b.How, i)
	}
}

// What is tried again and breaks each time is given up, at whatever stage.
func TestMatrixWithRetries(t *testing.T) {
	watch(t)
	p := newPool(t, 2, pool.Retries(2))
	for _, stage := range []string{decodeArgument, inFunction, encodeResult} {
		for _, size := range []int{0, 3 << 20} {
			_, err := pool.Apply(t.Context(), p, carry, brittle{os.Getpid(), stage, "kill", make([]byte, size)})
			if !oneOf(func(e *pool.PoisonError) bool { return e.Deaths == 3 && e.Last.Signal == syscall.SIGKILL })(err) {
				t.Errorf("%s: %v", stage, err)
			}
		}
	}
	works(t, p)
}

// An argument that ends the goroutine of a Map, or an Imap, that encodes it.
func TestArgumentRunsAway(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	list := make([]brittle, 9)
	list[4] = brittle{os.Getpid(), encodeArgument, "goexit", nil}
	for _, chunk := range []int{1, 2, 9} {
		got, err := pool.MapAsync(p, carry, list, pool.ChunkSize(chunk)).Get(t.Context())
		if !oneOf(func(e *pool.MapError) bool {
			return e.Items[0].Index == 4-4%chunk && len(e.Items) == 9-e.Items[0].Index
		})(err) || len(got) != len(list) {
			t.Error(chunk, err)
		}
		var last error
		for _, err := range pool.Imap(t.Context(), p, carry, slices.Values(list), pool.ChunkSize(chunk)) {
			last = err
		}
		if last == nil {
			t.Error(chunk, last)
		}
	}
	if err := p.Shutdown(t.Context(), false); err != nil {
		t.Error(err)
	}
}

// A task that cannot be sent, and Close at once.
//
// conformance: EXD-14
func TestUnsendableAndClose(t *testing.T) {
	watch(t)
	p := newPool(t, 1)
	r := pool.ApplyAsync(p, carry, brittle{os.Getpid(), encodeArgument, "error", nil})
	p.Close()
	if _, err := r.Get(t.Context()); !errors.Is(err, errBrittle) {
		t.Error(err)
	}
	if err := p.Join(t.Context()); err != nil {
		t.Error(err)
	}
}

// Many more tasks than there is room for, from several goroutines.
//
// conformance: EXD-16, FW-09
func TestNoRoom(t *testing.T) {
	watch(t)
	p := newPool(t, 2, pool.QueueSize(1))
	const each, makers = 250, 4
	lists := make(chan []*pool.AsyncResult[int], makers)
	for range makers {
		go func() {
			list := make([]*pool.AsyncResult[int], each)
			for i := range list {
				list[i] = pool.ApplyAsync(p, square, i)
			}
			lists <- list
		}()
	}
	for range makers {
		for i, r := range <-lists {
			if v, err := r.Get(t.Context()); err != nil || v != i*i {
				t.Errorf("%d: %d, %v", i, v, err)
			}
		}
	}
}

// silently lets workers that crash say nothing.
func silently(t *testing.T) pool.Option {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	return pool.WorkerOptions(process.Stderr(null))
}

// endsItself is a process with a pool that ends itself while it decodes a result.
var endsItself = process.RegisterFunc("ends itself", func(ctx context.Context, how string) (int, error) {
	p, err := pool.New(2)
	if err != nil {
		return 0, err
	}
	_, err = pool.Apply(ctx, p, carry, brittle{os.Getpid(), decodeResult, how, nil})
	return 0, err
})

// A result that ends the process that has the pool does just that, and nothing hangs.
//
// conformance: EXD-12
func TestResultEndsParent(t *testing.T) {
	watch(t)
	for how, code := range map[string]int{"exit": 7, "kill": -int(syscall.SIGKILL), "fatal": 2} {
		job, err := endsItself.Start(t.Context(), how, process.Stderr(io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Wait(); err == nil {
			t.Error(how, "no error")
		}
		if got, ok := job.ExitCode(); !ok || got != code {
			t.Errorf("%s: exit code %d", how, got)
		}
		job.Close()
	}
}
