package shm

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
	"shmkit/internal/work"
)

func init() {
	kinds[KindWaitGroup] = &kind{
		name: "WaitGroup", head: 128, owners: layout.OwnerWork, count: layout.MaxSlots,
		disown: disownWork, check: checkWork, describe: describeWork,
	}
}

// Work is the units of a wait group. Errors: *CorruptError.
func (o *Object) Work() (work.Group, error) { return o.core.work(o.record) }

func (v *view) work(o *layout.Object) (work.Group, error) {
	head, err := mem.At[layout.WaitGroup](v.mem, o.Data)
	if err != nil {
		return work.Group{}, damaged("object.Data", o.Data, err)
	}
	cells, err := mem.Slice[uint64](v.mem, o.Data+o.ItemsOff, o.Count)
	if err != nil {
		return work.Group{}, damaged("object.Count", o.Count, err)
	}
	g, ok := work.Of(&head.Word, cells)
	if !ok {
		return g, &CorruptError{"object.Count", o.Count, nil}
	}
	return g, nil
}

// disownWork completes what owner has begun, as lost.
func disownWork(v *view, o *layout.Object, owner uint32) {
	g, err := v.work(o)
	if err != nil {
		return
	}
	g.Lose(layout.OwnerSlot(owner))
	// Even if it had begun nothing: one who was killed here has told nobody.
	if g.Settled() {
		if low, err := mem.At[uint32](v.mem, o.Data); err == nil { // half of the word
			sys.FutexWake(low, math.MaxInt32)
		}
	}
}

// checkWork: units are begun by slots that are attached.
func checkWork(c *checker, where string, o *layout.Object) {
	g, err := c.work(o)
	if err != nil {
		c.report(where, "%v", err)
		return
	}
	attached := func(slot uint32) bool {
		return atomic.LoadUint32(&c.view.participant(slot).State) == layout.SlotAttached
	}
	if w := g.Word(); w&layout.WorkBegin != 0 && !attached(layout.WorkSlot(w)) {
		c.report(where, "slot %d begins a unit, and is free", layout.WorkSlot(w))
	}
	for slot := range uint32(layout.MaxSlots) {
		if n := layout.CellCount(g.Cell(slot)); n > 0 && !attached(slot) {
			c.report(where, "%d units are begun by slot %d, which is free", n, slot)
		}
	}
}

func describeWork(v *view, o *layout.Object) string {
	g, err := v.work(o)
	if err != nil {
		return ""
	}
	var text strings.Builder
	w, lost := g.Word(), uint64(0)
	fmt.Fprintf(&text, "%d open", w&layout.WorkOpen)
	for slot := range uint32(layout.MaxSlots) {
		cell := g.Cell(slot)
		lost += layout.CellLost(cell)
		if n := layout.CellCount(cell); n > 0 {
			p := v.participant(slot)
			fmt.Fprintf(&text, ", %d begun by pid %d", n, p.PID)
			if !v.alive(slot, p) {
				text.WriteString(" (dead)")
			}
		}
	}
	if lost > 0 {
		fmt.Fprintf(&text, ", %d lost", lost)
	}
	if w&layout.WorkWaiters != 0 {
		text.WriteString(", waited for")
	}
	return text.String()
}
