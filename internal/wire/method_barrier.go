package wire

// MaxParties is the largest number of parties of a Barrier.
const MaxParties = 65535

// Methods of a Barrier. Created with int parties, int nanoseconds that a wait may take (0 for
// no limit).
const (
	BarrierWait  Method = Method(TypeBarrier)<<8 + iota // bool acts: waits for all parties → byte how (see Passage), uint index, uint generation
	BarrierDone                                         // uint generation, bool good: the action has ended → bool passed
	BarrierAbort                                        //  →
	BarrierReset                                        //  →
	BarrierInfo                                         // → int parties, int nanoseconds, uint waiting, bool acting, bool broken, uint generation
)

// A Passage says how a wait at a Barrier ended.
type Passage uint8

// How a wait at a Barrier ended.
const (
	Passed          Passage = 0
	PassedLast      Passage = 1 // all are there: run the action, then call BarrierDone
	PassageBroken   Passage = 2
	BrokenCancelled Passage = 3 // because this call was cancelled
	BrokenTimedOut  Passage = 4 // because the time of this call was over
)
