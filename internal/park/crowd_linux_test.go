package park_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"shmkit/internal/park"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
)

// sleepOnMany sleeps while all words are 0.
func sleepOnMany(ctx context.Context, words []uint32) error {
	return park.Crowd(ctx, func(r *park.Round) (bool, error) {
		for i := range words {
			r.On(&words[i], 0)
			r.On(&words[0], 0) // a word may be named again
		}
		for i := range words {
			if atomic.LoadUint32(&words[i]) != 0 {
				return true, nil
			}
		}
		return false, nil
	})
}

// widths of a sleep: on its own thread, just so, through the hub, and in many parts.
var widths = []int{2, 9, 126, 127, 128, 1000}

// A sleep on any number of words ends with a change of any of them, or its context.
func TestCrowd(t *testing.T) {
	watchdog(t)
	for _, width := range widths {
		for _, which := range []int{0, width / 2, width - 1} {
			words, done := make([]uint32, width), make(chan error)
			go func() { done <- sleepOnMany(context.Background(), words) }()
			waitFor(1)
			atomic.StoreUint32(&words[which], 1)
			park.Wake(&words[which], 1)
			if err := <-done; err != nil {
				t.Error(width, which, err)
			}
		}
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(context.Background())
		done := make(chan error)
		go func() { done <- sleepOnMany(ctx, make([]uint32, width)) }()
		waitFor(1)
		cancel(enough)
		if err := <-done; err != enough {
			t.Errorf("%d words: %v, want the cause", width, err)
		}
		if own, shared := park.Sleepers(); own+shared != 0 {
			t.Errorf("%d words: %d and %d sleepers are left", width, own, shared)
		}
	}
}

// A sleep that ends for one word wakes a sleeper of each other word that has changed:
// nobody else may know. So does one that ends with its context.
func TestCrowdPassesOn(t *testing.T) {
	watchdog(t)
	for _, width := range widths[1:] {
		for _, cancels := range []bool{false, true} {
			words := make([]uint32, width)
			ctx, cancel := context.WithCancel(context.Background())
			done, told := make(chan error), make(chan bool, 1)
			go func() {
				done <- park.Crowd(ctx, func(r *park.Round) (bool, error) {
					for i := range words {
						r.On(&words[i], 0)
					}
					select {
					case told <- true:
					default:
					}
					return atomic.LoadUint32(&words[0]) != 0, nil
				})
			}()
			<-told
			changed := shmtest.Sleep(t, &words[1], 0, 1)
			same := shmtest.Sleep(t, &words[2], 0, 1)
			atomic.StoreUint32(&words[1], 1) // and whoever did it has woken us
			if !cancels {
				atomic.StoreUint32(&words[0], 1)
				park.Wake(&words[0], 1)
			}
			cancel()
			<-done
			changed.Woken()
			// A hub thread may wake one too many.
			if n := same.Left(); n != 1 && width < sys.MaxWords {
				t.Errorf("%d words, cancels %v: a sleeper of a word that has not changed was woken", width, cancels)
			}
		}
	}
}
