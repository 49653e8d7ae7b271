package layout

import "structs"

// Once follows the Mutex of a once object, at OnceOff.
type Once struct {
	_ structs.HostLayout

	Done uint32   // 1 once a run has succeeded, for ever; written by who holds the Mutex
	_    [60]byte // zero
}

// OnceOff is the payload offset of the Once.
const OnceOff = 64
