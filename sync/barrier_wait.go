package sync

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// watched is how many members a party sleeps on the death words of: as many as
// park.Round takes beside the generation and Barrier.Joins.
const watched = 6

// errActs ends the loop of the party that has to run its action.
var errActs = errors.New("sync: last party")

// party is one call of Wait.
type party struct {
	b      *Barrier
	acts   bool
	came   uint64 // the word after this call has come, without BarrierWaiters; 0: it has not
	index  int
	slept  bool
	next   uint32        // slot whose death word is watched first
	buried uint32        // owner whose death was dealt with last, 0 = none
	pause  time.Duration // while a member is dying
	vigil  vigil
}

func (p *party) wait(ctx context.Context, action func() error) (int, error) {
	b := p.b
	b.join()
	if race.Enabled {
		b.released()
	}
	ended, err := park.Await(ctx, p.attempt)
	switch {
	case err == errActs:
		err = p.act(action)
	case ended, err != nil && err != ErrBroken:
		err = p.giveUp(ctx, err, ended)
	}
	if err != nil {
		return -1, err
	}
	if race.Enabled {
		b.acquired()
	}
	return p.index, nil
}

// join makes this process one that is expected, and lets those who sleep watch it too.
// Its cell can be empty again, if the last use of another handle ended beside this call.
func (b *Barrier) join() {
	cell := &b.members[layout.OwnerSlot(b.self)]
	if atomic.LoadUint32(cell) == b.self {
		return
	}
	// sync: party expected
	atomic.StoreUint32(cell, b.self)
	atomic.AddUint32(&b.head.Joins, 1)
	// Whoever sleeps has set BarrierWaiters before it loaded Joins.
	if atomic.LoadUint64(&b.head.Word)&layout.BarrierWaiters != 0 {
		b.wake(&b.head.Joins, word.All)
	}
}

// attempt is one turn of the waiting loop; see park.Loop. It ends when the generation
// that this call has come to is over, or with errActs if this is the last one.
func (p *party) attempt(r *park.Round) (done bool, err error) {
	if r.Slept && !p.slept {
		p.slept = true
		atomic.AddUint64(&p.b.obj.Stats().Sleeps, 1)
	}
	p.vigil.over(p.b.obj)
	for {
		if p.b.closed.Load() {
			return false, ErrClosed
		}
		w := atomic.LoadUint64(&p.b.head.Word)
		var move word.Move64
		if p.came == 0 {
			move = word.BarrierArrive(w, p.b.parties, p.acts)
			if p.b.completes(w, move) && p.b.buryMembers(false) {
				continue
			}
		} else {
			// The entry is read after the word: it is there before the epoch ends.
			end := atomic.LoadUint64(&p.b.head.Ends[layout.BarrierEpoch(p.came)%layout.BarrierEnds])
			move = word.BarrierOutcome(w, p.came, end)
		}
		if r.Spinning && move.Verdict == word.Sleep {
			return false, nil
		}
		if !p.b.change(w, move) {
			continue
		}
		switch move.Verdict {
		case word.Passed:
			if p.came == 0 {
				p.index = int(layout.BarrierArrived(w))
			}
			return true, nil
		case word.Arrived, word.Last:
			p.index = int(layout.BarrierArrived(w))
			// Never 0: at least one has come.
			p.came = move.Next &^ layout.BarrierWaiters
			if move.Verdict == word.Last {
				return false, errActs
			}
			continue
		case word.Broken:
			return false, ErrBroken
		case word.Corrupt:
			return false, &shm.CorruptError{Field: "barrier.Word", Value: w}
		}
		p.watch(r, layout.BarrierGeneration(w))
		return false, nil
	}
}

// change makes a move on the word, if that still is what the move was decided on, and
// wakes those whose generation it ends.
func (b *Barrier) change(w uint64, move word.Move64) bool {
	// sync: barrier ended
	if move.Next != w && !atomic.CompareAndSwapUint64(&b.head.Word, w, move.Next) {
		return false
	}
	b.wake(b.gen, move.Wake)
	return true
}

// watch names the words to sleep on: the generation, and the death words of members,
// others at each turn if there are many. If one is dead it breaks the barrier, which
// changes the generation, so that there is no sleep.
func (p *party) watch(r *park.Round, generation uint32) {
	b := p.b
	r.On(b.gen, generation)
	r.On(&b.head.Joins, atomic.LoadUint32(&b.head.Joins)) // before the look at the members
	n, start := 0, p.next
	for i := range uint32(layout.MaxSlots) {
		slot := (start + i) % layout.MaxSlots
		owner := atomic.LoadUint32(&b.members[slot])
		if owner == 0 || owner == b.self {
			continue
		}
		if layout.OwnerSlot(owner) != slot {
			continue // damage, which Check reports
		}
		// Before the question who lives: a death after the answer changes the word that
		// was loaded here, so there is no sleep.
		death, living, ok := b.obj.DeathWord(owner)
		switch b.obj.Liveness(owner, r.Recheck && n < watched) {
		case shm.Dead:
			b.bury(owner)
		case shm.Dying:
			p.relay(owner)
			p.pause = min(max(2*p.pause, 20*time.Microsecond), time.Millisecond)
			r.Within(p.pause)
		}
		if n++; ok && n <= watched {
			p.vigil.on(r, deathWatch{owner, death, living})
			p.next = slot + 1
		}
	}
}

// relay wakes the others that sleep on the death word of owner: the kernel woke one of
// them only.
func (p *party) relay(owner uint32) {
	if p.buried != owner {
		p.buried = owner
		p.b.obj.WakeMourners(owner)
	}
}

// bury breaks the barrier because owner, who took part, is dead.
func (b *Barrier) bury(owner uint32) {
	cell := &b.members[layout.OwnerSlot(owner)]
	for {
		// The cell is looked at after the word: if somebody else has dealt with this
		// death, and with a Reset after it, the word is another.
		w := atomic.LoadUint64(&b.head.Word)
		if atomic.LoadUint32(cell) != owner {
			return
		}
		if b.change(w, word.BarrierBreak(w)) {
			break
		}
	}
	// After the break: whoever is killed between leaves the cell to the next one.
	// sync: party expected
	atomic.CompareAndSwapUint32(cell, owner, 0)
	atomic.AddUint64(&b.obj.Stats().Recoveries, 1)
	b.obj.WakeMourners(owner)
	b.obj.SweepOwner(owner)
}

// completes tells whether a move on w lets others go who have come before.
func (b *Barrier) completes(w uint64, move word.Move64) bool {
	return layout.BarrierArrived(w) > 0 && (move.Verdict == word.Passed || move.Verdict == word.Last)
}

// buryMembers deals with all members that are dead, and tells whether there were any.
// Without ask they are those whose death was announced, and it makes no system call if
// there are none: so the last party looks before it lets the others go, who may all be
// dead, and then nobody else has looked.
func (b *Barrier) buryMembers(ask bool) (any bool) {
	for slot := range b.members {
		owner := atomic.LoadUint32(&b.members[slot])
		if owner == 0 || layout.OwnerSlot(owner) != uint32(slot) {
			continue
		}
		if b.obj.Liveness(owner, ask) == shm.Dead {
			b.bury(owner)
			any = true
		}
	}
	return any
}

func (b *Barrier) breakNow() {
	for {
		w := atomic.LoadUint64(&b.head.Word)
		if b.change(w, word.BarrierBreak(w)) {
			return
		}
	}
}

func (b *Barrier) reset() {
	for {
		w := atomic.LoadUint64(&b.head.Word)
		move := word.BarrierReset(w)
		if move.Verdict == word.Passed && move.Next != w {
			b.record(word.BarrierEnded(w), w)
		}
		if b.change(w, move) && move.Verdict == word.Passed {
			return
		}
	}
}

// record puts the end of the epoch of w, which is broken, where late parties look. One
// who comes too late with that finds that the word is another, or the entry.
func (b *Barrier) record(end, w uint64) {
	entry := &b.head.Ends[layout.BarrierEpoch(w)%layout.BarrierEnds]
	for old := atomic.LoadUint64(entry); old != end && atomic.LoadUint64(&b.head.Word) == w; old = atomic.LoadUint64(entry) {
		// sync: barrier ended
		if atomic.CompareAndSwapUint64(entry, old, end) {
			return
		}
	}
}

// act runs the action of the last party, with the others still waiting.
func (p *party) act(action func() error) error {
	b, over := p.b, false
	defer func() {
		if !over { // it panicked, or ended the goroutine
			p.breakMine()
		}
	}()
	err := action()
	over = true
	if err != nil {
		p.breakMine()
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if race.Enabled {
		b.released()
	}
	for {
		w := atomic.LoadUint64(&b.head.Word)
		move := word.BarrierRelease(w, p.came)
		if move.Verdict == word.Broken {
			return ErrBroken
		}
		if b.change(w, move) {
			return nil
		}
	}
}

// giveUp ends a wait because of cause, which is that of its context if that has ended:
// the barrier is broken then, if its generation is not over by now.
func (p *party) giveUp(ctx context.Context, cause error, ended bool) error {
	if p.came == 0 {
		return notOurs(ctx, cause, ErrBroken) // it waited for the action of others to end: nothing to break
	}
	switch passed, over := p.breakMine(); {
	case passed:
		return nil
	case over:
		return ErrBroken
	case !ended:
		return cause
	}
	return fmt.Errorf("%w: %w", ErrBroken, cause)
}

// breakMine breaks the generation of p. If that had ended before, it tells so, and
// whether it passed.
func (p *party) breakMine() (passed, ended bool) {
	b := p.b
	for {
		w := atomic.LoadUint64(&b.head.Word)
		end := atomic.LoadUint64(&b.head.Ends[layout.BarrierEpoch(p.came)%layout.BarrierEnds])
		if v := word.BarrierOutcome(w, p.came, end).Verdict; v != word.Sleep {
			return v == word.Passed, true
		}
		if b.change(w, word.BarrierBreak(w)) {
			return false, false
		}
	}
}
