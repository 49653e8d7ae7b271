// Package value gives single typed values that several processes share: a number,
// a flag, a small struct, in a segment of package shm.
//
// The model: a [Value] is a handle of one item in shared memory, with a lock of
// its own. An item of 1, 2, 4 or 8 bytes is read and changed by single atomic
// instructions; nobody waits, and nobody who dies leaves anything behind. Any
// other is read and changed under its lock, as a whole: the new value is written
// beside the old one and then copied over it, and if the process dies in between
// the next one finishes the copy.
//
// Guarantees: no operation ever sees a half-written value, whoever is killed,
// whenever. In the terminology of the Go memory model, a Store synchronizes before
// the Load that observes it, across processes too. The type is checked when a
// value is opened: kind, size and layout of T. Load, Store, Swap, CompareAndSwap
// and Add of numbers cost what sync/atomic costs, and allocate nothing.
//
// What it does not do: two operations in a row are not one; that is what
// [Value.Update] and [Value.Lock] are for. Add wraps around, like Go's integers.
// A foreign program that stores another bit pattern than 0 or 1 into a bool breaks
// Go's rules for bools. Close must not run beside a lock-free operation on the
// same handle.
//
//	n, err := value.New(0)               // in one process
//	text, err := n.MarshalText()         // to another, as argument, message, file
//
//	var n value.Value[int]               // there
//	err := n.UnmarshalText(text)
//	n.Add(1)
package value
