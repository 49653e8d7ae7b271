package pool_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/pool"
	"shmkit/process"
	"shmkit/ring"
	"shmkit/shm"
)

// mapperArg is what a process does that has a pool and is killed: it maps busily, and its
// workers say who they are.
type mapperArg struct {
	Say *ring.Queue[int64]
	Big bool // with arguments and results that are too long for the queues
}

type shout struct {
	Say  *ring.Queue[int64]
	Load []byte
}

var (
	mapper = process.Register("mapper", mapForEver)
	shouts = process.RegisterFunc("shouts", func(_ context.Context, s shout) ([]byte, error) {
		defer s.Say.Detach()
		s.Say.TryPut(int64(os.Getpid()))
		return s.Load, nil
	})
)

func mapForEver(ctx context.Context, arg mapperArg) error {
	p, err := pool.New(4)
	if err != nil {
		return err
	}
	list := make([]shout, 1000)
	for i := range list {
		if list[i].Say = arg.Say; arg.Big {
			list[i].Load = make([]byte, 1<<20)
		}
	}
	for err == nil {
		_, err = pool.Map(ctx, p, shouts, list, pool.ChunkSize(1))
	}
	return err
}

// The process that has a pool is killed in the middle of a Map. No worker is left, and no file.
func TestParentKilledInMap(t *testing.T) {
	watch(t)
	rounds := 30
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		dir, err := os.MkdirTemp(shm.Dir(), "killed-")
		if err != nil {
			t.Fatal(err)
		}
		say, err := ring.New[int64](8)
		if err != nil {
			t.Fatal(err)
		}
		parent, err := mapper.Start(t.Context(), mapperArg{say, round%3 == 2}, process.Env("SHMKIT_DIR="+dir))
		if err != nil {
			t.Fatal(err)
		}
		pids := map[int64]bool{}
		for len(pids) < 4 {
			pid, err := say.GetContext(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			pids[pid] = true
		}
		parent.Kill()
		parent.Wait()
		parent.Close()
		begin := time.Now()
		for len(env(dir)) > 0 || len(filesIn(dir)) > 0 {
			runtime.Gosched()
			time.Sleep(time.Millisecond)
		}
		t.Logf("round %d: nothing is left after %v", round, time.Since(begin))
		say.Detach()
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	}
}

// env are the processes, other than this one, whose environment has the text in it.
func env(text string) (pids []string) {
	list, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range list {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), text) {
			pids = append(pids, path)
		}
	}
	return pids
}

// runs tells whether a process has not ended, though nobody may have waited for it yet.
func runs(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	state := text[bytes.LastIndexByte(text, ')')+2]
	return state != 'Z' && state != 'X'
}

func filesIn(dir string) []string {
	list, _ := filepath.Glob(filepath.Join(dir, "*"))
	return list
}

// objects are in the heap of this process.
func objects(t *testing.T) int {
	t.Helper()
	seg, err := shm.Default()
	if err != nil {
		t.Fatal(err)
	}
	info, err := seg.Info()
	if err != nil {
		t.Fatal(err)
	}
	return len(info.Objects)
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// Pools that are made, used and ended in every way leave nothing.
func TestNothingIsLeft(t *testing.T) {
	watch(t)
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	one := func(round int) {
		p, err := pool.New(1)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := pool.Map(ctx, p, square, numbers(10), pool.TaskTimeout(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for range pool.Imap(ctx, p, square, count(100)) {
			break
		}
		pool.Apply(ctx, p, bad, []string{"error", "kill"}[round/4%2])
		if round%10 == 0 {
			pool.Apply(ctx, p, echo, make([]byte, 3<<20))
		}
		switch round % 4 {
		case 0:
			err = p.Shutdown(ctx, false)
		case 1:
			pool.ApplyAsync(p, bad, "hang")
			p.Terminate()
			err = p.Join(ctx)
		case 2:
			pool.MapAsync(p, square, numbers(100))
			err = p.Shutdown(ctx, true)
		case 3:
			for _, pid := range pidsOf(p) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			pool.ApplyAsync(p, square, 1)
			err = p.Shutdown(ctx, false)
		}
		cancel()
		if err != nil {
			t.Fatal(round, err)
		}
	}
	for round := range 8 { // what is made once and kept
		one(round)
	}
	fds, goroutines, objs := descriptors(t), runtime.NumGoroutine(), objects(t)
	for round := range rounds {
		one(round)
	}
	for descriptors(t) > fds || runtime.NumGoroutine() > goroutines || objects(t) > objs {
		runtime.GC() // descriptors and handles that nobody closed
		time.Sleep(time.Millisecond)
		if t.Context().Err() != nil {
			return
		}
	}
}

// The last worker of a pool ends, by itself or killed at any step, and nobody comes after it
// who would clean up. Nothing is left of the pool.
func TestLastWorkerDies(t *testing.T) {
	names := []string{"none"} // of the steps: it ends by itself
	for _, step := range steps {
		names = append(names, step.name)
	}
	for _, step := range names {
		t.Run(step, func(t *testing.T) {
			watch(t)
			before := objects(t)
			p, err := pool.New(1, stepAt(step, "kill", filepath.Join(t.TempDir(), "hit")))
			if err != nil {
				t.Fatal(err)
			}
			task := pool.ApplyAsync(p, stepping, mine{1})
			if err := p.Shutdown(t.Context(), false); err != nil {
				t.Fatal(err)
			}
			task.Get(t.Context()) // it failed, or did not
			for objects(t) > before {
				time.Sleep(time.Millisecond)
			}
		})
	}
}
