package sync

import (
	"context"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// How one call of RLock is counted.
const (
	counted = iota // active, or about to look whether it may be
	waiting        // since phase
	apart          // waiting, where so many do that one more cannot be counted
)

// reading is one call of RLock on its slow path.
type reading struct {
	locking // to find out who lives
	rw      *RWMutex
	p       *place
	state   int
	phase   uint16
}

// rlockForever is outlined so that RLock inlines.
//
//go:noinline
func (rw *RWMutex) rlockForever(p *place) error { return rw.rlockSlow(context.Background(), p) }

// rlockSlow goes on where the fast path has counted a reader and found a writer.
func (rw *RWMutex) rlockSlow(ctx context.Context, p *place) error {
	if _, err := rw.enter(); err != nil {
		return err
	}
	defer rw.writer.leave()
	r := reading{locking: locking{m: &rw.writer, word: p.word}, rw: rw, p: p}
	ended, err := park.Await(ctx, r.attempt)
	if ended {
		err = notOurs(ctx, err, ErrOwnerDied)
	}
	if err != nil && r.quit() {
		// A writer let it in, just before it gave up.
		if !ended && err == ErrClosed {
			rw.uncount(p)
		} else {
			err = nil
		}
	}
	if err == nil && race.Enabled {
		raceAcquire(&rw.writer)
	}
	return err
}

// attempt is one turn of the waiting loop; see park.Loop.
func (r *reading) attempt(round *park.Round) (done bool, err error) {
	if round.Slept && !r.slept {
		r.slept = true
		atomic.AddUint64(&r.m.obj.Stats().Sleeps, 1)
	}
	r.awoke()
	var bell uint32
	for {
		if r.rw.place.Load() != r.p {
			return false, ErrClosed
		}
		if r.state != counted {
			// Before all that is looked at: what changes after that changes the bell.
			bell = r.announce()
		}
		w := atomic.LoadUint32(r.p.word)
		// After the look at the word: a writer that died after it had let this call in
		// has not rung, and the next one, on whom it would sleep, waits for it.
		if r.granted() {
			return true, nil
		}
		switch v := word.ReaderLook(w, word.Unasked); {
		case v == word.Taken && (r.state == counted || r.count()):
			return true, nil
		case v == word.Taken: // counted now: look again
		case v != word.Held:
			return false, refusal(v, w)
		case r.state == counted:
			r.wait()
		case round.Spinning:
			return false, nil
		default:
			if again, err := r.sleepFor(round, bell, w); !again {
				return false, err
			}
		}
	}
}

// sleepFor names the words on which to wait for the writer that w names, or asks for
// another look because that one has just gone.
func (r *reading) sleepFor(round *park.Round, bell, w uint32) (again bool, err error) {
	owner := w & layout.OwnerMask
	// Before the question who lives, as in locking.attempt.
	death, living, _ := r.m.obj.DeathWord(owner)
	if v := word.ReaderLook(w, r.ask(round, owner)); v != word.Sleep {
		if atomic.LoadUint32(r.p.word)&layout.OwnerMask != owner {
			return true, nil // the dead one had given it back, or another took it over
		}
		return false, refusal(v, w)
	}
	round.On(r.p.bell, bell)
	r.mourn(round, owner, death, living)
	return false, nil
}

// refusal is why a reader does not get the lock.
func refusal(v word.Verdict, w uint32) error {
	switch v {
	case word.Orphaned:
		return ErrInconsistent
	case word.NotRecoverable:
		return ErrNotRecoverable
	}
	return &shm.CorruptError{Field: "rwmutex.Word", Value: uint64(w)}
}

// announce says that somebody waits for the bell, and gives its value.
func (r *reading) announce() uint32 {
	for {
		b := atomic.LoadUint32(r.p.bell)
		next := word.BellAnnounce(b)
		// sync: bell announced
		if next == b || atomic.CompareAndSwapUint32(r.p.bell, b, next) {
			return next
		}
	}
}

// granted tells whether a writer has let this call in.
func (r *reading) granted() bool {
	// sync: reader let in
	return r.state == waiting && layout.ReaderPhaseOf(atomic.LoadUint64(r.p.cell)) != r.phase
}

// wait makes this call, which is counted, wait: the writer shall pass.
func (r *reading) wait() {
	c, m := r.p.change(word.ReaderWait)
	r.phase, r.state = layout.ReaderPhaseOf(c), waiting
	if m.Verdict == word.Held {
		r.state = apart
	}
	if m.Drained {
		r.rw.drained(r.p)
	}
}

// count is the way back; it tells whether a writer has let this call in meanwhile.
func (r *reading) count() (in bool) {
	from := r.state
	r.state = counted
	if from == apart {
		r.p.change(func(c uint64) word.CellMove { return word.CellMove{Next: word.ReaderEnter(c)} })
		return false
	}
	_, m := r.p.change(func(c uint64) word.CellMove { return word.ReaderCount(c, r.phase) })
	return m.Verdict == word.Taken
}

// quit ends this call. It tells whether a writer has let it in meanwhile.
func (r *reading) quit() (in bool) {
	switch r.state {
	case counted:
		r.rw.uncount(r.p)
	case waiting:
		_, m := r.p.change(func(c uint64) word.CellMove { return word.ReaderQuit(c, r.phase) })
		return m.Verdict == word.Taken
	}
	return false
}

// change makes a move of the cell of this process.
func (p *place) change(decide func(c uint64) word.CellMove) (old uint64, made word.CellMove) {
	for {
		c := atomic.LoadUint64(p.cell)
		m := decide(c)
		// sync: reader counted
		if m.Next == c || atomic.CompareAndSwapUint64(p.cell, c, m.Next) {
			return c, m
		}
	}
}

// uncount ends one that is active.
func (rw *RWMutex) uncount(p *place) error {
	_, m := p.change(word.ReaderLeave)
	if m.Verdict == word.NotHeld {
		return ErrNotHeld
	}
	if m.Drained {
		rw.drained(p)
	}
	return nil
}

// drained wakes the writer, if there is one, that may sleep until nobody of this
// process reads.
func (rw *RWMutex) drained(p *place) {
	// sync: mutex handed over. After the cell has changed: a writer that comes later
	// sees that.
	if atomic.LoadUint32(p.word)&layout.OwnerMask != 0 {
		atomic.AddUint64(&rw.obj.Stats().Wakes, 1)
		park.Wake(&p.parts[layout.ReaderCell(layout.OwnerSlot(rw.writer.self))].Active, 1)
	}
}

// left is the end of an RUnlock that found a writer.
func (rw *RWMutex) left(p *place) error {
	if _, err := rw.enter(); err != nil {
		return err
	}
	defer rw.writer.leave()
	if uint32(atomic.LoadUint64(p.cell)) == 0 {
		rw.drained(p)
	}
	return nil
}

func (rw *RWMutex) runlockSlow() error {
	p, err := rw.enter()
	if err != nil {
		return err
	}
	defer rw.writer.leave()
	return rw.uncount(p)
}

// tryRLockSlow goes on where the fast path has counted a reader.
func (rw *RWMutex) tryRLockSlow(p *place) (bool, error) {
	if _, err := rw.enter(); err != nil {
		return false, err
	}
	defer rw.writer.leave()
	for {
		w := atomic.LoadUint32(p.word)
		v := word.ReaderLook(w, word.Unasked)
		if v == word.Held && rw.obj.Liveness(w&layout.OwnerMask, false) == shm.Dead {
			if atomic.LoadUint32(p.word) != w {
				continue
			}
			v = word.ReaderLook(w, word.Dead)
		}
		switch v {
		case word.Taken:
			if race.Enabled {
				raceAcquire(&rw.writer)
			}
			return true, nil
		case word.Held:
			rw.uncount(p)
			return false, nil
		}
		rw.uncount(p)
		return false, refusal(v, w)
	}
}
