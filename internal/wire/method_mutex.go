package wire

// Methods of a Mutex. Created with nothing.
const (
	MutexLock   Method = Method(TypeMutex)<<8 + iota // waits; → bool its last holder died
	MutexUnlock                                      //  →
	MutexMark                                        // what it protects is consistent again →
	MutexInfo                                        // → uint session that holds it or 0, bool marked, uint waiting
)
