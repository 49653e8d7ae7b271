package host

import (
	"sync"

	"shmkit/internal/wire"
)

// An Instance is an object of a registered type. The host calls one method at a time, of all
// objects: what a method gives, and makes of the object, depends on nothing else but what
// was done before, or a log could not be replayed.
type Instance interface {
	// Call calls a method that is exposed, which gives bytes, or another object.
	Call(method string, arg []byte) (result []byte, made Instance, fault *wire.Fault)
	// Exposes tells whether there is such a method, and whether it changes nothing.
	Exposes(method string) (yes, reads bool)
	// Type is the name of its type.
	Type() string
	// Save is the state, for the Restore of its type.
	Save() ([]byte, error)
}

// A Kind is a registered type.
type Kind struct {
	New     func(arg []byte) (Instance, *wire.Fault)
	Restore func(state []byte) (Instance, error)
}

// registered are the types of the program, by name.
var registered sync.Map

// RegisterKind registers a type, and tells whether the name was free.
func RegisterKind(name string, k Kind) bool {
	_, was := registered.LoadOrStore(name, k)
	return !was
}

func findKind(name string) (Kind, *wire.Fault) {
	k, ok := registered.Load(name)
	if !ok {
		return Kind{}, wire.NewFault(wire.CodeNoType, "manager: the server has no type called %q", name)
	}
	return k.(Kind), nil
}
