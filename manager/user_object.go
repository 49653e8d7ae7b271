package manager

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"shmkit/internal/wire"
)

// An Object is a handle of an object of a registered type, whose state is an S at the server.
//
// Use the New or Open of its Type, or unmarshal one that another process sent, in a program that
// has registered a type of that name with that S. A handle may be copied, and used by several
// goroutines; those of several clients and processes may be of one object. The server calls one method at a
// time. Nobody holds anything of an object: if a client dies inside a call that was done or
// not, and never half.
type Object[S any] struct {
	proxy
}

// New makes an object at the server of c, which calls the constructor with arg.
// Errors: that of the constructor, as process.RemoteError; ErrType if the server's program has no such type;
// ErrPanic; ErrExists.
func (t Type[S, A]) New(c *Client, arg A, options ...Option) (*Object[S], error) {
	b, err := encodeCall(t.name, &arg)
	if err != nil {
		return nil, err
	}
	p, err := create(c, wire.TypeUser, options, b)
	if err != nil {
		return nil, err
	}
	return &Object[S]{p}, nil
}

// Open opens the object of that name.
// Errors: ErrNotFound; ErrType.
func (t Type[S, A]) Open(c *Client, name string) (*Object[S], error) {
	p, err := open(c, wire.TypeUser, name)
	if err != nil {
		return nil, err
	}
	o := &Object[S]{p}
	got, err := o.typeName()
	if err == nil && got != t.name {
		err = &TypeError{Name: name, Got: got, Want: t.name}
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// typeName asks the server for the name of the type.
func (o *Object[S]) typeName() (string, error) {
	k, r, err := o.call(inherit, wire.UserInfo, nil, 0)
	if err != nil {
		return "", err
	}
	defer k.free()
	name := r.Text()
	return name, r.End()
}

// states are the names of the types that are registered, by what their state is.
var states struct {
	sync.RWMutex
	names map[reflect.Type][]string
}

func stateOf(s reflect.Type, name string) {
	states.Lock()
	defer states.Unlock()
	if states.names == nil {
		states.names = map[reflect.Type][]string{}
	}
	states.names[s] = append(states.names[s], name)
}

// adopted completes a handle that was made of an item or of bytes: its type is one that has an
// S.
func (o *Object[S]) adopted() error {
	got, err := o.typeName()
	states.RLock()
	names := states.names[reflect.TypeFor[S]()]
	states.RUnlock()
	if err == nil && !slices.Contains(names, got) {
		err = &TypeError{Name: "handle", Got: got, Want: "of a registered type that has a " + reflect.TypeFor[S]().String()}
	}
	if err != nil {
		o.Close()
		o.proxy = proxy{}
	}
	return err
}

// Ctx is the same object, whose calls end with ctx.
func (o *Object[S]) Ctx(ctx context.Context) *Object[S] {
	p := o.proxy
	p.ctx = ctx
	return &Object[S]{p}
}

func (*Object[S]) want() wire.Type { return wire.TypeUser }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes o, which is new, a handle of
// the object whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType, if its type has no S too; ErrNoObject; ErrOpen; as Dial.
func (o *Object[S]) UnmarshalBinary(b []byte) error {
	if err := o.decode(o.want(), b); err != nil {
		return err
	}
	return o.adopted()
}

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (o *Object[S]) UnmarshalText(text []byte) error {
	if err := o.decodeText(o.want(), text); err != nil {
		return err
	}
	return o.adopted()
}
