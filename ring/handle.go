package ring

import (
	"errors"

	"shmkit/shm"
)

// Handle names the queue for other processes; see [shm.Handle].
func (q *Queue[T]) Handle() (shm.Handle, error) {
	c := q.core.Load()
	if c == nil {
		return shm.Handle{}, ErrDetached
	}
	return c.obj.Handle()
}

// MarshalBinary implements encoding.BinaryMarshaler with [Queue.Handle].
func (q *Queue[T]) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(q) }

// MarshalText implements encoding.TextMarshaler with [Queue.Handle].
func (q *Queue[T]) MarshalText() ([]byte, error) { return shm.EncodeText(q) }

// UnmarshalBinary opens, in whatever process, the queue whose bytes these are. q must be
// new. Its codec must be CBOR, or registered. Errors: shm.ErrHandle, shm.ErrGone,
// shm.ErrType, shm.ErrCorrupt.
func (q *Queue[T]) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, q.open) }

// UnmarshalText opens the queue whose text this is, as UnmarshalBinary.
func (q *Queue[T]) UnmarshalText(text []byte) error { return shm.DecodeText(text, q.open) }

func (q *Queue[T]) open(h shm.Handle) error { return q.openHandle(shm.KindQueue, h) }

func (q *Queue[T]) openHandle(kind uint16, h shm.Handle) error {
	lossy := func(o *options) { o.lossy = true } // if it were not meant there would be no queue
	want, how, err := specOf[T](kind, 0, []Option{lossy})
	if err != nil {
		return err
	}
	o, err := shm.OpenHandle(h, want)
	for _, c := range knownCodecs() {
		if !errors.Is(err, shm.ErrType) {
			break
		}
		var other error
		if want, how, other = specOf[T](kind, 0, []Option{WithCodec(c)}); other == nil {
			if o, other = shm.OpenHandle(h, want); other == nil {
				err = nil
			}
		}
	}
	if err == nil {
		_, err = q.init(o, how)
	}
	return err
}
