package manager

import (
	"context"

	"shmkit/internal/codec"
	"shmkit/internal/host"
	"shmkit/internal/wire"
)

// A Method is one that a registered type exposes. It takes an A and gives an R.
type Method[S, A, R any] struct {
	of    *exposed[S]
	name  string
	reads bool
}

// A MethodOption tells something of a method.
type MethodOption func(*methodSettings)

type methodSettings struct{ reads bool }

// ReadOnly tells that a method changes nothing: no log has it. The server and its clients say it
// alike.
func ReadOnly() MethodOption { return func(s *methodSettings) { s.reads = true } }

// RegisterMethod exposes a method of a registered type; see RegisterType.
//
// Preconditions:
//   - the type has no method of that name
func RegisterMethod[S, A, R, C any](t Type[S, C], name string, f func(S, A) (R, error), options ...MethodOption) Method[S, A, R] {
	mustTravel[A](name)
	mustTravel[R](name)
	reads := t.expose(name, options, func(s S, arg []byte) ([]byte, host.Instance, error) {
		a, err := decode[A](arg)
		if err != nil {
			return nil, nil, err
		}
		r, err := f(s, a)
		if err != nil {
			return nil, nil, err
		}
		b, err := encodeSame(&r)
		return b, nil, err
	})
	return Method[S, A, R]{t.exposed, name, reads}
}

// Call calls the method, of an object, with arg. It may be called concurrently.
// Errors: that of the method, as process.RemoteError; ErrNoMethod if the server's program does not expose it;
// ErrPanic; as of all calls.
func (m Method[S, A, R]) Call(o *Object[S], arg A) (r R, err error) {
	return m.CallContext(inherit, o, arg)
}

// CallContext is Call that gives up when ctx ends.
func (m Method[S, A, R]) CallContext(ctx context.Context, o *Object[S], arg A) (r R, err error) {
	b, err := encodeCall(m.name, &arg)
	if err != nil {
		return r, err
	}
	number := wire.UserCall
	if m.reads {
		number = wire.UserAsk
	}
	k, answer, err := o.call(ctx, number, b, 0)
	if err != nil {
		return r, err
	}
	defer k.free()
	err = codec.DecodeTo(answer.Rest(), &r)
	return r, err
}

// encodeSame is v as CBOR, alike for equal values: results are part of what a server keeps.
func encodeSame[T any](v *T) ([]byte, error) {
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.EncodeSorted(buf, v); err != nil {
		return nil, err
	}
	return append([]byte(nil), buf.Bytes()...), nil
}

// encodeCall is text name, and arg as CBOR.
func encodeCall[A any](name string, arg *A) ([]byte, error) {
	buf := codec.NewBuffer()
	defer buf.Free()
	if err := codec.EncodeFrom(buf, arg); err != nil {
		return nil, err
	}
	return append(wire.AppendText(nil, name), buf.Bytes()...), nil
}
