package layout

import "structs"

// The word of Permits.Seq, a futex of 32 bits: waiters:1 | seq:31.
//
//	W seq               meaning
//	0 s                 nobody is known to sleep
//	1 s                 somebody may sleep until the word changes; who gives a permit
//	                    back makes it 0 s+1 and wakes one
//
// A cell, one for each permit, has 0 or the owner id of the process that has the
// permit. Law: only that process, or one that has proved it dead, changes a cell
// that is not 0.
const PermitsWaiters uint32 = 1 << 31

// Permits is the head of a permits object. The cells follow it.
type Permits struct {
	_ structs.HostLayout

	Seq       uint32    // see the table above; by compare-and-swap
	Hint      uint32    // cell to look at first; written by whoever gives one back
	Takeovers uint64    // permits taken from the dead, and from those who left with them; by addition
	_         [112]byte // zero
}

// PermitsMost is the largest number of permits: all are looked at when one is
// wanted and none is free.
const PermitsMost uint32 = 1 << 20
