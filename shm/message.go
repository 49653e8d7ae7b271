package shm

import (
	"encoding"
	"hash/fnv"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"shmkit/internal/layout"
)

// MessageType describes messages that are not plain memory: what travels is bytes, in
// blocks of so many. Code is 'M'; Signature tells how they came about, "bytes" if they are
// the value itself, else the name of the codec and the shape of the value, for example
// "cbor {A:int64,B:string}". Hash is over the signature. A Spec with a block of 0 bytes
// matches any.
//
// Names of types do not count, except of those that encode themselves, and names of fields
// do.
func MessageType(codec string, t reflect.Type, block uint32) Type {
	text := codec
	if t != nil {
		var b strings.Builder
		shape(&b, t, nil)
		text += " " + b.String()
	}
	h := fnv.New64a()
	io.WriteString(h, text)
	return Type{Code: layout.TypeMessage, Size: block, Align: 1, Signature: text, Hash: h.Sum64()}
}

// shape writes what a value of type t looks like when it is encoded. above are the types
// that t is part of, from the outside: one of them is told by how far away it is. A pointer
// that refers to itself would have no end; no codec has one either.
func shape(b *strings.Builder, t reflect.Type, above []reflect.Type) {
	if t.Kind() == reflect.Pointer {
		shape(b, t.Elem(), above)
		return
	}
	if i := slices.Index(above, t); i >= 0 {
		b.WriteString("^" + strconv.Itoa(len(above)-i))
		return
	}
	above = append(above, t)
	if encodesItself(t) {
		b.WriteString(t.String())
		return
	}
	switch k := t.Kind(); k {
	case reflect.Int:
		b.WriteString("int64")
	case reflect.Uint:
		b.WriteString("uint64")
	case reflect.Interface:
		b.WriteString("any")
	case reflect.Array:
		b.WriteString("[" + strconv.Itoa(t.Len()) + "]")
		shape(b, t.Elem(), above)
	case reflect.Slice:
		b.WriteString("[]")
		shape(b, t.Elem(), above)
	case reflect.Map:
		b.WriteString("map[")
		shape(b, t.Key(), above)
		b.WriteString("]")
		shape(b, t.Elem(), above)
	case reflect.Struct:
		shapeOfFields(b, t, above)
	default:
		b.WriteString(k.String())
	}
}

func shapeOfFields(b *strings.Builder, t reflect.Type, above []reflect.Type) {
	b.WriteByte('{')
	first := true
	for f := range t.Fields() {
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteString(fieldName(f) + ":")
		shape(b, f.Type, above)
	}
	b.WriteByte('}')
}

// fieldName is what a field is called when it is encoded.
func fieldName(f reflect.StructField) string {
	tag, ok := f.Tag.Lookup("cbor")
	if !ok {
		tag = f.Tag.Get("json")
	}
	if name, _, _ := strings.Cut(tag, ","); name != "" {
		return name
	}
	return f.Name
}

// encoders are the interfaces of types that encode themselves, for one codec or another.
var encoders = []reflect.Type{
	reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[interface{ MarshalCBOR() ([]byte, error) }](), reflect.TypeFor[interface{ MarshalJSON() ([]byte, error) }](),
}

// encodesItself tells whether t, or a pointer to it, has a method that encodes it.
func encodesItself(t reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false
	}
	return slices.ContainsFunc(encoders, reflect.PointerTo(t).Implements)
}
