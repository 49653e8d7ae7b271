package wire

// Methods of a RecursiveMutex. Created with nothing. Each begins with the uint holder, a
// number of the session that is not 0.
const (
	RecursiveLock    Method = Method(TypeRecursiveMutex)<<8 + iota // uint holder: waits unless that one has it; → bool its last holder died
	RecursiveUnlock                                                // uint holder: one level →
	RecursiveAbandon                                               // uint holder: one level, the last one as one whose holder died →
	RecursiveMark                                                  // uint holder: what it protects is consistent again →
	RecursiveInfo                                                  // → lock info: see AppendLockInfo
)
