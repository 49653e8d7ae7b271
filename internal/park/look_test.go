package park_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shmkit/internal/park"
)

// A word that changes after the attempt has looked at it and before the thread is
// asleep: no sleep begins, or the wake-up that came in between is lost.
func TestChangeBeforeSleep(t *testing.T) {
	watchdog(t)
	for _, extra := range []int{0, 12} { // alone, and through the hub
		others := make([]uint32, extra)
		var crowd sync.WaitGroup
		for i := range others {
			crowd.Go(func() { sleepUntil(context.Background(), &others[i]) })
		}
		waitFor(extra)
		word, turns := new(uint32), 0
		err := park.Loop(context.Background(), func(r *park.Round) (bool, error) {
			if r.Spinning {
				return false, nil
			}
			if turns++; turns == 2 {
				if r.Recheck {
					t.Errorf("%d others: slept until the bound on a word that had changed", extra)
				}
				return true, nil
			}
			r.On(word, 0)
			atomic.StoreUint32(word, 1)
			return false, nil
		})
		if err != nil {
			t.Error(err)
		}
		for i := range others {
			atomic.StoreUint32(&others[i], 1)
			park.Wake(&others[i], 1)
		}
		crowd.Wait()
	}
}

// Words that tell of deaths are slept on too, if not at once.
func TestWordsOfDeath(t *testing.T) {
	watchdog(t)
	word, death := new(uint32), new(uint32)
	done := make(chan error)
	go func() {
		done <- park.Loop(context.Background(), func(r *park.Round) (bool, error) {
			if r.Spinning {
				return false, nil
			}
			r.On(word, 0)
			mark := r.Mark()
			r.OnDeath(death, 0)
			r.Rewind(mark)
			r.OnDeath(death, 0)
			return atomic.LoadUint32(death) != 0, nil
		})
	}()
	for park.Wake(death, 1) == 0 {
		time.Sleep(time.Millisecond)
	}
	atomic.StoreUint32(death, 1)
	park.Wake(death, 1)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
