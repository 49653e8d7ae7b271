package sync

import (
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/shm"
)

// workWait is one call of Wait.
type workWait struct {
	g       *WaitGroup
	slept   bool
	over    bool
	lost    uint64
	turn    uint32        // slot at which the watch begins; if many use the group it moves
	relayed uint32        // owner whose death was passed on to the other sleepers, 0 = none
	pause   time.Duration // while some owner is dying
	vigil   vigil
}

// attempt is one turn of the waiting loop; see park.Loop.
func (w *workWait) attempt(r *park.Round) (done bool, err error) {
	if r.Slept && !w.slept {
		w.slept = true
		atomic.AddUint64(&w.g.obj.Stats().Sleeps, 1)
	}
	w.vigil.over(w.g.obj)
	if w.g.closed.Load() {
		return false, ErrClosed
	}
	if w.idle() || r.Spinning {
		return w.over, nil
	}
	low := w.g.group.Announce() // before the look: who completes a unit after it sees W
	r.On(w.g.low, low)
	w.watch(r)
	for w.look(r) {
	}
	return w.idle(), nil
}

func (w *workWait) idle() bool {
	w.over, w.lost = w.g.group.Idle()
	return w.over
}

// watch names the death words of those who use the group, and so may have begun work.
// They are loaded before anybody asks who lives.
func (w *workWait) watch(r *park.Round) {
	o := w.g.obj
	first := w.turn
	for wrapped := false; w.vigil.n < vigilMost; {
		slot, ok := o.NextUser(w.turn)
		switch {
		case !ok && wrapped, ok && wrapped && slot >= first:
			return // once around
		case !ok:
			w.turn, wrapped = 0, true
			continue
		}
		w.turn = slot + 1
		owner := o.Occupant(slot)
		if addr, living, ok := o.DeathWord(owner); ok {
			w.vigil.on(r, deathWatch{owner, addr, living})
		}
	}
}

// look buries those of the dead who had begun work, and tells whether there was one.
// It bounds the sleep of this turn while one is dying.
func (w *workWait) look(r *park.Round) (again bool) {
	for slot := range uint32(layout.MaxSlots) {
		// First the cell: it changes before another process is in the slot.
		cell := w.g.group.Cell(slot)
		if layout.CellCount(cell) == 0 {
			continue
		}
		owner := w.g.obj.Occupant(slot)
		switch w.g.obj.Liveness(owner, r != nil && r.Recheck) {
		case shm.Dead:
			w.g.group.LoseFrom(slot, cell) // else look at what the cell has become
			again = true
			w.relay(owner)
			w.g.obj.SweepOwner(owner)
		case shm.Dying:
			w.relay(owner)
			if r != nil {
				w.pause = min(max(2*w.pause, 20*time.Microsecond), time.Millisecond)
				r.Within(w.pause)
			}
		}
	}
	if again {
		atomic.AddUint64(&w.g.obj.Stats().Recoveries, 1)
		w.g.wake(w.g.low, wakeIf(w.g.group.Settled()))
	}
	return again
}

// bury is look without a sleep that follows.
func (w *workWait) bury() bool { return w.look(nil) }

// relay wakes the others that sleep on the death word of owner: the kernel woke one of
// them only.
func (w *workWait) relay(owner uint32) {
	if w.relayed != owner {
		w.relayed = owner
		w.g.obj.WakeMourners(owner)
	}
}
