//go:build failpoint || race

package heap

// OnHit sets what happens before every store to shared memory.
func OnHit(f func(name string)) { onHit = f }
