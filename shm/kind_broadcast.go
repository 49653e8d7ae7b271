package shm

import (
	"fmt"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// KindBroadcast is a broadcast: see package ring.
const KindBroadcast = layout.ObjectBroadcast

func init() {
	kinds[KindBroadcast] = &kind{
		name: "Broadcast", head: 3 * layout.Line, owners: layout.OwnerRoles,
		disown: disownBroadcast, check: checkBroadcast, describe: describeBroadcast,
		rings: ringsOfBroadcast, peek: peekBroadcast,
	}
}

func (v *view) broadcast(o *layout.Object) (*layout.BroadcastHead, error) {
	head, err := mem.At[layout.BroadcastHead](v.mem, o.Data)
	return head, damaged("broadcast", o.Data, err)
}

// disownBroadcast takes the publisher's role away from owner. What it had published
// stays.
func disownBroadcast(v *view, o *layout.Object, owner uint32) {
	if h, err := v.broadcast(o); err == nil {
		orphanRole(&h.Publisher, owner)
	}
}

// checkBroadcast: each slot has what it may have, and who publishes is attached.
func checkBroadcast(c *checker, where string, o *layout.Object) {
	h, err := c.broadcast(o)
	if err != nil {
		c.report(where, "%v", err)
		return
	}
	if o.Count == 0 || o.Count&(o.Count-1) != 0 {
		c.report(where, "%d slots are no power of two", o.Count)
		return
	}
	stride := layout.BroadcastSlot(uint64(o.ItemSize)) / 8
	words, err := mem.Slice[uint64](c.mem, o.Data+o.ItemsOff, o.Count*stride)
	if err != nil {
		c.report(where, "slots: %v", err)
		return
	}
	tail := atomic.LoadUint64(&h.Tail)
	for i := range o.Count {
		w := atomic.LoadUint64(&words[i*stride])
		if t := (w - 1) / 2; w != 0 && (t%o.Count != i || t > tail) {
			c.report(where, "slot %d: word %d, with %d published", i, w, tail)
		}
	}
	c.role(where, "publisher", atomic.LoadUint32(&h.Publisher))
}

func describeBroadcast(v *view, o *layout.Object) string {
	h, err := v.broadcast(o)
	if err != nil {
		return ""
	}
	text := fmt.Sprintf("%d published, %s", atomic.LoadUint64(&h.Tail), v.describeRole("publisher", atomic.LoadUint32(&h.Publisher)))
	if atomic.LoadUint32(&h.Items)&layout.StreamWaiters != 0 {
		text += ", waited for"
	}
	if atomic.LoadUint32(&h.Closing) != 0 {
		text += ", closed"
	}
	return text
}
