// Package mem is the one place where an offset becomes a pointer.
//
// The model: a [Memory] is a run of bytes that others may change at any time: a
// mapped segment, or a Go slice in tests. Its bytes are reserved at once; how
// many of them are backed (may be touched) is asked from a source that no peer
// controls and only grows.
//
// Guarantees: [At] and [Slice] check bounds, alignment and that the target type
// holds no pointers, and return [ErrBounds] or [ErrAlign] instead of touching
// anything else. What they return is valid while the Memory is mapped.
//
// The package does not map, lock or validate contents.
//
//	m := mem.Fixed(make([]byte, 1<<20))
//	h, err := mem.At[layout.Header](m, 0)
package mem
