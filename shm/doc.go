// Package shm gives segments: files that several processes map, with named and
// anonymous objects in them, a heap, and a table of the processes that are
// attached.
//
// The model: a [Segment] is one file. A process that opens it becomes a
// participant: it owns one slot for as long as it lives, and the kernel itself
// tells the others when it is dead. Everything that a process may own in a
// segment (locks, objects being built, holds on objects, arenas of the heap)
// names its slot and generation in one word, so that at every instant the memory
// alone says who has what. A process may die, by SIGKILL too, at any
// instruction: whoever needs its slot or its locks next cleans up first, or whoever
// has seen it end, see [SweepDead]. An
// object that has a name stays until it is removed; one without a name goes with
// the last process that uses it. A segment without a name goes with its last
// participant.
//
// Guarantees: a segment never has a name before it is whole. A full disk is an
// error when memory is asked for, never a SIGBUS later. Bytes in a segment are
// input: what is damaged or hostile gives [ErrCorrupt], and never a crash, a hang
// or an access outside the mapping. Closing in one process never harms another.
//
// What it does not do: it does not protect against a process of the same user
// that truncates the file or scribbles over the payload of others, it does not
// cross machines, and it has no background work: no daemon, no tracker, no timer.
// One thread per process sleeps for ever so that the kernel can tell of its end.
//
// Most programs do not use this package but value, array, sync and the other
// packages on top of it:
//
//	seg, err := shm.OpenOrCreate("prices")
//	if err != nil { … }
//	defer seg.Close()
//	v, err := value.NewIn(seg, "eurusd", 1.08)   // one process
//	v, err := value.Open[float64](seg, "eurusd") // the others
//
// Lock order inside the package: registry.mu, core.mu, core.sweepMu, heap, view.adminMu.
package shm
