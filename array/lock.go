package array

import shsync "shmkit/sync"

// Mutex is the lock of the array, what get_lock is in Python: one for all items,
// shared by its views and by every process. It ends with the Array: do not close
// it. No other method but With takes it.
func (a *Array[T]) Mutex() *shsync.Mutex { return a.hold.Mutex }

// Lock takes the lock of the array; see Mutex.Lock. Errors: sync.ErrOwnerDied, and
// then the lock IS held: the process that held it died inside, so items may be
// half-changed; repair them, call Mutex().MarkConsistent and go on. Without the
// lock: sync.ErrNotRecoverable, [ErrClosed].
//
// In the terminology of the Go memory model, an Unlock in any process
// synchronizes before the Lock that follows it returns.
func (a *Array[T]) Lock() error {
	if a.base.Load() == nil {
		return ErrClosed
	}
	return a.hold.Mutex.Lock()
}

// Unlock gives the lock back; see Mutex.Unlock. Errors: sync.ErrNotHeld, [ErrClosed].
func (a *Array[T]) Unlock() error { return a.hold.Mutex.Unlock() }

// With runs f on the items in place, with the lock held, and unlocks when f returns
// or panics. f must not keep the slice, nor use the lock or Close. died tells that
// the process that held the lock before died inside: f repairs the items; if it
// then returns nil the lock is consistent again, else the next holder is told the
// same. Errors: that of f; if f did not run [ErrClosed], sync.ErrNotRecoverable.
func (a *Array[T]) With(f func(items []T, died bool) error) error {
	if a.base.Load() == nil {
		return ErrClosed
	}
	return a.hold.With(func(died bool) error { return f(a.items(), died) })
}
