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
// shm.ErrType, shm.ErrCorrupt; *EncodeError if CBOR has no form for a T and no registered codec
// is that of the queue.
func (q *Queue[T]) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, q.open) }

// UnmarshalText opens the queue whose text this is, as UnmarshalBinary.
func (q *Queue[T]) UnmarshalText(text []byte) error { return shm.DecodeText(text, q.open) }

func (q *Queue[T]) open(h shm.Handle) error { return q.openHandle(shm.KindQueue, h) }

func (q *Queue[T]) openHandle(kind uint16, h shm.Handle) error {
	lossy := func(o *options) { o.lossy = true } // if it were not meant there would be no queue
	o, how, err := openAs[T](kind, h, lossy)
	for _, c := range knownCodecs() {
		// A codec of one's own may know what CBOR does not.
		if !errors.Is(err, shm.ErrType) && !errors.As(err, new(*EncodeError)) {
			break
		}
		var other error
		if o, how, other = openAs[T](kind, h, WithCodec(c)); other == nil {
			err = nil
		}
	}
	if err == nil {
		_, err = q.init(o, how)
	}
	return err
}

// openAs opens h as a queue of T that was made with option.
func openAs[T any](kind uint16, h shm.Handle, option Option) (*shm.Object, *coding, error) {
	want, how, err := specOf[T](kind, 0, []Option{option})
	if err != nil {
		return nil, nil, err
	}
	o, err := shm.OpenHandle(h, want)
	return o, how, err
}
