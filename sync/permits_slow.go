package sync

import (
	"context"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/word"
	"shmkit/shm"
)

// taking is one call of Acquire or TryAcquire that found no free permit.
type taking struct {
	p       *Permits
	slept   bool
	relayed uint32        // owner whose death was passed on to the other sleepers, 0 = none
	dead    uint32        // owner that the permit was taken from, 0 = none
	pause   time.Duration // while some owner is dying
	turn    int           // where in the list of owners the watch begins; if there are many it moves
	vigil   vigil
}

// owner is a process that has permits.
type owner struct {
	id     uint32
	cell   *uint32 // one of them
	death  *uint32
	living uint32
}

func (p *Permits) acquireSlow(ctx context.Context) error {
	t := taking{p: p}
	err := park.Loop(ctx, t.attempt)
	if err == nil {
		t.recovered()
	} else if t.slept {
		// A wake-up that was meant for another may have come to this call.
		p.wake(&p.head.Seq, 1)
	}
	return err
}

// attempt is one turn of the waiting loop; see park.Loop.
func (t *taking) attempt(r *park.Round) (done bool, err error) {
	p := t.p
	if r.Slept && !t.slept {
		t.slept = true
		atomic.AddUint64(&p.obj.Stats().Sleeps, 1)
	}
	t.vigil.over(p.obj)
	if p.closed.Load() {
		return false, ErrClosed
	}
	if r.Spinning {
		if done = p.takeFree(); done {
			p.taken()
		}
		return done, nil
	}
	// sync: permits changed. Before the look: who gives back after it sees W.
	seq := p.move(word.PermitsAnnounce)
	watch, ok, err := t.look(r)
	if ok || err != nil {
		return ok, err
	}
	r.On(&p.head.Seq, seq)
	for _, o := range watch {
		t.vigil.on(r, deathWatch{o.id, o.death, o.living})
	}
	return false, nil
}

// look takes a permit that is free, or that a dead process had. Otherwise it gives
// those of the living to watch for their death.
func (t *taking) look(r *park.Round) (watch []owner, ok bool, err error) {
	p := t.p
	for again := true; again; {
		if p.takeFree() {
			p.taken()
			return nil, true, nil
		}
		watch, again = nil, false
		owners, free := p.owners()
		again = free
		for i, o := range owners {
			now := (i+len(owners)-t.turn%len(owners))%len(owners) < vigilMost
			move := word.PermitTake(o.id, p.self, t.ask(r, o.id, now && r != nil && r.Recheck))
			switch {
			case move.Verdict == word.Corrupt:
				return nil, false, &shm.CorruptError{Field: "permits.cell", Value: uint64(o.id)}
			case move.Verdict == word.TakenOver:
				// sync: permit handed over. This passes the permit from the dead to us.
				if atomic.CompareAndSwapUint32(o.cell, o.id, move.Next) {
					t.dead = o.id
					p.taken()
					return nil, true, nil
				}
				again = true // somebody else had it, and may have given it back by now
			case now && o.death != nil:
				watch = append(watch, o)
			}
		}
	}
	t.turn += vigilMost
	return watch, false, nil
}

// owners lists the processes that have permits now, with their death words as they are
// while they live: those are loaded before anybody asks who lives. free tells whether
// some permit is nobody's by now.
func (p *Permits) owners() (list []owner, free bool) {
	var seen [layout.MaxSlots / 64]uint64
	for i := range p.cells {
		id := atomic.LoadUint32(&p.cells[i])
		slot := layout.OwnerSlot(id)
		bit := uint64(1) << (slot % 64)
		free = free || id == 0
		if id == 0 || id == p.self || seen[slot/64]&bit != 0 {
			continue
		}
		seen[slot/64] |= bit
		o := owner{id: id, cell: &p.cells[i]}
		if death, living, ok := p.obj.DeathWord(id); ok {
			o.death, o.living = death, living
		}
		list = append(list, o)
	}
	return list, free
}

// ask finds out about an owner, and bounds the sleep of this turn if it is dying.
func (t *taking) ask(r *park.Round, id uint32, ask bool) word.Owner {
	switch t.p.obj.Liveness(id, ask) {
	case shm.Dead:
		return word.Dead
	case shm.Dying:
		if t.relayed != id {
			t.relayed = id
			t.p.obj.WakeMourners(id)
		}
		if r != nil {
			t.pause = min(max(2*t.pause, 20*time.Microsecond), time.Millisecond)
			r.Within(t.pause)
		}
	}
	return word.Alive
}

// recovered does what can wait until a dead process's permit is ours: it wakes those
// who sleep on its death word, and cleans up after it.
func (t *taking) recovered() {
	if t.dead == 0 {
		return
	}
	p := t.p
	atomic.AddUint64(&p.head.Takeovers, 1)
	atomic.AddUint64(&p.obj.Stats().Recoveries, 1)
	if t.relayed != t.dead {
		p.obj.WakeMourners(t.dead)
	}
	p.obj.SweepOwner(t.dead)
}
