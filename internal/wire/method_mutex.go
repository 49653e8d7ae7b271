package wire

// Methods of a Mutex. Created with nothing.
const (
	MutexLock    Method = Method(TypeMutex)<<8 + iota // waits; → bool its last holder died
	MutexUnlock                                       //  →
	MutexAbandon                                      // unlocks it as one whose holder died →
	MutexMark                                         // what it protects is consistent again →
	MutexInfo                                         // → lock info: see AppendLockInfo
)
