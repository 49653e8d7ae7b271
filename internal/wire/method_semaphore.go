package wire

// SemaphoreMost is the largest number of permits of a semaphore.
const SemaphoreMost = 1<<31 - 1

// Methods of a Semaphore. Created with int permits.
const (
	SemaphoreAcquire Method = Method(TypeSemaphore)<<8 + iota // int n: waits until so many are free →
	SemaphoreRelease                                          // int n →
	SemaphoreInfo                                             // → uint free, uint bound, uint held by the session, uint waiting
)

// Methods of a BoundedSemaphore, as those of a Semaphore.
const (
	BoundedAcquire Method = Method(TypeBoundedSemaphore)<<8 + iota
	BoundedRelease
	BoundedInfo
)
