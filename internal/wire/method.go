package wire

import "fmt"

// A Type is that of an object.
type Type uint8

// Types of objects.
const (
	TypeServer           Type = 0 // the server itself, which is object 0
	TypeValue            Type = 1
	TypeArray            Type = 2
	TypeList             Type = 3
	TypeDict             Type = 4
	TypeSet              Type = 5
	TypeNamespace        Type = 6
	TypeQueue            Type = 7
	TypeJoinable         Type = 8
	TypeMutex            Type = 9
	TypeRecursiveMutex   Type = 10
	TypeSemaphore        Type = 11
	TypeBoundedSemaphore Type = 12
	TypeCond             Type = 13
	TypeEvent            Type = 14
	TypeBarrier          Type = 15
	TypePool             Type = 16
	TypeUser             Type = 17 // a type that a program registered
	TypeIterator         Type = 18 // a snapshot that is read piece by piece

	Types = 19
)

var typeNames = [Types]string{"Server", "Value", "Array", "List", "Dict", "Set", "Namespace", "Queue", "JoinableQueue", "Mutex",
	"RecursiveMutex", "Semaphore", "BoundedSemaphore", "Cond", "Event", "Barrier", "Pool", "User", "Iterator"}

func (t Type) String() string {
	if t < Types {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// A Method is a type and a number below Methods.
type Method uint16

// Methods is how many methods a type may have.
const Methods = 64

// Type is whose method it is.
func (m Method) Type() Type { return Type(m >> 8) }

// Of is the method of that number of another type, which has the same methods.
func (m Method) Of(t Type) Method { return Method(t)<<8 | m&0xff }

func (m Method) String() string { return fmt.Sprintf("%v.%d", m.Type(), uint8(m)) }

// Nothing is no method. A client that has not kept a request asks with it, under the number of
// that, what it gave; if it has not come, it does nothing when it does.
const Nothing Method = 0xFFFF

// Methods of the server. Each comment tells what the body holds → what that of the reply
// does, in the terms of AppendX; "item" is a length and an Item, "key" a length and a Key.
const (
	Create  Method = 0x0000 + iota // byte type, text name ("" for none), arguments of the type → uint object
	Lookup                         // text name → uint object, byte type
	Attach                         // uint object: the session refers to it → byte type
	Release                        // uint objects…: the session refers to them no more; call 0
	Hand                           // uint object: it stays for a while, for who is told of it →
	Objects                        // → uint n, n × (uint object, byte type, text name, uint references, text state)
	Remove                         // text name: the object has no name any more →
	Path                           // on an object: uint n, n × key, uint method, body: the method of what is there → as the method
	Stop                           // the server shuts down →
	Part                           // uint object: Release, and if it was the last reference the session holds and waits for nothing there; call 0
)
