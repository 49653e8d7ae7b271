package shm

import (
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

func init() {
	kinds[KindRecursiveMutex] = &kind{
		name: "RecursiveMutex", lock: true, head: mutexSize + 64,
		disown: disownRecursive, check: checkRecursive, describe: describeRecursive,
	}
}

func (v *view) recursive(o *layout.Object) (*layout.RecursiveMutex, error) {
	return mem.At[layout.RecursiveMutex](v.mem, o.Data+layout.RecursiveOff)
}

// disownRecursive takes the token away before the lock. Otherwise a holder of this
// process whose handles were closed would find its old token beside the lock that
// another one of the process has just taken, and go in.
func disownRecursive(v *view, o *layout.Object, owner uint32) {
	r, err := v.recursive(o)
	if err != nil {
		return
	}
	if token := atomic.LoadUint64(&r.Token); layout.TokenOwner(token) == owner {
		atomic.CompareAndSwapUint64(&r.Token, token, 0) // else one who took over has written its own
	}
	v.orphanLocks(o, owner)
}

// checkRecursive: who has its token there has the lock. What a dead holder left is
// swept, or overwritten by the one who took over from it, before that has repaired.
func checkRecursive(c *checker, where string, o *layout.Object) {
	r, err := c.recursive(o)
	if err != nil {
		c.report(where, "token: %v", err)
		return
	}
	m, err := mem.At[layout.Mutex](c.mem, o.Data)
	token := atomic.LoadUint64(&r.Token)
	if err != nil || token == 0 {
		return
	}
	owner := layout.TokenOwner(token)
	slot := layout.OwnerSlot(owner)
	p := c.view.participant(slot)
	w := atomic.LoadUint32(&m.Word)
	switch named := w & layout.OwnerMask; {
	case atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner) || atomic.LoadUint32(&p.State) != layout.SlotAttached:
		c.report(where, "token of slot %d generation %d, which is nobody", slot, layout.OwnerGeneration(owner))
	case named == owner && atomic.LoadUint32(&r.Depth) == 0:
		c.report(where, "held with depth 0")
	case named != owner && w&layout.MutexDied == 0 && c.view.alive(slot, p):
		c.report(where, "token of slot %d, which does not hold the lock", slot)
	}
}

func describeRecursive(v *view, o *layout.Object) string {
	m, err := mem.At[layout.Mutex](v.mem, o.Data)
	r, err2 := v.recursive(o)
	if err != nil || err2 != nil {
		return ""
	}
	text := v.lockInfo(m).String()
	if token := atomic.LoadUint64(&r.Token); token != 0 {
		text += fmt.Sprintf(", holder %d, depth %d", layout.TokenHolder(token), atomic.LoadUint32(&r.Depth))
	}
	return text
}
