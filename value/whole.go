package value

import (
	"errors"
	"sync/atomic"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// whole runs f under the lock, for a T that is not atomic. If f answers true, what
// it left in shadow becomes the value. At every instant either item or shadow is
// whole, and redo.State tells which, so whoever is killed where, the next one goes
// on from there; see shm.Redo.
func (v *Value[T]) whole(f func(item, shadow *T) (store bool)) error {
	item, r := v.item.Load(), v.redo
	if item == nil {
		return ErrClosed
	}
	err := v.hold.With(func(died bool) error {
		was := v.found.Load()
		held := shm.RedoHeld
		if died && (was&shm.RedoHeld == 0 || was&shm.RedoOwed != 0) {
			held |= shm.RedoOwed
		}
		atomic.StoreUint64(&r.State, held)
		defer atomic.StoreUint64(&r.State, 0)
		if f(item, &r.Shadow) {
			// From here on the shadow is the value.
			atomic.StoreUint64(&r.State, held|shm.RedoCopy)
			*item = r.Shadow
		}
		if held&shm.RedoOwed != 0 {
			return errOwed
		}
		return nil
	})
	if err == errOwed {
		return nil
	}
	return err
}

// settle finishes the copy of somebody who died over it, and takes the notes of the
// dead away: who dies next with the lock held must not be taken for them. It runs
// whenever the lock is taken over from the dead, by whatever method; the caller has
// the lock.
func (v *Value[T]) settle(item *T) {
	r := v.redo
	was := atomic.LoadUint64(&r.State)
	v.found.Store(was)
	if was&shm.RedoCopy != 0 {
		*item = r.Shadow
	}
	atomic.StoreUint64(&r.State, 0)
}

func (v *Value[T]) loadLarge() (x T) {
	err := v.whole(func(item, _ *T) bool { x = *item; return false })
	if errors.Is(err, shsync.ErrNotRecoverable) {
		// Nobody will ever hold the lock again, so nobody writes any more.
		if atomic.LoadUint64(&v.redo.State)&shm.RedoCopy != 0 {
			return v.redo.Shadow
		}
		return *v.opened()
	}
	v.must("Load", err)
	return x
}
