// Package cell gives atomic operations on plain values of 1, 2, 4 and 8 bytes,
// whatever their type, that live in shared memory.
//
// The model: a cell is a T at an address that is a multiple of its size. Load,
// Store, Swap, CompareAndSwap and Add are one instruction each and inline into
// their callers. Where one instruction will not do, the caller hands them nil for
// the cell and they call other instead; other is a parameter because the inliner
// counts a call of a parameter for little. [Change] does everything else, in a
// loop.
//
// Guarantees: every operation is sequentially consistent, and atomic against
// those of other processes in any language. Nothing but the cell changes, even
// where the hardware operation is on the word around it. [Same] compares the bits
// that count: padding and blank fields do not.
//
// The package does not check addresses, and it does not tell the race detector
// anything: see package race. It needs a little-endian machine.
//
//	n := cell.Add(p, 1, slow)
//	_, sum, _ := cell.Change(p, func(f float64) (float64, bool) { return f + 1.5, true })
package cell
