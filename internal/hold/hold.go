package hold

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"shmkit/shm"
	shsync "shmkit/sync"
)

// Hold is this process's use of an object that has a lock, through one handle and
// those derived from it. Use New; it must not be copied. All methods may be called
// concurrently; the object is shared with other processes. If this process dies
// the sweep of its slot ends the use, and the lock tells who takes it next.
type Hold struct {
	Object *shm.Object
	Mutex  *shsync.Mutex

	ctx    context.Context // ends with the Hold
	cancel context.CancelCauseFunc
	auto   runtime.Cleanup

	refs atomic.Int64 // handles; never rises from 0

	// mu is read-held while an operation under the lock runs. Whoever holds it in
	// full must not wait for Mutex.
	mu sync.RWMutex
}

// New makes the Hold of o, which the caller just created or opened, for one handle.
// settle is as for sync.MutexOf.
func New(o *shm.Object, settle func()) *Hold {
	h := &Hold{Object: o, Mutex: shsync.MutexOf(o, settle)}
	h.refs.Store(1)
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	// Whoever can reach a handle, or only the lock of one, can reach Mutex.
	h.auto = shm.AutoClose(h.Mutex, o)
	return h
}

// Share counts one more handle. It fails with ErrClosed.
func (h *Hold) Share() error {
	for {
		n := h.refs.Load()
		if n == 0 {
			return shm.ErrClosed
		}
		if h.refs.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

// Close ends the use of one handle. The last one waits for operations under the
// lock, and makes those that wait for it give up. It must be called once per
// handle, and not from within With.
func (h *Hold) Close() error {
	if h.refs.Add(-1) > 0 {
		return nil
	}
	h.cancel(shm.ErrClosed)
	h.mu.Lock() // the last operation has ended
	defer h.mu.Unlock()
	h.auto.Stop()
	h.Mutex.Close() // the user may have done so
	return h.Object.Close()
}

// With runs f with the lock held, as Mutex.With does. Errors: ErrClosed, those of
// Mutex.Lock but ErrOwnerDied, and that of f.
func (h *Hold) With(f func(died bool) error) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.refs.Load() == 0 {
		return shm.ErrClosed
	}
	return h.Mutex.WithContext(h.ctx, f)
}
