package shm

import (
	"fmt"
	"strings"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
	"shmkit/internal/word"
)

func init() {
	kinds[KindPermits] = &kind{
		name: "Permits", head: 128, owners: layout.OwnerPermits,
		disown: disownPermits, check: checkPermits, describe: describePermits,
	}
}

// permits are the head and the cells of o.
func (v *view) permits(o *layout.Object) (*layout.Permits, []uint32, error) {
	head, err := mem.At[layout.Permits](v.mem, o.Data)
	if err != nil {
		return nil, nil, err
	}
	cells, err := mem.Slice[uint32](v.mem, o.Data+o.ItemsOff, min(o.Count, uint64(layout.PermitsMost)))
	return head, cells, err
}

// disownPermits gives back what owner has. Whoever repeats it finds what is left.
func disownPermits(v *view, o *layout.Object, owner uint32) {
	head, cells, err := v.permits(o)
	if err != nil {
		return
	}
	for i := range cells {
		if atomic.LoadUint32(&cells[i]) != owner {
			continue
		}
		// sync: permit handed over. This passes the permit to whoever takes it next. If
		// the swap fails somebody who knew of the death has the permit already.
		if atomic.CompareAndSwapUint32(&cells[i], owner, word.PermitGive(owner, owner).Next) {
			atomic.AddUint64(&head.Takeovers, 1)
		}
	}
	// Even if there was none: one who was killed here has emptied cells and told nobody.
	for {
		w := atomic.LoadUint32(&head.Seq)
		move := word.PermitsChanged(w)
		if move.Next == w || atomic.CompareAndSwapUint32(&head.Seq, w, move.Next) {
			if move.Wake > 0 {
				sys.FutexWake(&head.Seq, word.All) // several may have become free
			}
			return
		}
	}
}

// checkPermits: each permit is free, or of a slot that is attached.
func checkPermits(c *checker, where string, o *layout.Object) {
	_, cells, err := c.permits(o)
	if err != nil {
		c.report(where, "permits: %v", err)
		return
	}
	for i := range cells {
		owner := atomic.LoadUint32(&cells[i])
		if owner == 0 {
			continue
		}
		p := c.view.participant(layout.OwnerSlot(owner))
		if owner&^layout.OwnerMask != 0 || atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner) ||
			atomic.LoadUint32(&p.State) != layout.SlotAttached {
			c.report(where, "permit %d is held by %#x, which is nobody", i, owner)
		}
	}
}

func describePermits(v *view, o *layout.Object) string {
	head, cells, err := v.permits(o)
	if err != nil {
		return ""
	}
	var owners []uint32
	had, free := map[uint32]int{}, 0
	for i := range cells {
		owner := atomic.LoadUint32(&cells[i])
		if owner == 0 {
			free++
			continue
		}
		if had[owner]++; had[owner] == 1 {
			owners = append(owners, owner)
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d free of %d", free, len(cells))
	for _, owner := range owners {
		slot := layout.OwnerSlot(owner)
		p := v.participant(slot)
		fmt.Fprintf(&text, ", %d with pid %d", had[owner], p.PID)
		if atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner) || !v.alive(slot, p) {
			text.WriteString(" (dead)")
		}
	}
	if atomic.LoadUint32(&head.Seq)&layout.PermitsWaiters != 0 {
		text.WriteString(", waited for")
	}
	return text.String()
}
