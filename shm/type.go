package shm

import (
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
	"strconv"
	"strings"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// Char is one byte of text, type code 'c', as in Array('c', n).
type Char byte

// Type describes plain memory: what one item of an object is. It is written next
// to the object and checked when the object is opened.
type Type struct {
	Code      byte   // 'b' 'B' 'h' 'H' 'i' 'I' 'q' 'Q' 'f' 'd' '?' 'c'; 'T' for other plain memory, 'M' for messages
	Size      uint32 // bytes; of messages: of a block
	Align     uint32 // bytes
	Signature string // buffer-protocol text, for example "T{d:X:i:Y:4x}"
	Hash      uint64 // over the layout; names of fields do not count
}

// String is the signature and the size: "d (8 bytes)".
func (t Type) String() string {
	if t.Code == layout.TypeMessage {
		return fmt.Sprintf("%s (blocks of %d bytes)", t.Signature, t.Size)
	}
	return fmt.Sprintf("%s (%d bytes)", t.Signature, t.Size)
}

var (
	charType = reflect.TypeFor[Char]()
	codes    = map[reflect.Kind]byte{
		reflect.Int8: 'b', reflect.Uint8: 'B', reflect.Int16: 'h', reflect.Uint16: 'H',
		reflect.Int32: 'i', reflect.Uint32: 'I', reflect.Int64: 'q', reflect.Uint64: 'Q',
		reflect.Int: 'q', reflect.Uint: 'Q', reflect.Float32: 'f', reflect.Float64: 'd', reflect.Bool: '?',
	}
)

// TypeOf describes T. It fails with ErrType if T holds pointers in any form
// (string, slice, map, interface, channel, function, uintptr), because they mean
// nothing in another process.
func TypeOf[T any]() (Type, error) {
	t := reflect.TypeFor[T]()
	if !mem.PointerFree(t) {
		return Type{}, fmt.Errorf("%w: %s holds pointers, which mean nothing in another process%s", ErrType, t, pointerIn(t))
	}
	out := Type{Code: 'T', Size: uint32(t.Size()), Align: uint32(t.Align()), Signature: signature(t, true)}
	if t.Size() > 1<<31 {
		return Type{}, fmt.Errorf("%w: item of %d bytes", ErrTooLarge, t.Size())
	}
	if t == charType {
		out.Code = 'c'
	} else if c, ok := codes[t.Kind()]; ok {
		out.Code = c
	}
	h := fnv.New64a()
	io.WriteString(h, signature(t, false)+" "+strconv.Itoa(int(t.Size()))+" "+strconv.Itoa(t.Align()))
	out.Hash = h.Sum64()
	return out, nil
}

// pointerIn tells where in t, which is not free of them, the first pointer is.
func pointerIn(t reflect.Type) string {
	path := ""
	for {
		switch t.Kind() {
		case reflect.Array:
			t, path = t.Elem(), path+"[]"
			continue
		case reflect.Struct:
			for f := range t.Fields() {
				if !mem.PointerFree(f.Type) {
					t, path = f.Type, path+"."+f.Name
					break
				}
			}
			continue
		}
		if path == "" {
			return ""
		}
		return fmt.Sprintf(": field %s is a %s", strings.TrimPrefix(path, "."), t)
	}
}

// signature writes t in the notation of the buffer protocol, padding spelled out
// as "4x", with or without the names of fields.
func signature(t reflect.Type, names bool) string {
	switch t.Kind() {
	case reflect.Array:
		return "(" + strconv.Itoa(t.Len()) + ")" + signature(t.Elem(), names)
	case reflect.Complex64:
		return "Zf"
	case reflect.Complex128:
		return "Zd"
	case reflect.Struct:
		return structSignature(t, names)
	}
	if t == charType {
		return "c"
	}
	return string(codes[t.Kind()])
}

func structSignature(t reflect.Type, names bool) string {
	var b strings.Builder
	pad := func(n uintptr) {
		if n > 0 {
			b.WriteString(strconv.Itoa(int(n)) + "x")
		}
	}
	b.WriteString("T{")
	end := uintptr(0)
	for f := range t.Fields() {
		pad(f.Offset - end)
		end = f.Offset + f.Type.Size()
		b.WriteString(signature(f.Type, names))
		if names {
			b.WriteString(":" + f.Name)
		}
		b.WriteByte(':')
	}
	pad(t.Size() - end)
	b.WriteByte('}')
	return b.String()
}

// store writes t into the record of an object that is being created.
func (t Type) store(o *layout.Object) {
	o.TypeCode, o.ItemSize, o.Align, o.TypeHash = t.Code, t.Size, t.Align, t.Hash
	o.SigLen = uint16(copy(o.Signature[:], t.Signature))
}
