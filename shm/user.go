package shm

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"shmkit/internal/layout"
)

// NextUser is the first slot from slot on whose process uses o; ok is false if there
// is none. A process is among them before it can do anything to the payload, and
// until nothing of it is left there.
func (o *Object) NextUser(slot uint32) (next uint32, ok bool) {
	for i := slot / 64; i < layout.MaxSlots/64; i++ {
		// sync: object held
		if w := atomic.LoadUint64(&o.record.Holders[i]) >> (slot % 64); w != 0 {
			return slot + uint32(bits.TrailingZeros64(w)), true
		}
		slot = (i + 1) * 64
	}
	return 0, false
}

// Occupant is the owner id of the process in slot, or of the last one there.
func (o *Object) Occupant(slot uint32) uint32 {
	return layout.Owner(slot, atomic.LoadUint32(&o.core.participant(slot).Generation))
}

// Local is a lock of this process alone that all its handles of o share, for steps
// that only one of its goroutines may take at once.
func (o *Object) Local() *sync.Mutex { return &o.local }
