// Package codec encodes values that are not plain memory, as CBOR, for packages that send
// them.
//
// The model: a [Buffer] belongs to one call, which takes it and gives it back. Nothing here
// is shared by processes.
//
// Guarantees: what Decode makes of bytes, whoever wrote them, is a value or an error; it
// reads nothing else. Errors are those of the CBOR module; who calls wraps them.
//
// What it does not do: decode memory that another process writes meanwhile. Copy it first,
// into Buffer.Room.
//
//	buf := codec.NewBuffer()
//	defer buf.Free()
//	err := codec.Encode(buf, v)
//	…
//	err = codec.Decode(buf.Bytes(), &w)
package codec
