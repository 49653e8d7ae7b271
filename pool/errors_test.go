package pool_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/race"
	"shmkit/pool"
	"shmkit/process"
)

var (
	initially = process.Register("initially", func(_ context.Context, how string) error {
		_, err := badly(context.Background(), how)
		return err
	})
	unsendable = process.RegisterFunc("unsendable", func(_ context.Context, x int) (any, error) {
		if x == 3 {
			return make(chan int), nil
		}
		return x, nil
	})
	refuses = process.RegisterFunc("refuses", func(_ context.Context, r refusing) (refusing, error) { return r, nil })
)

// refusing cannot be encoded, or decoded, in one of the processes.
type refusing struct{ Where string }

var errRefused = errors.New("refused")

func (r refusing) MarshalBinary() ([]byte, error) {
	switch {
	case r.Where == "encode argument" && !inWorker(), r.Where == "encode result" && inWorker():
		return nil, errRefused
	case r.Where == "panic in argument" && !inWorker():
		panic("in the parent")
	}
	return []byte(r.Where), nil
}

func (r *refusing) UnmarshalBinary(b []byte) error {
	switch r.Where = string(b); {
	case r.Where == "decode argument" && inWorker(), r.Where == "decode result" && !inWorker():
		return errRefused
	case r.Where == "panic in result" && !inWorker():
		panic("in the parent")
	case r.Where == "exit at argument" && inWorker():
		os.Exit(9)
	}
	return nil
}

// What a function does is the error of its task alone.
//
// conformance: PL-20, EXD-06, EXD-07
func TestErrors(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	check := func(how string, ok func(err error) bool) {
		t.Helper()
		if _, err := pool.Apply(t.Context(), p, bad, how); err == nil || !ok(err) {
			t.Errorf("%s: %v", how, err)
		}
		works(t, p)
	}
	var remote *process.RemoteError
	var panicked *pool.TaskPanic
	var died *pool.WorkerDied
	check("error", func(err error) bool {
		return errors.As(err, &remote) && errors.Is(err, errOurs) && remote.Text == "it went wrong: one of ours"
	})
	check("panic", func(err error) bool {
		return errors.As(err, &panicked) && panicked.Text == "help" && strings.Contains(panicked.Stack, "badly")
	})
	check("goexit", func(err error) bool { return errors.Is(err, process.ErrGoexit) })
	check("exit", func(err error) bool { return errors.As(err, &died) && died.Code == 7 && died.Signal == 0 })
	check("exit0", func(err error) bool { return errors.As(err, &died) && died.Code == 0 && died.Signal == 0 })
	check("elsewhere", func(err error) bool {
		return errors.As(err, &died) && strings.Contains(died.Text, "in another goroutine") && died.Code == 2
	})
	check("kill", func(err error) bool {
		return errors.As(err, &died) && died.Signal == syscall.SIGKILL && died.Code == -1
	})
}

// What cannot be encoded or decoded, in whichever process, is the error of its task alone.
//
// conformance: PL-06, EXD-01, EXD-02, EXD-03, EXD-10, EXD-11
func TestUnsendable(t *testing.T) {
	watch(t)
	p := newPool(t, 2)
	for where, ok := range map[string]func(error) bool{
		"encode argument":   func(err error) bool { return errors.Is(err, errRefused) },
		"panic in argument": func(err error) bool { return strings.Contains(err.Error(), "in the parent") },
		"decode argument":   func(err error) bool { return errors.Is(err, pool.ErrArgument) },
		"encode result":     func(err error) bool { return errors.Is(err, pool.ErrResult) },
		"decode result":     func(err error) bool { return errors.Is(err, pool.ErrResult) },
		"panic in result":   func(err error) bool { return errors.Is(err, pool.ErrResult) },
		"exit at argument": func(err error) bool {
			var died *pool.WorkerDied
			return errors.As(err, &died) && died.Code == 9
		},
	} {
		if _, err := pool.Apply(t.Context(), p, refuses, refusing{where}); err == nil || !ok(err) {
			t.Errorf("%s: %v", where, err)
		}
		list := []refusing{{"a"}, {where}, {"b"}}
		got, err := pool.Map(t.Context(), p, refuses, list, pool.ChunkSize(1))
		var several *pool.MapError
		if !errors.As(err, &several) || len(several.Items) != 1 || several.Items[0].Index != 1 || !ok(several.Items[0]) || got[0].Where != "a" || got[2].Where != "b" {
			t.Errorf("%s: %v, %v", where, got, err)
		}
		works(t, p)
	}
	got, err := pool.Map(t.Context(), p, unsendable, []int{1, 2, 3, 4}, pool.ChunkSize(4))
	if !errors.Is(err, pool.ErrResult) || got[0] != uint64(1) || got[3] != uint64(4) || got[2] != nil {
		t.Error(got, err)
	}
}

// A failing initializer breaks the pool after a few tries.
//
// conformance: EXI-02
func TestInitializerFails(t *testing.T) {
	for _, how := range []string{"error", "panic", "exit", "exit0", "elsewhere"} {
		t.Run(how, func(t *testing.T) {
			watch(t)
			p := newPool(t, 2, pool.WithInitializer(initially, how))
			var broken *pool.InitError
			if _, err := pool.Apply(t.Context(), p, square, 3); !errors.As(err, &broken) || broken.Tries < 3 {
				t.Errorf("a task in a pool that cannot begin: %v", err)
			}
			if _, err := pool.Map(t.Context(), p, square, []int{1, 2}); !errors.As(err, &broken) {
				t.Errorf("another one: %v", err)
			}
			if err := p.Shutdown(t.Context(), false); err != nil {
				t.Error(err)
			}
		})
	}
}

// A worker that cannot be started is the error of New, and the others end.
//
// conformance: PL-30
func TestStartFails(t *testing.T) {
	watch(t)
	refused := errors.New("no more processes")
	defer pool.FailStarts(4, refused)()
	before := len(process.ActiveChildren())
	if _, err := pool.New(5); !errors.Is(err, refused) {
		t.Errorf("New gave %v", err)
	}
	if n := len(process.ActiveChildren()); n != before {
		t.Errorf("%d workers are left", n-before)
	}
}

func TestTimeout(t *testing.T) {
	watch(t)
	p := newPool(t, 2, pool.TaskTimeout(50*time.Millisecond))
	for _, how := range []string{"hang", "wait"} {
		if _, err := pool.Apply(t.Context(), p, bad, how); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", how, err)
		}
	}
	if got, err := pool.Apply(t.Context(), p, bad, "", pool.TaskTimeout(0)); err != nil || got != 1 {
		t.Error(got, err)
	}
	works(t, newPool(t, 1, pool.TaskTimeout(time.Hour)))
}

// With Grace a function may end by itself when its time is over; its worker goes on.
func TestGrace(t *testing.T) {
	watch(t)
	p := newPool(t, 1, pool.Grace(time.Hour))
	pid, err := pool.Apply(t.Context(), p, whoAmI, process.None{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pool.Apply(t.Context(), p, bad, "wait", pool.TaskTimeout(10*time.Millisecond))
	var remote *process.RemoteError
	if !errors.As(err, &remote) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, pool.ErrTimeout) {
		t.Errorf("%v", err)
	}
	if now, err := pool.Apply(t.Context(), p, whoAmI, process.None{}); err != nil || now != pid {
		t.Errorf("the worker was %d and is %d: %v", pid, now, err)
	}
}

// A task that kills its worker each time is given up after its retries.
func TestPoison(t *testing.T) {
	watch(t)
	p := newPool(t, 2, pool.Retries(2))
	var poison *pool.PoisonError
	if _, err := pool.Apply(t.Context(), p, bad, "kill"); !errors.As(err, &poison) || poison.Deaths != 3 || poison.Last.Signal != syscall.SIGKILL {
		t.Errorf("%v", err)
	}
	works(t, p)
}

// A task that asks for more memory than it may have dies alone.
func TestMemoryLimit(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector takes memory of its own, and ends the process itself")
	}
	watch(t)
	p := newPool(t, 1, pool.MemoryLimit(1<<30))
	works(t, p)
	_, err := pool.Apply(t.Context(), p, hungry, 4<<30)
	var died *pool.WorkerDied
	if !errors.As(err, &died) || died.Signal != 0 || died.Code != 2 {
		t.Errorf("%v", err)
	}
	works(t, p)
}

var hungry = process.RegisterFunc("hungry", func(_ context.Context, n int) (int, error) {
	b := make([]byte, n)
	runtime.KeepAlive(b)
	return len(b), nil
})
