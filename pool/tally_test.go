package pool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/array"
	"shmkit/internal/shmtest"
	"shmkit/pool"
	"shmkit/process"
)

// tallyArg is a task that counts how often it begins, and ends.
type tallyArg struct {
	Counts *array.Array[int64] // two for each task
	Task   int
}

var tally = process.RegisterFunc("tally", func(_ context.Context, arg tallyArg) (int, error) {
	defer arg.Counts.Close()
	c := arg.Counts.Slice()
	atomic.AddInt64(&c[2*arg.Task], 1)
	for until := time.Now().Add(100 * time.Microsecond); time.Now().Before(until); {
	}
	atomic.AddInt64(&c[2*arg.Task+1], 1)
	return arg.Task + 1, nil
})

// harassment is what happens to the workers of a pool meanwhile.
type harassment struct{ kills, stops, zombies int }

// harass kills a worker every 5 ms, and stops one now and then for a while.
func harass(p *pool.Pool) (end func() harassment) {
	stop, over, lingering := make(chan struct{}), make(chan harassment), make(chan int)
	go func() {
		most := 0
		for {
			select {
			case lingering <- most:
				return
			default:
				most = max(most, lasting(zombies()))
			}
		}
	}()
	go func() {
		var h harassment
		var stopped []int
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for round := 0; ; round++ {
			select {
			case <-stop:
				for _, pid := range stopped {
					syscall.Kill(pid, syscall.SIGCONT)
				}
				h.zombies = <-lingering
				over <- h
				return
			case <-tick.C:
			}
			pids := pidsOf(p)
			if len(pids) == 0 {
				continue
			}
			pid := pids[rand.IntN(len(pids))]
			if round%10 == 0 {
				for _, pid := range stopped {
					syscall.Kill(pid, syscall.SIGCONT)
				}
				stopped = []int{pid}
				syscall.Kill(pid, syscall.SIGSTOP)
				h.stops++
			} else if syscall.Kill(pid, syscall.SIGKILL) == nil {
				h.kills++
			}
		}
	}()
	return func() harassment { close(stop); return <-over }
}

// zombies are the children of this process that have ended and were not waited for.
func zombies() (pids []string) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if isZombie(path) {
			pids = append(pids, path)
		}
	}
	return pids
}

func isZombie(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	return fields[0] == "Z" && fields[1] == fmt.Sprint(os.Getpid())
}

// lasting is how many of these stay zombies. One that has just ended is one for a moment.
func lasting(paths []string) (n int) {
	for _, path := range paths {
		for tries := 0; isZombie(path); tries++ {
			if tries > 10_000 {
				n++
				break
			}
			runtime.Gosched()
			time.Sleep(100 * time.Microsecond)
		}
	}
	return n
}

// Each task ends once. Without retries none runs twice, and what gave a result has run to its
// end; with retries all have their results.
func TestTally(t *testing.T) {
	for name, tasks := range map[string]int{"once": 10_000, "retried": 3000} {
		t.Run(name, func(t *testing.T) {
			shmtest.Watchdog(t, 5*time.Minute)
			options := map[string][]pool.Option{"retried": {pool.Retries(1 << 20)}}[name]
			counts, err := array.New[int64](2 * tasks)
			if err != nil {
				t.Fatal(err)
			}
			defer counts.Close()
			p := newPool(t, 6, options...)
			end := harass(p)
			var all sync.WaitGroup
			ends := make([]atomic.Int32, tasks)
			var died atomic.Int32
			for i := range tasks {
				all.Add(1)
				pool.ApplyAsync(p, tally, tallyArg{counts, i}).OnEnd(func(r *pool.AsyncResult[int]) {
					defer all.Done()
					ends[i].Add(1)
					v, err := r.Get(context.Background())
					var dead *pool.WorkerDied
					began, ended := atomic.LoadInt64(&counts.Slice()[2*i]), atomic.LoadInt64(&counts.Slice()[2*i+1])
					switch {
					case err == nil && (v != i+1 || ended < 1):
						t.Errorf("task %d: %d; it ended %d times", i, v, ended)
					case err != nil && (name == "retried" || !errors.As(err, &dead) || dead.Signal != syscall.SIGKILL):
						t.Errorf("task %d: %v", i, err)
					case err != nil:
						died.Add(1)
					}
					if name == "once" && began > 1 {
						t.Errorf("task %d began %d times", i, began)
					}
				})
			}
			all.Wait()
			h := end()
			var runs int64
			for i := range ends {
				if n := ends[i].Load(); n != 1 {
					t.Errorf("task %d ended %d times", i, n)
				}
				runs += counts.Slice()[2*i]
			}
			s := p.Stats()
			t.Logf("%d kills, %d stops; %d done, %d died, %d runs, %d restarts", h.kills, h.stops, s.Done, died.Load(), runs, s.Restarted)
			if h.zombies > 0 {
				t.Errorf("%d zombies", h.zombies)
			}
			if s.Done+s.Failed != uint64(tasks) || s.Failed != uint64(died.Load()) || s.Queued != 0 || s.Busy != 0 {
				t.Errorf("%+v", s)
			}
			works(t, p)
		})
	}
}
