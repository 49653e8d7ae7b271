package manager

import (
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
	saving  saving
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
// short, waits for nothing, calls nothing at a manager, and does not end its goroutine. If the server
// has a log, what it does depends on nothing but the object and the argument: the log is
// replayed when the server begins again. A panic is an error of the caller, as [ErrPanic], and
// the object stays as the method left it.
//
// A log is made short if all objects can be saved: S implements encoding.BinaryMarshaler and
// encoding.BinaryUnmarshaler, or all of it is encoded: it is, or points to, a struct all of whose
// fields are exported, for example.
//
// Preconditions:
//   - no type has that name
//   - all of an argument and a result is encoded, as CBOR: fields that are not exported are in
//     none, but in what has a MarshalBinary and an UnmarshalBinary
//   - handles of objects at a manager are in none: a server does not call itself
func RegisterType[S, A any](name string, construct func(A) (S, error)) Type[S, A] {
	t := &exposed[S]{name: name, methods: map[string]exposure[S]{}, saving: savingOf(reflect.TypeFor[S]())}
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
	stateOf(reflect.TypeFor[S](), name)
	return Type[S, A]{t}
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

// mustTravel panics if not all of a T can be encoded, or there are handles in it, which a server
// would have to call itself for: it is called when a program begins.
func mustTravel[T any](name string) {
	t := reflect.TypeFor[T]()
	if err := codec.Check(t, false); err != nil {
		panic(fmt.Sprintf("manager: %s: %v", name, err))
	}
	if carries(t, map[reflect.Type]bool{}) {
		panic(fmt.Sprintf("manager: %s: there are handles in a %v, which a server cannot use", name, t))
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
