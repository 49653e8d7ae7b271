package shm

import (
	"fmt"
	"strings"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/word"
)

// CondInfo describes a condition.
type CondInfo struct {
	Waiters  int      // calls of Wait that nobody has notified
	Notified int      // calls of Wait that were notified and have not retaken the lock
	PIDs     []uint32 // processes of the waiters, 0 for one that is gone; one for each
	Lock     uint32   // object index of the lock
}

// CondInfo describes o, a condition, or is nil.
func (o *Object) CondInfo() *CondInfo {
	if o.spec.Kind != KindCond || o.core.enter() != nil {
		return nil
	}
	defer o.core.leave()
	return o.core.condInfo(o.record)
}

func (v *view) condInfo(o *layout.Object) *CondInfo {
	w, err := v.waiters(o)
	if err != nil {
		return nil
	}
	info := &CondInfo{Lock: w.head.LockIndex}
	for i := range w.cells {
		x := atomic.LoadUint64(&w.cells[i])
		if x == layout.CondFree {
			continue
		}
		if _, waits := word.CondWaits(x); !waits {
			info.Notified++
			continue
		}
		info.Waiters++
		p := v.participant(layout.OwnerSlot(layout.CondOwner(x)))
		if atomic.LoadUint32(&p.Generation) == layout.OwnerGeneration(layout.CondOwner(x)) {
			info.PIDs = append(info.PIDs, p.PID)
		} else {
			info.PIDs = append(info.PIDs, 0)
		}
	}
	return info
}

// mostPIDs are shown in one line.
const mostPIDs = 4

// String is one line for people.
func (c CondInfo) String() string {
	if c.Waiters+c.Notified == 0 {
		return "nobody waits"
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%d wait", c.Waiters)
	for i, pid := range c.PIDs {
		if i == mostPIDs {
			s.WriteString(" …")
			break
		}
		fmt.Fprintf(&s, "%s pid %d", map[bool]string{true: ":", false: ","}[i == 0], pid)
	}
	if c.Notified > 0 {
		fmt.Fprintf(&s, "; %d notified", c.Notified)
	}
	return s.String()
}

func describeWaiters(v *view, o *layout.Object) string {
	info := v.condInfo(o)
	if info == nil {
		return ""
	}
	return fmt.Sprintf("%v; lock is object %d", info, info.Lock)
}
