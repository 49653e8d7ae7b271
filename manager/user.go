package manager

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"shmkit/internal/codec"
	"shmkit/internal/host"
	"shmkit/internal/wire"
	"shmkit/process"
)

// A Type is a type of objects that a program has registered: how one is made, of an A, and
// which methods it exposes. S is the state, which never leaves the server.
type Type[S, A any] struct {
	*exposed[S]
}

// exposed is what is known of a registered type.
type exposed[S any] struct {
	name    string
	methods map[string]exposure[S]
}

type exposure[S any] struct {
	reads bool
	call  func(s S, arg []byte) ([]byte, host.Instance, error)
}

// instance is an object at the server. It implements host.Instance.
type instance[S any] struct {
	of    *exposed[S]
	state S
}

// RegisterType makes objects of a type known by a name, in the program that serves and in its
// clients, of which only the server calls construct. S is usually a pointer. Call it, and
// RegisterMethod, from the declarations of variables, so that all know them.
//
// The server calls one method at a time, of whatever object, and all wait for it: a method is
// short, waits for nothing, and what it does depends on nothing but the object and the argument,
// if the server has a log: that is replayed when the server begins again. A panic is an error
// of the caller, as [ErrPanic], and the object stays as the method left it.
//
// A log is made short if all objects can be saved: S implements encoding.BinaryMarshaler and
// encoding.BinaryUnmarshaler, or points to a struct all of whose fields are exported.
//
// Preconditions:
//   - no type has that name
//   - arguments and results can be encoded; see pipe.Conn.Send
func RegisterType[S, A any](name string, construct func(A) (S, error)) Type[S, A] {
	t := &exposed[S]{name: name, methods: map[string]exposure[S]{}}
	mustTravel[A](name)
	k := host.Kind{New: func(arg []byte) (it host.Instance, fault *wire.Fault) {
		defer catch(name, &fault)
		a, err := decode[A](arg)
		if err != nil {
			return nil, faultOf(err)
		}
		s, err := construct(a)
		if err != nil {
			return nil, faultOf(err)
		}
		return &instance[S]{t, s}, nil
	}, Restore: t.restore}
	if name == "" || !host.RegisterKind(name, k) {
		panic(fmt.Sprintf("manager: type name %q is taken, or empty", name))
	}
	return Type[S, A]{t}
}

// A Method is one that a registered type exposes. It takes an A and gives an R.
type Method[S, A, R any] struct {
	of    *exposed[S]
	name  string
	reads bool
}

// A MethodOption tells something of a method.
type MethodOption func(*methodSettings)

type methodSettings struct{ reads bool }

// ReadOnly tells that a method changes nothing: no log has it.
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
		buf := codec.NewBuffer()
		defer buf.Free()
		if err := codec.EncodeFrom(buf, &r); err != nil {
			return nil, nil, err
		}
		return append([]byte(nil), buf.Bytes()...), nil, nil
	})
	return Method[S, A, R]{t.exposed, name, reads}
}

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

func (t *exposed[S]) expose(name string, options []MethodOption, call func(S, []byte) ([]byte, host.Instance, error)) (reads bool) {
	var s methodSettings
	for _, o := range options {
		o(&s)
	}
	if _, ok := t.methods[name]; ok || name == "" {
		panic(fmt.Sprintf("manager: method name %q of type %s is taken, or empty", name, t.name))
	}
	t.methods[name] = exposure[S]{s.reads, call}
	return s.reads
}

// mustTravel panics if values of a type cannot be encoded: it is called when a program begins.
func mustTravel[T any](name string) {
	if err := codec.Check(reflect.TypeFor[T](), true); err != nil {
		panic(fmt.Sprintf("manager: %s: %v", name, err))
	}
}

func decode[T any](b []byte) (v T, err error) {
	err = codec.DecodeTo(b, &v)
	return v, err
}

// faultOf is an error of the program as it travels.
func faultOf(err error) *wire.Fault {
	return &wire.Fault{Code: wire.CodeUser, Text: err.Error(), Data: process.EncodeError(err)}
}

// catch makes a fault of a panic.
func catch(name string, fault **wire.Fault) {
	if r := recover(); r != nil {
		*fault = wire.NewFault(wire.CodePanic, "manager: %s panicked: %v", name, r)
		(*fault).Stack = string(debug.Stack())
	}
}

func (i *instance[S]) Type() string { return i.of.name }

func (i *instance[S]) Exposes(method string) (yes, reads bool) {
	e, ok := i.of.methods[method]
	return ok, e.reads
}

func (i *instance[S]) Call(method string, arg []byte) (result []byte, made host.Instance, fault *wire.Fault) {
	defer catch(i.of.name+"."+method, &fault)
	result, made, err := i.of.methods[method].call(i.state, arg)
	if err != nil {
		return nil, nil, faultOf(err)
	}
	return result, made, nil
}

// errUnsaved: a type cannot be saved.
var errUnsaved = errors.New("manager: it is no encoding.BinaryMarshaler and has fields that are not exported")

func (i *instance[S]) Save() ([]byte, error) {
	if m, ok := any(i.state).(encoding.BinaryMarshaler); ok {
		return m.MarshalBinary()
	}
	if err := codec.Check(reflect.TypeFor[S](), true); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsaved, err)
	}
	buf := codec.NewBuffer()
	defer buf.Free()
	err := codec.EncodeFrom(buf, &i.state)
	return append([]byte(nil), buf.Bytes()...), err
}

func (t *exposed[S]) restore(state []byte) (host.Instance, error) {
	i := &instance[S]{of: t}
	if reflect.TypeFor[S]().Kind() == reflect.Pointer {
		i.state = reflect.New(reflect.TypeFor[S]().Elem()).Interface().(S)
		if u, ok := any(i.state).(encoding.BinaryUnmarshaler); ok {
			return i, u.UnmarshalBinary(state)
		}
	} else if u, ok := any(&i.state).(encoding.BinaryUnmarshaler); ok {
		return i, u.UnmarshalBinary(state)
	}
	return i, codec.DecodeTo(state, &i.state)
}

// An Object is a handle of an object of a registered type, whose state is an S at the server.
//
// Use the New or Open of its Type, or unmarshal one that another process sent. It must not be
// copied. All methods may be called concurrently; the server calls one at a time. If a client
// dies inside a call that was done or not, and never half.
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
	k, r, err := p.call(inherit, wire.UserInfo, nil, 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	if got := r.Text(); got != t.name {
		p.Close()
		return nil, &TypeError{Name: name, Got: got, Want: t.name}
	}
	return &Object[S]{p}, r.Err()
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

// Call calls the method, of an object, with arg, and gives the object that it makes.
// Errors: as Method.Call.
func (m Maker[S, A, M]) Call(o *Object[S], arg A) (*Object[M], error) {
	b, err := encodeCall(m.name, &arg)
	if err != nil {
		return nil, err
	}
	k, answer, err := o.call(inherit, wire.UserMake, b, 0)
	if err != nil {
		return nil, err
	}
	defer k.free()
	return &Object[M]{proxy{ref: refer(o.ref.c, answer.Uint(), wire.TypeUser)}}, answer.Err()
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

// Ctx is the same object, whose calls end with ctx.
func (o *Object[S]) Ctx(ctx context.Context) *Object[S] {
	p := o.proxy
	p.ctx = ctx
	return &Object[S]{p}
}

func (*Object[S]) want() wire.Type { return wire.TypeUser }

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it makes o, which is new, a handle of
// the object whose bytes these are, and dials its server if this process has no Client of that.
// Errors: ErrHandle; ErrType; ErrNoObject; ErrOpen; as Dial.
func (o *Object[S]) UnmarshalBinary(b []byte) error { return o.decode(o.want(), b) }

// UnmarshalText implements encoding.TextUnmarshaler like UnmarshalBinary.
func (o *Object[S]) UnmarshalText(text []byte) error { return o.decodeText(o.want(), text) }
