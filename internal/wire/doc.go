// Package wire is the language that a manager's server and its clients speak: frames,
// what is in them, and the numbers of methods and errors. docs/protocol.md is written from
// it.
//
// The model: a connection carries batches, each one or more frames one after the other.
// A frame is a header of 40 bytes, little-endian, and a body. What the body of a method
// holds is written and read by AppendX and Reader, in the order that method.go tells.
//
// Guarantees: reading never panics, whoever wrote the bytes, and never allocates for more
// than what is there. A frame that was read refers to the memory that it was read from.
//
// What it does not do: send anything. It knows neither connections nor objects.
//
//	batch = wire.Append(batch, &wire.Frame{Kind: wire.Request, Method: wire.ValueGet, …})
//	…
//	frame, rest, err := wire.Cut(batch, limit)
package wire
