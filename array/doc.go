// Package array gives arrays that several processes share, in a segment of package
// shm: numbers, structs, text, as one slice over the same memory in every process.
//
// The model: an [Array] is a handle of n items that lie side by side, with one
// lock. Plain access (At, Set, Slice, …) is that of a slice: as fast, and as
// unsynchronised. Processes that change the same items use the lock, or the atomic
// operations on single items (LoadAt, AddAt, …), which nobody waits for. A view is
// an Array over a part of another one: the same memory, the same lock. [Chars] is
// an array of bytes that holds text.
//
// Guarantees: items are zero until they are set, on memory that was used before
// too. An index outside the array is a [BoundsError], never an access outside.
// When a process dies with the lock held, the next one to take it is told; the
// items it did not touch, and those it changed by atomic operations, are whole.
// The type is checked when an array is opened. What was handed out by Slice stays
// mapped for the life of the process.
//
// What it does not do: plain access to an item of more than a machine word may see
// half of what another process is writing; arrays do not grow; foreign programs
// that put other bytes than 0 and 1 into bools break Go's rules for bools. Close
// must not run beside other calls on the same handle.
//
//	a, err := array.From([]int32{0, 1, 2, 3, 4}) // in one process
//	text, err := a.MarshalText()                 // to another
//
//	var a array.Array[int32]                     // there
//	err := a.UnmarshalText(text)
//	a.Set(0, 5)
//	a.AddAt(1, 10)
package array
