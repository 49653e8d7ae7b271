package ring

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/word"
	"shmkit/shm"
)

// RoleError tells which process has the end of a ring that was to be taken. Is
// [ErrTaken]. It is plain data: if that process dies it stays as it is.
type RoleError struct {
	Role string // "producer", "consumer", "publisher"
	PID  uint32 // of the process that has it; it may be this one
}

func (e *RoleError) Error() string {
	return fmt.Sprintf("%v: pid %d is the %s", ErrTaken, e.PID, e.Role)
}

// Is makes errors.Is(err, ErrTaken) true.
func (e *RoleError) Is(target error) bool { return target == ErrTaken }

// role is the word of an end, and what is known of who has it.
type role struct {
	obj  *shm.Object
	word *uint32
	name string
}

// claiming is one claim of a role.
type claiming struct {
	role
	patient bool // waits until the role is free
	vigil   vigil
	died    bool // out: whoever had it died
}

// claim makes the role ours. Without patience it waits for nobody, but for the end of a
// process that is dying. It tells whether the last holder died.
func (r role) claim(ctx context.Context, patient bool) (died bool, err error) {
	if r.obj.Enter() != nil {
		return false, ErrDetached
	}
	defer r.obj.Leave()
	c := claiming{role: r, patient: patient}
	err = park.Loop(ctx, c.attempt)
	return c.died, err
}

// attempt is one turn of the waiting loop; see park.Loop.
func (c *claiming) attempt(round *park.Round) (done bool, err error) {
	c.vigil.over(c.obj)
	for {
		w := atomic.LoadUint32(c.word)
		owner := w & layout.OwnerMask
		// Before the question who lives: a death after the answer changes the word.
		death, living, mortal := c.obj.DeathWord(owner)
		life := c.life(w)
		move := word.RoleClaim(w, c.obj.Self(), known(life))
		switch move.Verdict {
		case word.Corrupt:
			return false, &shm.CorruptError{Field: c.name, Value: uint64(w)}
		case word.Held:
			if !c.patient && life != shm.Dying {
				return false, &RoleError{c.name, c.obj.PIDOf(owner)}
			}
			if round.Spinning {
				return false, nil
			}
			round.On(c.word, w)
			if mortal {
				c.vigil.on(round, owner, death, living)
			} else if life == shm.Dying {
				round.Within(time.Millisecond)
			}
			return false, nil
		}
		// sync: end of a stream. This makes the end ours.
		if !atomic.CompareAndSwapUint32(c.word, w, move.Next) {
			continue
		}
		c.died = move.Verdict == word.TakenOver
		park.Wake(c.word, move.Wake)
		if life == shm.Dead {
			c.obj.WakeMourners(owner)
			c.obj.SweepOwner(owner)
		}
		return true, nil
	}
}

// life is what is known of the process that a role word names, after asking the kernel.
func (r role) life(w uint32) shm.Life {
	if owner := w & layout.OwnerMask; w&layout.RoleDied == 0 && owner != 0 {
		return r.obj.Liveness(owner, true)
	}
	return shm.Alive
}

func known(l shm.Life) word.Owner {
	if l == shm.Dead {
		return word.Dead
	}
	return word.Alive
}

// giveBack gives the role back, if it is ours.
func (r role) giveBack() { r.change(word.RoleRelease) }

// orphan takes the role away from owner, which is dead or has forgotten it.
func (r role) orphan(owner uint32) {
	r.change(func(w, _ uint32) word.Move { return word.RoleOrphan(w, owner) })
}

func (r role) change(decide func(w, self uint32) word.Move) {
	for {
		w := atomic.LoadUint32(r.word)
		move := decide(w, r.obj.Self())
		if move.Verdict == word.NotHeld {
			return
		}
		// sync: end of a stream. This passes the end to whoever takes it next.
		if atomic.CompareAndSwapUint32(r.word, w, move.Next) {
			park.Wake(r.word, move.Wake)
			return
		}
	}
}
