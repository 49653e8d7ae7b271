package sync

import (
	"context"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
)

// draining is one wait of a writer, which has the word, for the readers to leave.
type draining struct {
	locking // to find out who lives
	rw      *RWMutex
	p       *place
	slot    uint32   // in those before it nobody reads any more
	dead    []uint32 // readers that died inside
}

// lockSlow goes on where the fast path has found the word taken.
func (rw *RWMutex) lockSlow(ctx context.Context) error {
	p, err := rw.enter()
	if err != nil {
		return err
	}
	defer rw.writer.leave()
	err = rw.writer.LockContext(ctx)
	if err != nil && err != ErrOwnerDied {
		return err
	}
	if e := rw.drain(ctx, p, err == ErrOwnerDied); e != nil {
		return e
	}
	return err
}

// lockPast goes on where the fast path has taken the word and found readers.
func (rw *RWMutex) lockPast(ctx context.Context, p *place) error {
	if _, err := rw.enter(); err != nil {
		return err
	}
	defer rw.writer.leave()
	if race.Enabled {
		raceAcquire(&rw.writer)
	}
	return rw.drain(ctx, p, false)
}

// reads tells whether anybody reads, or may still be counted, dead or alive.
func (rw *RWMutex) reads(p *place) bool {
	for slot, ok := rw.obj.NextUser(0); ok; slot, ok = rw.obj.NextUser(slot + 1) {
		// sync: reader counted
		c := atomic.LoadUint64(&p.cells[layout.ReaderCell(slot)])
		if word.ReaderDrain(c, word.Unasked) != word.Taken {
			return true
		}
	}
	return false
}

// drain waits until nobody reads. If it fails it has given the word back, as one that
// is still to be repaired if died is set.
func (rw *RWMutex) drain(ctx context.Context, p *place, died bool) error {
	d := draining{locking: locking{m: &rw.writer, word: p.word}, rw: rw, p: p}
	ended, err := park.Await(ctx, d.attempt)
	if ended {
		err = notOurs(ctx, err, ErrOwnerDied)
	}
	rw.draining.Store(nil)
	if err != nil {
		rw.backOut(p, died)
		return err
	}
	d.end()
	return nil
}

// attempt is one turn of the waiting loop; see park.Loop.
func (d *draining) attempt(round *park.Round) (done bool, err error) {
	if round.Slept && !d.slept {
		d.slept = true
		atomic.AddUint64(&d.m.obj.Stats().Sleeps, 1)
	}
	d.awoke()
	for {
		if d.rw.place.Load() != d.p {
			return false, ErrClosed
		}
		slot, ok := d.rw.obj.NextUser(d.slot)
		if !ok {
			return true, nil
		}
		d.slot = slot
		who := d.rw.obj.Occupant(slot)
		i := layout.ReaderCell(slot)
		c := atomic.LoadUint64(&d.p.cells[i])
		if word.ReaderDrain(c, word.Unasked) == word.Taken {
			d.slot++
			continue
		}
		if round.Spinning {
			return false, nil
		}
		// Before the question who lives, as in locking.attempt.
		death, living, _ := d.m.obj.DeathWord(who)
		if word.ReaderDrain(c, d.ask(round, who)) == word.Taken {
			// Dead, and its successor in the slot, if there is one, came after c was read:
			// that one's readers find the word taken.
			if d.rw.obj.Occupant(slot) == who {
				d.dead = append(d.dead, who)
				d.slot++
			}
			continue
		}
		d.rw.draining.Store(&d.p.parts[i].Active)
		round.On(&d.p.parts[i].Active, uint32(c))
		d.mourn(round, who, death, living)
		return false, nil
	}
}

// end does what can wait until nobody reads.
func (d *draining) end() {
	for _, who := range d.dead {
		d.m.obj.SweepOwner(who)
	}
	if race.Enabled {
		raceAcquireReaders(d.m)
	}
}

func (rw *RWMutex) tryLock() (bool, error) {
	p, err := rw.enter()
	if err != nil {
		return false, err
	}
	defer rw.writer.leave()
	d := draining{locking: locking{m: &rw.writer, word: p.word}, rw: rw, p: p}
	if atomic.LoadUint32(p.word) == 0 && !d.readersGone() {
		return false, nil // and no reader was kept out for that
	}
	ok, err := rw.writer.TryLock()
	if !ok {
		return false, err
	}
	if d.slot = 0; !d.readersGone() {
		rw.backOut(p, err != nil)
		return false, nil
	}
	d.end()
	return true, err
}

// readersGone tells whether nobody reads now.
func (d *draining) readersGone() bool {
	d.dead = nil
	gone, _ := d.attempt(new(park.Round))
	return gone
}

// backOut gives the word back of one that waited in vain for readers to leave.
func (rw *RWMutex) backOut(p *place, died bool) {
	if !died {
		rw.giveBack(p, word.MutexUnlock)
		return
	}
	rw.writer.tookOver(-1)
	rw.giveBack(p, word.MutexAbandon)
}

// passOn gives the word back if nobody waits for it, nor for the bell. As handOver it
// leaves no room for a second goroutine that unlocks in error.
func (p *place) passOn(self uint32) bool {
	p.local.Lock()
	// sync: mutex handed over. This passes ownership to whoever comes first.
	ok := atomic.LoadUint32(p.bell)&layout.BellWaiters == 0 && atomic.CompareAndSwapUint32(p.word, self, 0)
	p.local.Unlock()
	return ok
}

// ringLate is the end of an Unlock that let nobody in: a reader has come meanwhile.
func (rw *RWMutex) ringLate(p *place) error {
	if _, err := rw.enter(); err != nil {
		return err
	}
	defer rw.writer.leave()
	rw.ring(p)
	return nil
}

func (rw *RWMutex) unlockSlow() error {
	p, err := rw.enter()
	if err != nil {
		return err
	}
	defer rw.writer.leave()
	return rw.giveBack(p, word.MutexUnlock)
}

// giveBack gives the word back, and lets those in who wait to read if what they read
// is sound. The caller has entered.
func (rw *RWMutex) giveBack(p *place, decide func(w, self uint32) word.Move) error {
	move, err := rw.handOver(p, decide)
	if err != nil {
		return err
	}
	if move.Wake > 0 {
		atomic.AddUint64(&rw.obj.Stats().Wakes, 1)
		park.Wake(p.word, move.Wake)
	}
	rw.ring(p)
	return nil
}

// handOver is giveBack without the wake-ups. One goroutine of the process does it at a
// time: a second one that unlocks in error must not let readers in after the first has
// passed the word to another process.
func (rw *RWMutex) handOver(p *place, decide func(w, self uint32) word.Move) (word.Move, error) {
	p.local.Lock()
	defer p.local.Unlock()
	for {
		w := atomic.LoadUint32(p.word)
		move := decide(w, rw.writer.self)
		if move.Verdict == word.NotHeld {
			return move, ErrNotHeld
		}
		if move.Verdict == word.Released && atomic.LoadUint32(p.bell)&layout.BellWaiters != 0 {
			rw.grant(p)
		}
		if store(p.word, w, move) {
			return move, nil
		}
	}
}

// grant lets in all who wait to read. Who writes next waits for them.
func (rw *RWMutex) grant(p *place) {
	for slot, ok := rw.obj.NextUser(0); ok; slot, ok = rw.obj.NextUser(slot + 1) {
		cell := &p.cells[layout.ReaderCell(slot)]
		for {
			c := atomic.LoadUint64(cell)
			move := word.ReaderGrant(c)
			// sync: reader let in. This passes a share of the lock to each who waits.
			if move.Next == c || atomic.CompareAndSwapUint64(cell, c, move.Next) {
				break
			}
		}
	}
}

// ring wakes the readers that wait, after the word was given back: they were let in, or
// came too late for that and look again.
func (rw *RWMutex) ring(p *place) {
	for {
		b := atomic.LoadUint32(p.bell)
		move := word.BellRing(b)
		if move.Next == b {
			return
		}
		// sync: bell announced
		if atomic.CompareAndSwapUint32(p.bell, b, move.Next) {
			atomic.AddUint64(&rw.obj.Stats().Wakes, 1)
			park.Wake(p.bell, move.Wake)
			return
		}
	}
}
