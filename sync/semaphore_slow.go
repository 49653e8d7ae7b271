package sync

import (
	"context"
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// acquiring is one call of Acquire on its slow path.
type acquiring struct {
	s     *Semaphore
	addr  *uint32
	n     uint32
	slept bool
}

// acquireOne is outlined so that Acquire needs no more stack than it has.
//
//go:noinline
func (s *Semaphore) acquireOne() error { return s.acquire(context.Background(), 1) }

func (s *Semaphore) acquire(ctx context.Context, n uint32) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	a := acquiring{s: s, addr: s.addr(), n: n}
	err := park.Loop(ctx, a.attempt)
	if err == nil && race.Enabled {
		s.acquired()
	}
	if err != nil && a.slept {
		// The wake-up of another may have come to this call.
		s.wake(a.addr, 1)
	}
	return err
}

// addr is the word, for those who have entered, closed or not.
func (s *Semaphore) addr() *uint32 { return &shm.Head[layout.Semaphore](s.obj, 0).Word }

// attempt is one turn of the waiting loop; see park.Loop.
func (a *acquiring) attempt(r *park.Round) (done bool, err error) {
	if r.Slept && !a.slept {
		a.slept = true
		atomic.AddUint64(&a.s.obj.Stats().Sleeps, 1)
	}
	for {
		if a.s.closed.Load() {
			return false, ErrClosed
		}
		w := atomic.LoadUint32(a.addr)
		move := word.SemaphoreAcquire(w, a.n, a.slept)
		if move.Verdict == word.Sleep && r.Spinning {
			return false, nil
		}
		// sync: permit handed over
		if !store(a.addr, w, move) {
			continue
		}
		a.s.wake(a.addr, move.Wake)
		if move.Verdict == word.Sleep {
			r.On(a.addr, move.Next)
			return false, nil
		}
		return true, nil
	}
}

func (s *Semaphore) tryAcquire(n uint32) (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.leave()
	addr := s.addr()
	for {
		w := atomic.LoadUint32(addr)
		move := word.SemaphoreAcquire(w, n, false)
		if move.Verdict == word.Sleep {
			return false, nil
		}
		// sync: permit handed over
		if store(addr, w, move) {
			if race.Enabled {
				s.acquired()
			}
			return true, nil
		}
	}
}

// release is outlined as acquireOne is.
//
//go:noinline
func (s *Semaphore) release(n uint32) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	addr := s.addr()
	for {
		w := atomic.LoadUint32(addr)
		move := word.SemaphoreRelease(w, n, s.bound)
		if move.Verdict == word.TooMany {
			return fmt.Errorf("%w: %d permits, and %d more; at most %d", ErrTooMany, w&layout.SemaphoreMost, n, s.bound)
		}
		// sync: permit handed over
		if store(addr, w, move) {
			s.wake(addr, move.Wake)
			return nil
		}
	}
}

// count checks how many are wanted at once.
func (s *Semaphore) count(n int) error {
	switch {
	case n < 1:
		return fmt.Errorf("%w: %d permits", ErrCount, n)
	case n > int(s.bound):
		return fmt.Errorf("%w: %d permits, there are never more than %d", ErrTooMany, n, s.bound)
	}
	return nil
}
