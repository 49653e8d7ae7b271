package pool_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
)

// steps of a worker, and whether it has the task there that it is killed with.
var steps = []struct {
	name string
	has  bool
}{
	{"leased", false}, {"noted", false}, {"taken", true}, {"acknowledged", true}, {"unmarshal", true},
	{"function", true}, {"marshal", true}, {"ran", true}, {"done", true}, {"put", false},
}

// mine is an argument, and a result, that says when it is decoded and encoded.
type mine struct{ N int }

// inWorker tells whether this is one.
func inWorker() bool { _, ok := process.Parent(); return ok }

func (m mine) MarshalBinary() ([]byte, error) {
	if inWorker() {
		signalAt("marshal")
	}
	return []byte(fmt.Sprint(m.N)), nil
}

func (m *mine) UnmarshalBinary(b []byte) error {
	if inWorker() {
		signalAt("unmarshal")
	}
	_, err := fmt.Sscan(string(b), &m.N)
	return err
}

var stepping = process.RegisterFunc("stepping", func(_ context.Context, m mine) (mine, error) {
	signalAt("function")
	return mine{m.N + 1}, nil
})

// A worker is killed at each step of a task. That task alone fails, if the worker had it.
//
// conformance: EXD-04, EXD-08
func TestKilledAtStep(t *testing.T) {
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			watch(t)
			p := newPool(t, 2, stepAt(step.name, "kill", filepath.Join(t.TempDir(), "hit")))
			results := make([]*pool.AsyncResult[mine], 100)
			for i := range results {
				results[i] = pool.ApplyAsync(p, stepping, mine{i})
			}
			failed := 0
			for i, r := range results {
				got, err := r.Get(t.Context())
				var died *pool.WorkerDied
				switch {
				case err == nil && got.N != i+1:
					t.Errorf("task %d gave %d", i, got.N)
				case errors.As(err, &died) && died.Signal == syscall.SIGKILL:
					failed++
				case err != nil:
					t.Error(err)
				}
			}
			if want := map[bool]int{true: 1}[step.has]; failed != want {
				t.Errorf("%d tasks failed, want %d", failed, want)
			}
			works(t, p)
			for p.Stats().Restarted == 0 {
				time.Sleep(time.Millisecond)
			}
			if s := p.Stats(); s.Restarted != 1 || s.Failed != uint64(failed) {
				t.Errorf("stats: %+v", s)
			}
		})
	}
}

// As before, of a function that may run again.
func TestRetriedAtStep(t *testing.T) {
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			watch(t)
			p := newPool(t, 2, pool.Retries(1), stepAt(step.name, "kill", filepath.Join(t.TempDir(), "hit")))
			args := make([]mine, 100)
			got, err := pool.Map(t.Context(), p, stepping, args, pool.ChunkSize(1))
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range got {
				if m.N != 1 {
					t.Errorf("task %d gave %d", i, m.N)
				}
			}
		})
	}
}

// A worker is stopped at each step of a task, and holds up that one alone. It is awake again
// only after all others have ended.
func TestStoppedAtStep(t *testing.T) {
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			watch(t)
			hit := filepath.Join(t.TempDir(), "hit")
			p := newPool(t, 2, stepAt(step.name, "stop", hit))
			results := make([]*pool.AsyncResult[mine], 100)
			for i := range results {
				results[i] = pool.ApplyAsync(p, stepping, mine{i})
			}
			pid := pidIn(t, hit)
			ready := 0
			for ready < len(results)-1 {
				ready = 0
				for _, r := range results {
					if r.Ready() {
						ready++
					}
				}
				time.Sleep(time.Millisecond)
			}
			syscall.Kill(pid, syscall.SIGCONT)
			for i, r := range results {
				if got, err := r.Get(t.Context()); err != nil || got.N != i+1 {
					t.Errorf("task %d: %v, %v", i, got, err)
				}
			}
			works(t, p)
		})
	}
}

// pidIn waits until somebody has written a number to a file.
func pidIn(t *testing.T, file string) (pid int) {
	t.Helper()
	for {
		if b, err := os.ReadFile(file); err == nil && strings.HasSuffix(string(b), "\n") {
			fmt.Sscan(string(b), &pid)
			return pid
		}
		time.Sleep(time.Millisecond)
	}
}
