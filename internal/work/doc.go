// Package work counts units of work in shared memory, with who has begun which: what
// package sync makes a WaitGroup of, and package shm sweeps.
//
// The model: a word has the units that are nobody's, and a cell for each slot those
// that its process has begun; see layout.WaitGroup. A unit moves from the word to a
// cell by Begin alone, which changes two words: it announces itself in the first, and
// whoever meets it there finishes it. So nobody waits for anybody, and at every instant
// memory says where each unit is.
//
// Guarantees: all methods are linearizable, and may be called by several processes that
// die at any instruction. Who says that a process is dead must have proof.
//
// What it does not do: it makes no system call, neither waits nor wakes.
//
//	g, err := work.Of(&head.Word, cells)
//	g.Add(3)
//	g.Begin(slot)
//	g.Done(slot)
//	if g.Settled() { wake() }
package work
