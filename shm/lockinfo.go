package shm

import (
	"sync/atomic"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/sys"
)

// lockInfo reads the state of a mutex from its word; see the table in
// internal/layout.
func (v *view) lockInfo(m *layout.Mutex) *LockInfo {
	w := atomic.LoadUint32(&m.Word)
	info := &LockInfo{
		State: "held", Waiters: w&layout.MutexWaiters != 0, Takeovers: atomic.LoadUint64(&m.Takeovers),
	}
	switch owner := w & layout.OwnerMask; {
	case w&^layout.MutexWaiters == 0:
		info.State = "free"
	case w&^layout.MutexWaiters == layout.MutexOrphan:
		info.State = "owner died"
	case w&^layout.MutexWaiters == layout.MutexUnusable:
		info.State = "not recoverable"
	default:
		info.OwnerSlot = layout.OwnerSlot(owner)
		p := v.participant(info.OwnerSlot)
		if atomic.LoadUint32(&p.Generation) == layout.OwnerGeneration(owner) {
			info.OwnerPID, info.Alive = p.PID, v.alive(info.OwnerSlot, p)
		}
		if atomic.LoadUint32(&m.SeenOwner) == owner {
			info.Since = time.Duration(sys.Monotonic() - atomic.LoadInt64(&m.SeenNS))
		}
	}
	return info
}

// LockInfo describes the lock of o, nil if it has none.
func (o *Object) LockInfo() *LockInfo {
	if o.core.enter() != nil {
		return nil
	}
	defer o.core.leave()
	m := o.Mutex()
	if m == nil {
		return nil
	}
	return o.core.lockInfo(m)
}
