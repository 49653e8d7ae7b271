package ring

import "shmkit/internal/codec"

// FieldError tells why no value of a type can be encoded as CBOR, a channel in it for
// example, or that some of it would be lost, and where in it that is: as Jobs[].done. It comes
// in an [*EncodeError]. It is plain data of one process, which dies with it.
type FieldError = codec.FieldError

// EncodeError tells that a message could not be encoded, and nothing was put; or that none of
// that type could, and the queue was not made or opened. It is plain data of one process, which
// dies with it.
type EncodeError struct{ Err error }

func (e *EncodeError) Error() string { return "ring: encode: " + e.Err.Error() }

// Unwrap gives the reason.
func (e *EncodeError) Unwrap() error { return e.Err }

// DecodeError tells that a message could not be decoded. It has been taken all the same,
// and acknowledged: the queue goes on behind it. It is plain data of one process, which dies
// with it.
type DecodeError struct {
	Raw []byte // all of the message
	Err error
}

func (e *DecodeError) Error() string { return "ring: decode: " + e.Err.Error() }

// Unwrap gives the reason.
func (e *DecodeError) Unwrap() error { return e.Err }
