package value

import (
	"runtime"

	shsync "shmkit/sync"
)

// Mutex is the lock of the value, what get_lock is in Python. It is the same lock
// in every process. It ends with the Value: do not close it.
//
// While this process holds it, methods of a Value whose size is not 1, 2, 4 or 8
// bytes would wait for ever: use [Value.Pointer]. Lock-free methods do not look at
// the lock.
func (v *Value[T]) Mutex() *shsync.Mutex { return v.hold.Mutex }

// Lock takes the lock of the value for changes in several steps; see Mutex.Lock.
// Errors: sync.ErrOwnerDied, and then the lock IS held: a process died between
// Lock and Unlock, or inside a method of the Value. The value itself is whole unless
// it is written through [Value.Pointer]; repair what else the lock protects,
// call Mutex().MarkConsistent and go on. Without the lock: sync.ErrNotRecoverable,
// [ErrClosed].
//
// In the terminology of the Go memory model, an Unlock in any process
// synchronizes before the Lock that follows it returns.
func (v *Value[T]) Lock() error { return v.hold.Mutex.Lock() }

// Unlock gives the lock back; see Mutex.Unlock. Errors: sync.ErrNotHeld, [ErrClosed].
func (v *Value[T]) Unlock() error { return v.hold.Mutex.Unlock() }

// Pointer is the item in shared memory, for use in place. It is valid while the
// Value is open and reachable. A process that dies while it writes through it
// leaves what it has written so far: the next one to call Lock is told, but Load
// is not. It panics if the Value is closed.
//
// Preconditions:
//   - The caller holds the lock, as long as it uses the pointer.
//   - T is not 1, 2, 4 or 8 bytes, or nobody uses the lock-free methods meanwhile.
func (v *Value[T]) Pointer() *T {
	p := v.opened()
	v.hold.Object.Pin()
	runtime.KeepAlive(v)
	return p
}
