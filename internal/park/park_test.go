package park_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
)

// watchdog ends a test that hangs with the stacks of all goroutines.
func watchdog(t *testing.T) {
	t.Helper()
	shmtest.Watchdog(t, time.Minute)
}

// waitFor returns when n sleepers of this process are asleep, or about to be.
func waitFor(n int) {
	for {
		own, shared := park.Sleepers()
		if own+shared >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// sleepUntil sleeps while *word is 0.
func sleepUntil(ctx context.Context, word *uint32) error {
	return park.Loop(ctx, func(r *park.Round) (bool, error) {
		if atomic.LoadUint32(word) != 0 {
			return true, nil
		}
		if !r.Spinning {
			r.On(word, 0)
		}
		return false, nil
	})
}

const crowd = 10000

func TestCrowdOnOneWord(t *testing.T)   { crowdWakes(t, make([]uint32, 1)) }
func TestCrowdOnManyWords(t *testing.T) { crowdWakes(t, make([]uint32, crowd)) }

// crowdWakes: 10,000 goroutines sleep on words; few threads, no CPU; all wake.
func crowdWakes(t *testing.T, words []uint32) {
	watchdog(t)
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			if err := sleepUntil(context.Background(), &words[i%len(words)]); err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(crowd)
	idle(t)
	for i := range words {
		atomic.StoreUint32(&words[i], 1)
		park.Wake(&words[i], 1<<30)
	}
	all.Wait()
}

// idle measures a second of sleep. The law: fewer than 100 threads.
func idle(t *testing.T) {
	time.Sleep(time.Second) // going to sleep is not being idle
	before := cpu()
	time.Sleep(time.Second)
	used := cpu() - before
	threads := threads(t)
	own, shared := park.Sleepers()
	t.Logf("%d threads, %v of CPU in a second, %d sleepers on their own, %d in the hub", threads, used, own, shared)
	if threads >= 100 {
		t.Errorf("%d threads for %d sleepers", threads, own+shared)
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func threads(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc: cannot count threads")
	}
	_, after, _ := strings.Cut(string(status), "Threads:")
	n, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]))
	return n
}

func TestCrowdCancels(t *testing.T) {
	watchdog(t)
	words := make([]uint32, 100)
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("enough")
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			if err := sleepUntil(ctx, &words[i%len(words)]); err != reason {
				t.Errorf("got %v, want the cause", err)
			}
		})
	}
	waitFor(crowd)
	cancel(reason)
	all.Wait()
	if own, shared := park.Sleepers(); own+shared != 0 {
		t.Errorf("%d and %d sleepers are left", own, shared)
	}
}

// A lock over one word, held by goroutines through Loop: mutual exclusion and no
// lost wake-up, with far more sleepers than threads.
func TestLockStress(t *testing.T) {
	watchdog(t)
	for _, width := range []int{1, 3, 150} {
		words := make([]uint32, width)
		counts := make([]int, width)
		const workers, rounds = 64, 300
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for n := range rounds {
					i := (w + n) % width
					lock(&words[i])
					counts[i]++
					unlock(&words[i])
				}
			})
		}
		all.Wait()
		sum := 0
		for _, n := range counts {
			sum += n
		}
		if sum != workers*rounds {
			t.Errorf("width %d: counted %d of %d", width, sum, workers*rounds)
		}
	}
}

// lock and unlock are the three-state mutex: 0 free, 1 held, 2 held and waited for.
func lock(w *uint32) {
	taken := uint32(1)
	park.Loop(context.Background(), func(r *park.Round) (bool, error) {
		if r.Slept {
			taken = 2
		}
		if atomic.CompareAndSwapUint32(w, 0, taken) {
			return true, nil
		}
		if r.Spinning {
			return false, nil
		}
		taken = 2
		if atomic.SwapUint32(w, 2) == 0 {
			return true, nil
		}
		r.On(w, 2)
		return false, nil
	})
}

func unlock(w *uint32) {
	if atomic.SwapUint32(w, 0) == 2 {
		park.Wake(w, 1)
	}
}

// A change of the second or third word ends the sleep as well.
func TestSeveralWords(t *testing.T) {
	watchdog(t)
	for _, extra := range []int{0, 20} {
		others := make([]uint32, extra)
		var crowd sync.WaitGroup
		for i := range others {
			crowd.Go(func() { sleepUntil(context.Background(), &others[i]) })
		}
		waitFor(extra)
		for which := range 3 {
			var words [3]uint32
			done := make(chan error)
			go func() {
				done <- park.Loop(context.Background(), func(r *park.Round) (bool, error) {
					for i := range words {
						if atomic.LoadUint32(&words[i]) != 0 {
							return true, nil
						}
						if !r.Spinning {
							r.On(&words[i], 0)
						}
					}
					return false, nil
				})
			}()
			waitFor(extra + 1)
			atomic.StoreUint32(&words[which], 1)
			park.Wake(&words[which], 1)
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for i := range others {
			atomic.StoreUint32(&others[i], 1)
			park.Wake(&others[i], 1)
		}
		crowd.Wait()
	}
}

// A wake-up that is never sent costs time and nothing else.
func TestLostWakeUp(t *testing.T) {
	watchdog(t)
	var words [20]uint32 // some sleep on their own, some in the hub
	var all sync.WaitGroup
	for i := range words {
		all.Go(func() { sleepUntil(context.Background(), &words[i]) })
	}
	waitFor(len(words))
	for i := range words {
		atomic.StoreUint32(&words[i], 1)
	}
	all.Wait()
}

func TestDeadline(t *testing.T) {
	watchdog(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	var word uint32
	if err := sleepUntil(ctx, &word); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// The memory of a word may go as soon as its last sleeper has left.
func TestWordUnmapped(t *testing.T) {
	watchdog(t)
	others := make([]uint32, 12) // enough to send the next ones to the hub
	var crowd sync.WaitGroup
	for i := range others {
		crowd.Go(func() { sleepUntil(context.Background(), &others[i]) })
	}
	waitFor(len(others))
	for range 200 {
		page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_ANON)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan error)
		go func() { left <- sleepUntil(ctx, wordIn(page)) }()
		waitFor(len(others) + 1)
		cancel()
		<-left
		if err := syscall.Munmap(page); err != nil {
			t.Fatal(err)
		}
	}
	// Nobody wakes them: they go when the hub looks at its words again. It must not touch
	// the last one.
	for i := range others {
		atomic.StoreUint32(&others[i], 1)
	}
	crowd.Wait()
}
