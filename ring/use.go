package ring

import (
	"runtime"
	"sync/atomic"

	"shmkit/shm"
)

// use is a handle's use of an object. It is part of a handle and must not be copied.
type use struct {
	obj     atomic.Pointer[shm.Object] // nil after Detach
	cleanup runtime.Cleanup
}

// own makes u, which is part of handle, the owner of one use of o.
func own[H any](u *use, handle *H, o *shm.Object) *H {
	u.obj.Store(o)
	u.cleanup = shm.AutoClose(handle, o)
	return handle
}

// Handle names the ring for other processes; see [shm.Handle].
func (u *use) Handle() (shm.Handle, error) {
	o := u.obj.Load()
	if o == nil {
		return shm.Handle{}, ErrDetached
	}
	return o.Handle()
}

// MarshalBinary implements encoding.BinaryMarshaler with Handle.
func (u *use) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(u) }

// MarshalText implements encoding.TextMarshaler with Handle.
func (u *use) MarshalText() ([]byte, error) { return shm.EncodeText(u) }

// Detach ends this handle's use of the ring. It goes on for others, and for ends that
// were taken through the handle. It must not run beside other calls. A second Detach gives
// [ErrDetached].
func (u *use) Detach() error {
	o := u.obj.Swap(nil)
	if o == nil {
		return ErrDetached
	}
	u.cleanup.Stop()
	return o.Close()
}
