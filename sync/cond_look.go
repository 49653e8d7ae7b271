package sync

import (
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/word"
	"shmkit/shm"
)

// look searches for what the dead were notified of and did not live to see. If this
// call can have it, it takes it. It notes whose death would make a difference.
func (w *condWait) look(r *park.Round) (adopted bool) {
	c := w.c
	w.n = 0
	for i := range c.high() {
		x := atomic.LoadUint64(&c.cells[i])
		owner := layout.CondOwner(x)
		ticket, waits := word.CondWaits(x)
		switch {
		case x == layout.CondFree || owner == c.self:
			continue
		case waits && !layout.CondOlder(ticket, w.ticket):
			continue // not notified before us
		case !waits && !word.CondFor(x, w.ticket):
			continue
		}
		if owner != 0 && (waits && !w.room(owner) || !w.dead(r, owner)) {
			continue
		}
		if waits {
			c.obj.Disown(i, owner)
		} else if w.adopt(i, x, owner) {
			return true
		}
	}
	return false
}

// room tells whether owner is watched, or can be.
func (w *condWait) room(owner uint32) bool { return w.n < len(w.watched) || w.watches(owner) }

func (w *condWait) watches(owner uint32) bool {
	for _, d := range w.watched[:w.n] {
		if d.owner == owner {
			return true
		}
	}
	return false
}

// dead tells whether owner is proved to be dead. If not, its death is watched.
func (w *condWait) dead(r *park.Round, owner uint32) bool {
	if w.watches(owner) {
		return false // asked in this turn
	}
	d := deathWatch{owner: owner}
	// Before the question who lives: a death after the answer changes the word.
	d.word, d.val, _ = w.c.obj.DeathWord(owner)
	switch w.c.obj.Liveness(owner, r.Recheck) {
	case shm.Dead:
		return true
	case shm.Dying:
		if w.relayed != owner {
			w.relayed = owner
			w.c.obj.WakeMourners(owner) // the kernel woke one sleeper only
		}
		w.pause = min(max(2*w.pause, 20*time.Microsecond), time.Millisecond)
		r.Within(w.pause)
	}
	if w.n < len(w.watched) {
		w.watched[w.n] = d
		w.n++
	}
	return false
}

// adopt gives this call the notification x in cell i, which dead did not live to see;
// 0 if that has no owner. From then on i is its cell.
func (w *condWait) adopt(i int, x uint64, dead uint32) bool {
	c := w.c
	if !c.move(i, x, word.CondAdopt(x, dead, c.self, w.ticket)) {
		return false
	}
	own := w.i
	w.i = i
	for {
		x := atomic.LoadUint64(&c.cells[own])
		move := word.CondQuit(x, c.self)
		if !move.OK {
			// It was notified meanwhile: one of the two is for another.
			c.obj.Disown(own, c.self)
			break
		}
		if c.move(own, x, move) {
			break
		}
	}
	w.tidy()
	return true
}
