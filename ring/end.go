package ring

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/park"
	"shmkit/internal/race"
	"shmkit/internal/word"
	"shmkit/shm"
)

// end is one end of a ring, as this process has it. It is used by one goroutine at a
// time, and must not be copied.
type end struct {
	role // no word: anybody may have this end
	peer role
	// closing is StreamHead.Closing, or a word of ours that is not 0 after Detach.
	closing *uint32
	ours    *uint32 // futex that this end sleeps on
	theirs  *uint32 // futex that the other end sleeps on
	plain   bool    // release stores do: see fence
	doze

	inHand   bool // something is claimed, or looked at, in place
	detached bool

	// ready tells whether an operation can go on: nil, again if not now, or why not.
	ready   func() error
	again   error // ErrFull, ErrEmpty
	turn    func(*park.Round) (bool, error)
	slept   bool
	vigil   vigil
	asks    bool // it may be one of two that ask and answer
	eager   eager
	cleanup runtime.Cleanup

	watched watched
}

// gone is the word that closing leads to after Detach.
var gone uint32 = 1

// begin makes e, which is part of handle and has its role by now, the owner of one use
// of the object. It is used up if the handle is forgotten: that counts as a death.
func begin[H any](e *end, handle *H, closing, ours, theirs *uint32, again error, ready func() error) {
	e.closing, e.ours, e.theirs, e.again, e.ready = closing, ours, theirs, again, ready
	e.watched.closing = closing
	e.plain = fenced()
	e.turn = e.attempt
	e.cleanup = runtime.AddCleanup(handle, forget, e.role)
}

func forget(r role) {
	if r.word != nil {
		r.orphan(r.obj.Self())
	}
	r.obj.Close()
}

// tenure is an end that one process has at a time.
type tenure struct {
	end
	tookOver bool
}

// TookOver tells whether the process that had this end before died with it. What it had
// published is there, what it had in hand is not.
func (e *tenure) TookOver() bool { return e.tookOver }

// Close says that nothing more is to be published, by whichever end says it. What is
// there can be taken, and then the consumer gets [ErrClosed]; what the producer publishes
// at the same time as somebody closes may be left there. Calling it again does nothing.
// It may be called at the same time as methods other than Detach. Errors: [ErrDetached].
func (e *tenure) Close() error {
	if atomic.SwapUint32(e.closing, 1) != 0 { // sync: stream closing
		return e.open()
	}
	e.rouse(e.ours)
	e.rouse(e.theirs)
	runtime.KeepAlive(e)
	return nil
}

// Rouse makes a call of this end that waits look again, at its context too. It may be called
// at the same time as methods other than Detach.
func (e *tenure) Rouse() { e.rouse(e.ours) }

// open fails with ErrDetached if the end is.
func (e *end) open() error {
	if e.detached {
		return ErrDetached
	}
	return nil
}

// rouse makes whoever sleeps on futex look again.
func (e *end) rouse(futex *uint32) {
	atomic.AddUint32(futex, layout.StreamNumber) // sync: stream sleepers
	park.Wake(futex, word.All)
}

// leave gives the end back.
func (e *end) leave() error {
	if err := e.open(); err != nil {
		return err
	}
	e.cleanup.Stop()
	e.detached, e.inHand, e.closing = true, false, &gone
	e.unwatch()
	if e.word != nil {
		e.giveBack()
	}
	return e.obj.Close()
}

// await waits until ready says so.
func (e *end) await(ctx context.Context) error {
	e.slept = false
	wait := park.Loop
	if e.asks {
		if err := e.spin(); err != e.again {
			return err
		}
		wait = park.Sleep
	}
	if e.obj.Enter() != nil {
		return ErrDetached
	}
	defer e.obj.Leave()
	err := wait(ctx, e.turn)
	// If nobody else sleeps here the bit would cost the other end a system call.
	if w := atomic.LoadUint32(e.ours); e.word != nil && w&layout.StreamWaiters != 0 && e.watched.by.Load() == 0 {
		if atomic.CompareAndSwapUint32(e.ours, w, w&^layout.StreamWaiters) && e.watched.by.Load() != 0 {
			e.rouse(e.ours) // who came to watch in between may have announced itself before
		}
	}
	return err
}

// attempt is one turn of the waiting loop; see park.Loop.
func (e *end) attempt(r *park.Round) (done bool, err error) {
	e.vigil.over(e.obj)
	if r.Slept && !e.slept {
		e.slept = true
		atomic.AddUint64(&e.obj.Stats().Sleeps, 1)
	}
	if err := e.ready(); err != e.again {
		return err == nil, err
	}
	if r.Spinning {
		return false, nil
	}
	e.announce(r)
	if err := e.mourn(r); err != e.again {
		return err == nil, err
	}
	err = e.ready()
	return err == nil, stay(err, e.again)
}

// stay makes it no error that an operation has to wait.
func stay(err, again error) error {
	if err == again {
		return nil
	}
	return err
}

// mourn names the words that tell of the other end, and looks whether it died.
func (e *end) mourn(r *park.Round) error { return e.bury(e.mortal(r, &e.vigil)) }

// mortal names the words that tell of the other end, for one who keeps that vigil. It gives
// its role, and whether the kernel is to be asked whether it died.
func (e *end) mortal(r *park.Round, v *vigil) (w uint32, ask bool) {
	w = atomic.LoadUint32(e.peer.word)
	r.OnDeath(e.peer.word, w)
	owner := w & layout.OwnerMask
	if owner == 0 || owner == e.obj.Self() || w&layout.RoleDied != 0 {
		return w, false
	}
	// Before the question who lives: a death after the answer changes the word.
	if death, living, ok := e.obj.DeathWord(owner); ok {
		v.on(r, owner, death, living)
	} else {
		r.Within(time.Millisecond) // it is dying, or somebody cleans up after it
	}
	return w, r.Recheck
}

// lone is what an operation answers that cannot go on now: again, or that it never will
// because the other end died.
func (e *end) lone() error { return e.bury(atomic.LoadUint32(e.peer.word), false) }

// bury looks whether the process that the other end's role w names is dead. If it is and
// there still is nothing to do, it gives ErrPeerDied.
func (e *end) bury(w uint32, ask bool) error {
	if !e.buried(w, ask) {
		return e.again
	}
	// What it did last may have come after we looked.
	if err := e.ready(); err != e.again {
		return err
	}
	return ErrPeerDied
}

// buried tells whether the process that the other end's role w names is dead, and then has
// been cleaned up after.
func (e *end) buried(w uint32, ask bool) bool {
	owner := w & layout.OwnerMask
	if owner == 0 || w&layout.RoleDied != 0 {
		return owner != 0
	}
	switch e.obj.Liveness(owner, ask) {
	case shm.Alive:
		return false
	case shm.Dying:
		e.obj.WakeMourners(owner) // the kernel wakes one
		return false
	}
	e.peer.orphan(owner)
	e.obj.WakeMourners(owner)
	e.obj.SweepOwner(owner)
	return true
}

// Abandoned tells whether the process that had the other end died with it, and nobody has
// taken it since. It makes no system call while that process lives.
func (e *end) Abandoned() bool {
	w := atomic.LoadUint32(e.peer.word)
	owner := w & layout.OwnerMask
	if owner == 0 || e.detached {
		return false
	}
	return w&layout.RoleDied != 0 || e.obj.Liveness(owner, false) == shm.Dead
}

// publish stores the index of this end, and wakes the other end if it sleeps. What was
// written, or read, before belongs to the other end from then on.
func (e *end) publish(at *uint64, index uint64) {
	if race.Enabled {
		e.released()
	}
	if e.plain {
		release(at, index) // sync: stream index
	} else {
		atomic.StoreUint64(at, index)
	}
	// sync: stream sleepers
	if w := atomic.LoadUint32(e.theirs); w&(layout.StreamWaiters|layout.StreamOften) != 0 {
		e.attend(w)
	}
}
