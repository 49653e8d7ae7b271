package layout

import (
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
)

// Struct is one shared struct, for the generator of the C header and the tables
// of docs/format.md.
type Struct struct {
	Type reflect.Type
	Doc  string // one line
}

// Structs lists every shared struct, in the order in which they are documented.
func Structs() []Struct {
	return []Struct{
		{reflect.TypeFor[Header](), "the first bytes of a segment"},
		{reflect.TypeFor[Participant](), "one slot: a process that is attached"},
		{reflect.TypeFor[Object](), "one record of the object table"},
		{reflect.TypeFor[Arena](), "head of a run of blocks"},
		{reflect.TypeFor[Block](), "head of one block"},
		{reflect.TypeFor[Mutex](), "robust mutex"},
		{reflect.TypeFor[Cond](), "head of a condition"},
		{reflect.TypeFor[Event](), "event"},
		{reflect.TypeFor[Barrier](), "head of a barrier; the items are owner ids by slot"},
		{reflect.TypeFor[Bell](), "follows the Mutex of an RWMutex"},
		{reflect.TypeFor[Reader](), "one slot's readers of an RWMutex"},
		{reflect.TypeFor[RecursiveMutex](), "who of a process holds a recursive mutex, and how often"},
		{reflect.TypeFor[Once](), "whether something has been done"},
		{reflect.TypeFor[WaitGroup](), "head of a wait group"},
		{reflect.TypeFor[Semaphore](), "counting semaphore"},
		{reflect.TypeFor[Permits](), "head of owned permits"},
		{reflect.TypeFor[QueueHead](), "head of a queue"},
		{reflect.TypeFor[QueueCell](), "head of a cell of a queue: a slot of the ring and a block of payload"},
		{reflect.TypeFor[StreamHead](), "head of an SPSC ring, and of a ring of records"},
		{reflect.TypeFor[BroadcastHead](), "head of a broadcast"},
	}
}

// ComputeFingerprint is the 64-bit FNV-1a hash over the name, offset and width of
// every field of every shared struct, and over Version. Builds that disagree on
// the layout refuse each other's segments by it. The constant [Fingerprint] is
// generated from it.
func ComputeFingerprint() uint64 {
	h := fnv.New64a()
	io.WriteString(h, Describe())
	return h.Sum64()
}

// Describe is the text that ComputeFingerprint hashes: one line a field,
// "Struct.Field offset width".
func Describe() string {
	text := fmt.Sprintf("shmkit %d little-endian line %d slots %d\n", Version, Line, MaxSlots)
	for _, s := range Structs() {
		text += fmt.Sprintf("%s %d\n", s.Type.Name(), s.Type.Size())
		for f := range s.Type.Fields() {
			if f.Type.Size() > 0 {
				text += fmt.Sprintf("%s.%s %d %d\n", s.Type.Name(), f.Name, f.Offset, f.Type.Size())
			}
		}
	}
	return text
}
