package ring

import (
	"bytes"
	"reflect"

	"shmkit/internal/codec"
	"shmkit/shm"
)

// coding is how the messages of a queue travel that are not plain memory.
type coding struct {
	form  form
	codec Codec        // nil: CBOR, or none
	shape reflect.Type // nil: bytes
	mixed bool         // of CBOR: what is to be encoded lies behind an interface
	lossy bool         // fields that are not exported may be lost
}

type form uint8

const (
	encoded form = iota // by the codec
	asBytes             // T is a slice of bytes, which are the message
	asText              // T is a string, whose bytes are the message
)

// codingOf is nil if a T travels as it lies in memory. Errors: *EncodeError, if no T can be
// encoded, or if not lossy, not all of it.
func codingOf[T any](c Codec, lossy bool) (*coding, error) {
	t := reflect.TypeFor[T]()
	if c == nil {
		if _, err := shm.TypeOf[T](); err == nil {
			return nil, nil
		}
		switch {
		case t.Kind() == reflect.String:
			return &coding{form: asText}, nil
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
			return &coding{form: asBytes}, nil
		}
	} else if c == CBOR {
		c, lossy = nil, true
	}
	how := &coding{codec: c, shape: t, lossy: lossy}
	if c == nil {
		how.mixed = t.Kind() == reflect.Interface
		if err := codec.Check(t, lossy); err != nil {
			return nil, &EncodeError{err}
		}
	}
	return how, nil
}

// typeOf is the type of messages in blocks of that size.
func (how *coding) typeOf(block uint32) shm.Type {
	switch {
	case how.form != encoded:
		return shm.MessageType("bytes", nil, block)
	case how.codec != nil:
		return shm.MessageType(how.codec.Name(), how.shape, block)
	}
	return shm.MessageType(codec.Name, how.shape, block)
}

// encode makes bytes of what v points to, in buf. Errors: *EncodeError.
func (how *coding) encode(buf *codec.Buffer, v any) (err error) {
	if how.codec == nil {
		if how.mixed {
			err = how.checkBehind(v)
		}
		if err == nil {
			err = codec.Encode(buf, v)
		}
	} else {
		var b []byte
		if b, err = how.codec.Append(buf.AvailableBuffer(), v); err == nil {
			buf.Write(b)
		}
	}
	if err != nil {
		return &EncodeError{err}
	}
	return nil
}

// checkBehind is the check of the type that lies behind the interface that v points to.
func (how *coding) checkBehind(v any) error {
	if behind := reflect.ValueOf(v).Elem().Elem(); behind.IsValid() {
		return codec.Check(behind.Type(), how.lossy)
	}
	return nil
}

// decode is the inverse of encode. Errors: *DecodeError, with a copy of b.
func (how *coding) decode(b []byte, v any) (err error) {
	if how.codec == nil {
		err = codec.Decode(b, v)
	} else {
		err = how.codec.Decode(b, v)
	}
	if err != nil {
		return &DecodeError{bytes.Clone(b), err}
	}
	return nil
}

// outgoing is a message that is to be put.
type outgoing struct {
	bytes []byte
	buf   *codec.Buffer // memory of bytes, or nil
}

// outgoingOf makes bytes of *v, without a copy if it is bytes. Errors: *EncodeError.
func outgoingOf[T any](how *coding, v *T) (m outgoing, err error) {
	switch how.form {
	case asBytes:
		m.bytes = *asByteSlice(v)
	case asText:
		m.bytes = bytesOfString(v)
	default:
		m.buf = codec.NewBuffer()
		err = how.encode(m.buf, v)
		m.bytes = m.buf.Bytes()
	}
	return m, err
}

func (m *outgoing) free() {
	if m.buf != nil {
		m.buf.Free()
	}
}

// incoming is memory of this process for a message of n bytes, and where that comes from:
// nil if the message keeps it.
func (how *coding) incoming(n int) ([]byte, *codec.Buffer) {
	if how.form != encoded {
		return make([]byte, n), nil
	}
	buf := codec.NewBuffer()
	return buf.Room(n), buf
}

// retained makes *v the caller's for good, if it is bytes that lie in a block.
func retained[T any](how *coding, v *T) {
	if how.form == asBytes {
		b := asByteSlice(v)
		*b = append([]byte{}, *b...)
	}
}

// arrive makes *v of the bytes of a message, which it keeps if v is bytes. Errors:
// *DecodeError.
func arrive[T any](how *coding, b []byte, v *T) error {
	switch how.form {
	case asBytes:
		*asByteSlice(v) = b
	case asText:
		*asByteString(v) = stringOf(b)
	default:
		return how.decode(b, v)
	}
	return nil
}
