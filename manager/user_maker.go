package manager

import (
	"context"

	"shmkit/internal/host"
	"shmkit/internal/wire"
)

// A Maker is a method whose result is an object of a registered type, which stays at the
// server: the caller gets a handle.
type Maker[S, A, M any] struct {
	of   *exposed[S]
	name string
	made *exposed[M]
}

// RegisterMaker exposes a method of a registered type whose result is an object of another one,
// or of the same; see RegisterType.
func RegisterMaker[S, A, M, C, D any](t Type[S, C], name string, of Type[M, D], f func(S, A) (M, error)) Maker[S, A, M] {
	mustTravel[A](name)
	t.expose(name, nil, func(s S, arg []byte) ([]byte, host.Instance, error) {
		a, err := decode[A](arg)
		if err != nil {
			return nil, nil, err
		}
		m, err := f(s, a)
		return nil, &instance[M]{of.exposed, m}, err
	})
	return Maker[S, A, M]{t.exposed, name, of.exposed}
}

// Call calls the method, of an object, with arg, and gives the object that it makes.
// Errors: as Method.Call; ErrLimit.
func (m Maker[S, A, M]) Call(o *Object[S], arg A) (*Object[M], error) {
	return m.CallContext(inherit, o, arg)
}

// CallContext is Call that gives up when ctx ends.
func (m Maker[S, A, M]) CallContext(ctx context.Context, o *Object[S], arg A) (*Object[M], error) {
	b, err := encodeCall(m.name, &arg)
	if err != nil {
		return nil, err
	}
	k, answer, err := o.callUndo(ctx, wire.UserMake, b, 0, releases)
	if err != nil {
		return nil, err
	}
	defer k.free()
	id := answer.Uint()
	if err := answer.Err(); err != nil {
		return nil, err
	}
	return &Object[M]{proxy{ref: refer(o.ref.c, id, wire.TypeUser), ctx: o.ctx}}, nil
}
