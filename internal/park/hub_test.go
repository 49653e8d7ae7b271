package park_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/park"
	"shmkit/internal/sys"
)

// The kernel wakes the hub for a sleeper who has left meanwhile. The next sleeper
// on the word, who may be in another process, must get the wake-up.
func TestWakeUpOfOneWhoLeft(t *testing.T) {
	watchdog(t)
	others := make([]uint32, 12) // enough to send the next ones to the hub
	var crowd sync.WaitGroup
	for i := range others {
		crowd.Go(func() { sleepUntil(context.Background(), &others[i]) })
	}
	waitFor(len(others))
	for range 200 {
		word := new(uint32)
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan error)
		go func() { left <- sleepUntil(ctx, word) }()
		waitFor(len(others) + 1)
		cancel()
		<-left
		woken := make(chan error)
		go func() { // in place of another process: it knows nothing of the hub
			_, err := sys.FutexWait([]sys.Word{{Addr: word, Val: 0}}, 10*time.Second)
			woken <- err
		}()
		for range 100 { // it may be asleep after that; if not it finds the word changed
			runtime.Gosched()
		}
		atomic.StoreUint32(word, 1)
		park.Wake(word, 1)
		if err := <-woken; err == sys.ErrTimeout {
			t.Fatal("the wake-up was lost")
		}
	}
	for i := range others {
		atomic.StoreUint32(&others[i], 1)
		park.Wake(&others[i], 1)
	}
	crowd.Wait()
}

// Rouse reaches everybody who sleeps on a word that has not changed.
func TestRouse(t *testing.T) {
	watchdog(t)
	var word uint32
	var stop atomic.Bool
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			park.Loop(context.Background(), func(r *park.Round) (bool, error) {
				if stop.Load() {
					return true, nil
				}
				if !r.Spinning {
					r.On(&word, 0)
				}
				return false, nil
			})
		})
	}
	waitFor(40)
	stop.Store(true)
	park.Rouse(&word)
	all.Wait()
}
