package sync

import (
	"runtime"
	"sync/atomic"

	"shmkit/internal/park"
	"shmkit/shm"
)

// use is a handle's use of an object: of the handle itself, and of the calls through
// it that are in flight. The last of them ends it, so that no call finds the memory
// of another object under it. It is part of a handle and must not be copied.
type use struct {
	obj     *shm.Object
	closed  atomic.Bool
	users   atomic.Int64    // 0: ended; it never rises from there
	cleanup runtime.Cleanup // ends the use if nobody calls Close
}

// begin makes u, which is part of handle, the owner of one use of o.
func begin[H any](u *use, handle *H, o *shm.Object) {
	u.obj = o
	u.users.Store(1)
	u.cleanup = shm.AutoClose(handle, o)
}

// enter keeps the object for one operation, which ends with leave.
func (u *use) enter() error {
	for n := u.users.Load(); n > 0 && !u.closed.Load(); n = u.users.Load() {
		if u.users.CompareAndSwap(n, n+1) {
			return nil
		}
	}
	return ErrClosed
}

func (u *use) leave() error {
	if u.users.Add(-1) > 0 {
		return nil
	}
	return u.obj.Close()
}

// end ends the handle. Those who sleep on word look at u.closed again.
func (u *use) end(word *uint32) error {
	if u.obj == nil || u.closed.Swap(true) {
		return ErrClosed
	}
	u.cleanup.Stop()
	park.Rouse(word)
	return u.leave()
}

// wake wakes n sleepers on word, and counts.
func (u *use) wake(word *uint32, n int) {
	if n > 0 {
		atomic.AddUint64(&u.obj.Stats().Wakes, 1)
		park.Wake(word, n)
	}
}

// Handle names the object for other processes; see [shm.Handle].
func (u *use) Handle() (shm.Handle, error) {
	if err := u.enter(); err != nil {
		return shm.Handle{}, err
	}
	defer u.leave()
	return u.obj.Handle()
}

// MarshalBinary implements encoding.BinaryMarshaler with Handle.
func (u *use) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(u) }

// MarshalText implements encoding.TextMarshaler with Handle.
func (u *use) MarshalText() ([]byte, error) { return shm.EncodeText(u) }
