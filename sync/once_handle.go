package sync

import (
	"fmt"

	"shmkit/shm"
)

// Info tells which process runs the function now, as the holder of the lock. The result
// is a snapshot. It is nil after Close.
func (o *Once) Info() *shm.LockInfo { return o.mutex.Info() }

// String tells the state and who runs the function, for people.
func (o *Once) String() string {
	if _, err := o.mutex.enter(); err != nil {
		return "Once(closed)"
	}
	defer o.mutex.leave()
	return fmt.Sprintf("Once(%s)", o.mutex.obj.(*shm.Object).Describe())
}

// Handle names the Once for other processes; see [shm.Handle].
func (o *Once) Handle() (shm.Handle, error) { return o.mutex.Handle() }

// MarshalBinary implements encoding.BinaryMarshaler with [Once.Handle].
func (o *Once) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(o) }

// MarshalText implements encoding.TextMarshaler with [Once.Handle].
func (o *Once) MarshalText() ([]byte, error) { return shm.EncodeText(o) }

// UnmarshalBinary opens, in whatever process, the Once whose bytes these are. o must be
// new. Errors: shm.ErrHandle, shm.ErrGone, shm.ErrType.
func (o *Once) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, o.open) }

// UnmarshalText opens the Once whose text this is, as UnmarshalBinary.
func (o *Once) UnmarshalText(text []byte) error { return shm.DecodeText(text, o.open) }

func (o *Once) open(h shm.Handle) error {
	obj, err := shm.OpenHandle(h, onceSpec)
	if err == nil {
		o.init(obj)
	}
	return err
}
