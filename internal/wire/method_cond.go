package wire

// Methods of a Cond. Created with uint object: its Mutex or RecursiveMutex. Wait and Notify
// need a session that holds it.
const (
	CondWait   Method = Method(TypeCond)<<8 + iota // unlocks, waits, and locks again before it answers → byte why (see Woken), bool its last holder died
	CondNotify                                     // int n: at most so many →
	CondInfo                                       // → uint object, byte type: its lock; uint waiting, uint notified that do not have the lock yet
)

// A Woken says why a wait of a Cond ended.
type Woken uint8

// Why a wait of a Cond ended.
const (
	WokenNotified  Woken = 0
	WokenCancelled Woken = 1 // by the caller
	WokenTimedOut  Woken = 2
	WokenReleased  Woken = 3 // the session gave up its last reference to the Cond
)
