package ring

import (
	"sync"

	"shmkit/internal/codec"
)

// Codec makes bytes of the messages of a [Queue] that are not plain memory, and messages of
// bytes. It is plain data of one process, and its methods may be called concurrently.
type Codec interface {
	// Name is written next to the queue: a process that opens it must name the same codec.
	Name() string
	// Append appends what v points to, encoded, to b.
	Append(b []byte, v any) ([]byte, error)
	// Decode decodes all of b into what v points to. b is the caller's.
	Decode(b []byte, v any) error
}

// CBOR is the codec of queues that are given no other: numbers, text, bytes, slices, maps,
// structs, pointers to them, and what implements encoding.BinaryMarshaler or
// encoding.TextMarshaler, handles of shared objects and ends of connections among them. See RFC
// 8949. Of a struct it takes the fields that are exported, where plain memory travels whole; so
// a type with others is refused, unless they have the tag `cbor:"-"`, or CBOR is named by
// [WithCodec]. What lies behind an interface inside of a message is not looked at.
var CBOR Codec = cborCodec{}

type cborCodec struct{}

func (cborCodec) Name() string { return codec.Name }

func (cborCodec) Append(b []byte, v any) ([]byte, error) {
	buf := codec.NewBuffer()
	defer buf.Free()
	err := codec.Encode(buf, v)
	return append(b, buf.Bytes()...), err
}

func (cborCodec) Decode(b []byte, v any) error { return codec.Decode(b, v) }

var registry struct {
	mu     sync.Mutex
	codecs []Codec
}

// RegisterCodec makes c known to this process, so that it can unmarshal the handles of
// queues of that codec; New and Open are told by [WithCodec].
func RegisterCodec(c Codec) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	registry.codecs = append(registry.codecs[:len(registry.codecs):len(registry.codecs)], c)
}

func knownCodecs() []Codec {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	return registry.codecs
}
