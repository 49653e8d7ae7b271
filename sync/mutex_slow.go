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
	"shmkit/internal/word"
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
	ctx     context.Context
	word    *uint32
	slept   bool          // others may sleep too: keep MutexWaiters set
	relayed uint32        // owner whose death was passed on to the other sleepers, 0 = none
	mourned uint32        // owner whose death word this call slept on
	death   *uint32       // that word, nil = none
	living  uint32        // what it was
	dead    uint32        // owner that the lock was taken over from, 0 = none
	pause   time.Duration // while the owner is dying
	hunger  hunger
}

// lockForever and lockSlow are outlined so that Lock and LockContext inline.
//
//go:noinline
func (m *Mutex) lockForever() error { return m.lockSlow(context.Background()) }

func (m *Mutex) lockSlow(ctx context.Context) error {
	addr, err := m.enter()
	if err != nil {
		return err
	}
	defer m.leave()
	if ctx == nil {
		ctx = context.Background()
	}
	l := locking{m: m, ctx: ctx, word: addr}
	ended, err := park.Await(ctx, l.attempt)
	l.hunger.end(m.obj.Mutex())
	if ended {
		err = notOurs(ctx, err, ErrOwnerDied)
	}
	if race.Enabled && (err == nil || err == ErrOwnerDied) {
		raceAcquire(m)
	}
	if err == ErrOwnerDied {
		l.recovered()
	} else if err != nil && l.slept {
		// A wake-up that was meant for another may have come to this call.
		park.Wake(addr, 1)
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
	l.awoke()
	for {
		if l.m.word.Load() != l.word {
			return false, ErrClosed
		}
		w := atomic.LoadUint32(l.word)
		if w == layout.MutexWaiters && l.hunger.letPass(l.ctx, r, l.m.obj.Mutex()) {
			return false, nil
		}
		move := word.MutexLock(w, l.m.self, word.Unasked, l.slept)
		owner := w & layout.OwnerMask
		var death *uint32
		var living uint32
		if move.Verdict == word.Held {
			if r.Spinning {
				return false, nil
			}
			// Before the question who lives: a death after the answer changes the word
			// that was loaded here, so there is no sleep.
			death, living, _ = l.m.obj.DeathWord(owner)
			move = word.MutexLock(w, l.m.self, l.ask(r, owner), l.slept)
		}
		if !store(l.word, w, move) {
			continue
		}
		if move.Verdict != word.Sleep {
			return l.end(owner, w, move)
		}
		l.m.seen(owner)
		l.hunger.grow(r, l.m.obj.Mutex())
		r.On(l.word, move.Next)
		l.mourn(r, owner, death, living)
		return false, nil
	}
}

// mourn names the death word of owner to sleep on, unless death is nil.
func (l *locking) mourn(r *park.Round, owner uint32, death *uint32, living uint32) {
	if l.death = death; death != nil {
		l.mourned, l.living = owner, living
		r.On(death, living)
	}
}

// awoke passes on that the death word has changed on which this call slept. The
// kernel wakes one sleeper of it, and that may be this call though the lock has a
// living holder by now: others sleep there for other locks, or for the process that
// has the slot since.
func (l *locking) awoke() {
	if l.death != nil && atomic.LoadUint32(l.death) != l.living {
		l.relay(l.mourned)
	}
	l.death = nil
}

// ask finds out about the holder, and bounds the sleep of this turn if it is dying.
func (l *locking) ask(r *park.Round, owner uint32) word.Owner {
	switch l.m.obj.Liveness(owner, r.Recheck) {
	case shm.Dead:
		return word.Dead
	case shm.Dying:
		l.relay(owner)
		l.pause = min(max(2*l.pause, 20*time.Microsecond), time.Millisecond)
		r.Within(l.pause)
	}
	return word.Alive
}

// end is what a move on w, which named owner, means for the caller of Lock.
func (l *locking) end(owner, w uint32, move word.Move) (done bool, err error) {
	l.hunger.end(l.m.obj.Mutex()) // so that whom this wakes can be the next to be hungry
	if move.Wake > 0 {
		atomic.AddUint64(&l.m.obj.Stats().Wakes, 1)
		park.Wake(l.word, move.Wake)
	}
	switch move.Verdict {
	case word.Taken:
		return true, nil
	case word.TakenOver:
		if layout.OwnerGeneration(owner) != 0 { // else an orphan: nobody knows whose
			l.dead = owner
		}
		return true, ErrOwnerDied
	case word.NotRecoverable:
		return false, ErrNotRecoverable
	case word.Corrupt:
		return false, &shm.CorruptError{Field: "mutex.Word", Value: uint64(w)}
	}
	return false, nil // somebody alive has the lock
}

// store makes a move on addr, if the word still is what the move was decided on.
func store(addr *uint32, w uint32, move word.Move) bool {
	// sync: mutex handed over
	return move.Next == w || atomic.CompareAndSwapUint32(addr, w, move.Next)
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
	addr, err := m.enter()
	if err != nil {
		return false, err
	}
	defer m.leave()
	l := locking{m: m, word: addr}
	for {
		w := atomic.LoadUint32(addr)
		move := word.MutexLock(w, m.self, word.Unasked, false)
		owner := w & layout.OwnerMask
		if move.Verdict == word.Held && m.obj.Liveness(owner, false) == shm.Dead {
			move = word.MutexLock(w, m.self, word.Dead, false)
		}
		if !store(addr, w, move) {
			continue
		}
		done, err := l.end(owner, w, move)
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
//
//go:noinline
func (m *Mutex) unlockSlow() error { return m.change(m.mutexUnlock) }

// abandon gives a lock that came with ErrOwnerDied to nobody, unrepaired: the
// next Lock gets ErrOwnerDied again. The death is not dealt with, so it does not
// count as a takeover.
func (m *Mutex) abandon() error {
	if race.Enabled {
		raceRelease(m)
	}
	if _, err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	m.tookOver(-1)
	return m.change(word.MutexAbandon)
}

// change makes a move that only the holder may make.
func (m *Mutex) change(decide func(w, self uint32) word.Move) error {
	addr, err := m.enter()
	if err != nil {
		return err
	}
	defer m.leave()
	return m.changeWord(addr, decide)
}

// changeWord is change for a call that has entered, and so may go on after Close.
func (m *Mutex) changeWord(addr *uint32, decide func(w, self uint32) word.Move) error {
	for {
		w := atomic.LoadUint32(addr)
		move := decide(w, m.self)
		switch move.Verdict {
		case word.NotHeld:
			return ErrNotHeld
		case word.Consistent:
			return ErrConsistent
		}
		if !store(addr, w, move) {
			continue
		}
		if move.Wake > 0 {
			atomic.AddUint64(&m.obj.Stats().Wakes, 1)
			if move.Next == layout.MutexWaiters {
				park.Wake(&m.obj.Mutex().Hungry, 1)
			}
			park.Wake(addr, move.Wake)
		}
		return nil
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
