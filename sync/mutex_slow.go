package sync

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/sys"
	"shmkit/shm"
)

// enter keeps the object in use for one slow operation, which ends with leave.
func (m *Mutex) enter() (*uint32, error) {
	word := m.word.Load()
	for n := m.users.Load(); word != &closedWord && n > 0; n = m.users.Load() {
		if m.users.CompareAndSwap(n, n+1) {
			return word, nil
		}
	}
	return nil, ErrClosed
}

func (m *Mutex) leave() error {
	if m.users.Add(-1) > 0 {
		return nil
	}
	return m.obj.Close()
}

// locking is one call of Lock on its slow path.
type locking struct {
	m       *Mutex
	word    *uint32
	slept   bool          // others may sleep too: keep MutexWaiters set
	relayed uint32        // owner whose death was passed on to the other sleepers, 0 = none
	dead    uint32        // owner that the lock was taken over from, 0 = none
	pause   time.Duration // while the owner is dying
}

// lockForever and lockSlow are outlined so that Lock and LockContext inline.
//
//go:noinline
func (m *Mutex) lockForever() error { return m.lockSlow(context.Background()) }

func (m *Mutex) lockSlow(ctx context.Context) error {
	word, err := m.enter()
	if err != nil {
		return err
	}
	defer m.leave()
	l := locking{m: m, word: word}
	err = park.Loop(ctx, l.attempt)
	if race.Enabled && (err == nil || err == ErrOwnerDied) {
		raceAcquire(m)
	}
	if err == ErrOwnerDied {
		l.recovered()
	} else if err != nil && l.slept {
		// A wake-up that was meant for another may have come to this call.
		park.Wake(word, 1)
	}
	return err
}

// attempt is one turn of the waiting loop; see park.Loop. It ends with the lock
// (done), with an error, or with the words to sleep on.
func (l *locking) attempt(r *park.Round) (done bool, err error) {
	if r.Slept && !l.slept {
		l.slept = true
		atomic.AddUint64(&l.m.obj.Stats().Sleeps, 1)
	}
	for {
		if l.m.word.Load() != l.word {
			return false, ErrClosed
		}
		w := atomic.LoadUint32(l.word)
		if done, err, again := l.take(w); done || err != nil {
			return done, err
		} else if again {
			continue
		}
		if r.Spinning {
			return false, nil
		}
		owner := w & layout.OwnerMask
		switch l.m.obj.Liveness(owner, r.Recheck) {
		case shm.Dead:
			// Proof that owner stores nothing any more: its lock is ours to take.
			if l.swap(w, layout.MutexDied|layout.MutexWaiters|l.m.self) {
				l.dead = owner
				return true, ErrOwnerDied
			}
			continue
		case shm.Dying:
			l.relay(owner)
			l.pause = min(max(2*l.pause, 20*time.Microsecond), time.Millisecond)
			r.Within(l.pause)
		}
		if w&layout.MutexWaiters == 0 && !l.swap(w, w|layout.MutexWaiters) {
			continue
		}
		l.m.seen(owner)
		r.On(l.word, w|layout.MutexWaiters)
		if addr, val, ok := l.m.obj.DeathWord(owner); ok {
			r.On(addr, val)
		}
		return false, nil
	}
}

// take tries to take a lock that nobody holds, according to the table in
// internal/layout. again means that the word changed meanwhile.
func (l *locking) take(w uint32) (done bool, err error, again bool) {
	keep := w & layout.MutexWaiters
	if l.slept {
		keep = layout.MutexWaiters
	}
	switch state := w &^ layout.MutexWaiters; {
	case state == 0:
		done = l.swap(w, keep|l.m.self)
		return done, nil, !done
	case state == layout.MutexOrphan:
		if l.swap(w, keep|layout.MutexDied|l.m.self) {
			return true, ErrOwnerDied, false
		}
		return false, nil, true
	case state == layout.MutexUnusable:
		return false, ErrNotRecoverable, false
	case layout.OwnerGeneration(w) == 0:
		return false, &shm.CorruptError{Field: "mutex.Word", Value: uint64(w)}, false
	}
	return false, nil, false
}

func (l *locking) swap(from, to uint32) bool {
	// sync: mutex handed over
	return atomic.CompareAndSwapUint32(l.word, from, to)
}

// relay wakes the others that sleep on the death word of owner: the kernel woke
// one of them only.
func (l *locking) relay(owner uint32) {
	if l.relayed != owner {
		l.relayed = owner
		l.m.obj.WakeMourners(owner)
	}
}

// recovered does what can wait until the dead holder's lock is ours: it settles
// what the lock guards, wakes those who still sleep on the death word, and cleans
// up after the dead.
func (l *locking) recovered() {
	m := l.m
	if m.settle != nil {
		m.settle()
	}
	m.tookOver(1)
	if l.dead != 0 {
		l.relay(l.dead)
		m.obj.SweepOwner(l.dead)
	}
}

// seen notes since when a waiter knows this holder, for tools. Waiters may
// overwrite each other; a time that is a little off does no harm.
func (m *Mutex) seen(owner uint32) {
	mu := m.obj.Mutex()
	if atomic.LoadUint32(&mu.SeenOwner) != owner {
		atomic.StoreInt64(&mu.SeenNS, sys.Monotonic())
		atomic.StoreUint32(&mu.SeenOwner, owner)
	}
}

func (m *Mutex) tryLockSlow() (bool, error) {
	word, err := m.enter()
	if err != nil {
		return false, err
	}
	defer m.leave()
	l := locking{m: m, word: word}
	for {
		w := atomic.LoadUint32(word)
		done, err, again := l.take(w)
		if again {
			continue
		}
		owner := w & layout.OwnerMask
		if !done && err == nil && m.obj.Liveness(owner, false) == shm.Dead {
			if !l.swap(w, layout.MutexDied|layout.MutexWaiters|m.self) {
				continue
			}
			l.dead, done, err = owner, true, ErrOwnerDied
		}
		if done {
			if race.Enabled {
				raceAcquire(m)
			}
			if err != nil {
				l.recovered()
			}
		}
		return done, err
	}
}

// unlockSlow is outlined so that Unlock inlines.
func (m *Mutex) unlockSlow() error {
	word, err := m.enter()
	if err != nil {
		return err
	}
	defer m.leave()
	for {
		w := atomic.LoadUint32(word)
		if w&layout.OwnerMask != m.self {
			return ErrNotHeld
		}
		next, wake := uint32(0), 1
		if w&layout.MutexDied != 0 {
			next, wake = layout.MutexUnusable, 1<<30
		}
		// sync: mutex handed over
		if !atomic.CompareAndSwapUint32(word, w, next) {
			continue
		}
		if w&layout.MutexWaiters != 0 {
			atomic.AddUint64(&m.obj.Stats().Wakes, 1)
			park.Wake(word, wake)
		}
		return nil
	}
}

// abandon gives a lock that came with ErrOwnerDied to nobody, unrepaired: the
// next Lock gets ErrOwnerDied again. The death is not dealt with, so it does not
// count as a takeover. As in unlockSlow the flag of the waiters goes with the
// wake-up: who wakes sets it again, and if nobody sleeps nobody is woken next time.
func (m *Mutex) abandon() error {
	if race.Enabled {
		raceRelease(m)
	}
	word, err := m.enter()
	if err != nil {
		return err
	}
	defer m.leave()
	m.tookOver(-1)
	for {
		w := atomic.LoadUint32(word)
		if w&layout.OwnerMask != m.self {
			return ErrNotHeld
		}
		// sync: mutex handed over
		if atomic.CompareAndSwapUint32(word, w, layout.MutexOrphan) {
			if w&layout.MutexWaiters != 0 {
				park.Wake(word, 1)
			}
			return nil
		}
	}
}

// tookOver counts, for tools.
func (m *Mutex) tookOver(n int) {
	atomic.AddUint64(&m.obj.Mutex().Takeovers, uint64(n))
	atomic.AddUint64(&m.obj.Stats().Recoveries, uint64(n))
}

// String tells the state and the holder, for people.
func (m *Mutex) String() string {
	if m.word.Load() == &closedWord {
		return "Mutex(closed)"
	}
	return fmt.Sprintf("Mutex(%v)", m.obj.LockInfo())
}
