package shm

import (
	"fmt"
	"reflect"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
	"shmkit/internal/word"
)

func init() {
	kinds[KindBarrier] = &kind{
		name: "Barrier", head: uint64(reflect.TypeFor[layout.Barrier]().Size()), owners: layout.OwnerParties,
		count:  layout.MaxSlots,
		disown: leaveBarrier, check: checkBarrier, describe: describeBarrier,
	}
}

// barrierAt gives head and items of a barrier whose record is input.
func (v *view) barrierAt(o *layout.Object) (b *layout.Barrier, members []uint32, err error) {
	if b, err = mem.At[layout.Barrier](v.mem, o.Data); err != nil {
		return nil, nil, err
	}
	members, err = mem.Slice[uint32](v.mem, o.Data+uint64(reflect.TypeFor[layout.Barrier]().Size()), layout.MaxSlots)
	return b, members, err
}

// leaveBarrier: whoever dies breaks the barrier that it takes part in, for the others
// would wait for it. Whoever has closed its last handle is just not expected any more.
func leaveBarrier(v *view, o *layout.Object, owner uint32) {
	b, members, err := v.barrierAt(o)
	if err != nil || o.Count != layout.MaxSlots {
		return
	}
	slot := layout.OwnerSlot(owner)
	if atomic.LoadUint32(&v.participant(slot).Death)&layout.DeathProved != 0 {
		v.breakBarrier(o, b, &members[slot], owner)
	}
	// In this order: if we die between, the next sweep breaks it once more, which
	// tells nobody anything new.
	// sync: party expected
	atomic.CompareAndSwapUint32(&members[slot], owner, 0)
}

// breakBarrier breaks b unless owner, whose cell that is, has no part in it, or no
// longer.
func (v *view) breakBarrier(o *layout.Object, b *layout.Barrier, cell *uint32, owner uint32) {
	for {
		// The cell is looked at after the word: if somebody else has dealt with this
		// death, and with a reset after it, the word is another.
		w := atomic.LoadUint64(&b.Word)
		if atomic.LoadUint32(cell) != owner {
			return
		}
		move := word.BarrierBreak(w)
		// sync: barrier ended. The other end is Barrier.Wait of package sync.
		if move.Next != w && !atomic.CompareAndSwapUint64(&b.Word, w, move.Next) {
			continue
		}
		generation, err := mem.At[uint32](v.mem, o.Data+layout.BarrierFutex)
		if move.Wake > 0 && err == nil {
			sys.FutexWake(generation, move.Wake)
		}
		return
	}
}

// checkBarrier: whoever takes part is attached.
func checkBarrier(c *checker, where string, o *layout.Object) {
	b, members, err := c.barrierAt(o)
	if err != nil || o.Count != layout.MaxSlots {
		c.report(where, "barrier of %d slots: %v", o.Count, err)
		return
	}
	n, w := b.Parties, atomic.LoadUint64(&b.Word)
	state, arrived := w&layout.BarrierStateMask, layout.BarrierArrived(w)
	switch {
	case n < 1 || n > layout.MaxParties || b.TimeoutNS < 0:
		c.report(where, "barrier of %d parties, timeout %d ns", n, b.TimeoutNS)
	case state == layout.BarrierFilling && arrived < n, state == layout.BarrierActing && arrived == n,
		state == layout.BarrierBroken && arrived == 0:
	default:
		c.report(where, "barrier of %d parties with word %#x", n, w)
	}
	for slot := range uint32(layout.MaxSlots) {
		owner, p := atomic.LoadUint32(&members[slot]), c.view.participant(slot)
		if owner != 0 && (layout.OwnerSlot(owner) != slot || atomic.LoadUint32(&p.State) != layout.SlotAttached ||
			atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner)) {
			c.report(where, "%#x takes part for slot %d, which is nobody", owner, slot)
		}
	}
}

func describeBarrier(v *view, o *layout.Object) string {
	b, members, err := v.barrierAt(o)
	if err != nil {
		return ""
	}
	w := atomic.LoadUint64(&b.Word)
	text := fmt.Sprintf("%d of %d wait", layout.BarrierArrived(w), b.Parties)
	switch w & layout.BarrierStateMask {
	case layout.BarrierActing:
		text = "all have come, the last one acts"
	case layout.BarrierBroken:
		text = "broken"
	}
	var pids []uint32
	for slot := range uint32(layout.MaxSlots) {
		if atomic.LoadUint32(&members[slot]) != 0 {
			pids = append(pids, v.participant(slot).PID)
		}
	}
	return fmt.Sprintf("%s; taking part: %v", text, pids)
}
