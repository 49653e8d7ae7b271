package value

import "shmkit/shm"

// Handle names the value for other processes; see [shm.Handle]. The Value must stay
// open until they have opened it; if this process dies before, they get
// shm.ErrGone. Errors: [ErrClosed], those of creating a file.
func (v *Value[T]) Handle() (shm.Handle, error) {
	if v.item.Load() == nil {
		return shm.Handle{}, ErrClosed
	}
	return v.hold.Object.Handle()
}

// MarshalBinary implements encoding.BinaryMarshaler with [Value.Handle]: it encodes
// which value this is, not what it holds.
func (v *Value[T]) MarshalBinary() ([]byte, error) { return shm.EncodeBinary(v) }

// MarshalText implements encoding.TextMarshaler with [Value.Handle]. The text has no
// spaces and suits a command line.
func (v *Value[T]) MarshalText() ([]byte, error) { return shm.EncodeText(v) }

// UnmarshalBinary opens, in whatever process, the value whose bytes these are. v
// must be new. Errors: shm.ErrHandle; shm.ErrGone; *shm.TypeError if it is not a
// Value of T; [ErrOpen].
func (v *Value[T]) UnmarshalBinary(b []byte) error { return shm.DecodeBinary(b, v.open) }

// UnmarshalText opens the value whose text this is, as UnmarshalBinary.
func (v *Value[T]) UnmarshalText(text []byte) error { return shm.DecodeText(text, v.open) }

func (v *Value[T]) open(h shm.Handle) error {
	if v.hold != nil {
		return ErrOpen
	}
	want, err := specOf[T]()
	if err != nil {
		return err
	}
	o, err := shm.OpenHandle(h, want)
	if err == nil {
		v.init(o)
	}
	return err
}
