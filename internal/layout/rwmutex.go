package layout

import "structs"

// The payload of an RWMutex: a Mutex, whose word is that of the writers; a Bell, for
// readers that wait; the Readers, one for each slot. The first NearReaders slots have
// a line each, which no other process writes; the others share lines.
const (
	NearReaders  = 64
	lineReaders  = Line / 8                                         // readers of one line
	RWMutexHead  = 128                                              // bytes in front of the readers
	BellOff      = 64                                               // payload offset of the Bell
	RWMutexCells = NearReaders*lineReaders + MaxSlots - NearReaders // readers of 8 bytes, most of them unused
)

// A Reader as one word of 64 bits: phase:16 | waiting:16 | active:32. It is changed by
// its process, by a writer that lets in those who wait, and by the sweep.
//
//	active   goroutines of the process that read, or are about to look whether they
//	         may: a writer that has the word waits until it is 0
//	waiting  goroutines that found a writer and let it pass
//	phase    raised when all that wait become active at once: each remembers the
//	         phase in which it began to wait, and so knows that it may read. After
//	         65,536 phases it comes round: one that is not run for so long must not
//	         find the phase in which it went to sleep
//
// Law: once a writer that has the word has seen active = 0, no goroutine of the
// process reads until the word is given back or phase is raised.
const (
	ReaderActive  uint64 = 1<<32 - 1
	ReaderWaiting uint64 = (1<<16 - 1) << 32
	ReaderOne     uint64 = 1 << 32 // one that waits
	ReaderPhase   uint64 = 1 << 48 // one phase
)

// The bell word, a futex: waiters:1 | turn:31.
//
//	W  turn  meaning
//	0  t     nobody waits for t to change
//	1  t     some reader may sleep until t changes: whoever gives the word of the
//	         writers back raises t, clears W and wakes all
const BellWaiters uint32 = 1 << 31

// Bell follows the Mutex of an RWMutex.
type Bell struct {
	_ structs.HostLayout

	Word uint32   // see the table above; written by readers that wait and by who wakes them
	_    [60]byte // zero
}

// Reader is what one slot reads.
type Reader struct {
	_ structs.HostLayout

	Active uint32 // goroutines that read; a futex of the writer that waits for 0
	Turn   uint32 // phase:16 | waiting:16
}

// ReaderCell is the number of the Reader of slot.
func ReaderCell(slot uint32) uint32 {
	if slot < NearReaders {
		return slot * lineReaders
	}
	return NearReaders*lineReaders + slot - NearReaders
}

// ReaderWord packs a Reader word.
func ReaderWord(phase uint16, waiting, active uint32) uint64 {
	return uint64(phase)*ReaderPhase | uint64(waiting)*ReaderOne&ReaderWaiting | uint64(active)
}

// ReaderPhaseOf is the phase in a Reader word.
func ReaderPhaseOf(w uint64) uint16 { return uint16(w / ReaderPhase) }

// ReaderWaits is how many wait, in a Reader word.
func ReaderWaits(w uint64) uint32 { return uint32(w & ReaderWaiting / ReaderOne) }
