package shm

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
	"shmkit/internal/word"
)

// Streams: see package ring.
const (
	KindSPSC    = layout.ObjectSPSC
	KindRecords = layout.ObjectRecords
)

func init() {
	for number, name := range map[uint16]string{KindSPSC: "SPSC", KindRecords: "Records"} {
		kinds[number] = &kind{
			name: name, head: streamHead, owners: layout.OwnerRoles,
			disown: disownStream, check: checkStream, describe: describeStream,
		}
	}
}

const streamHead = 6 * layout.Line

func (v *view) stream(o *layout.Object) (*layout.StreamHead, error) {
	head, err := mem.At[layout.StreamHead](v.mem, o.Data)
	return head, damaged("stream", o.Data, err)
}

// roles are the words of the ends, with their names.
func roles(h *layout.StreamHead) map[string]*uint32 {
	return map[string]*uint32{"producer": &h.Producer, "consumer": &h.Consumer}
}

// disownStream takes the ends away from owner. What it had published stays, what it had
// not is nobody's.
func disownStream(v *view, o *layout.Object, owner uint32) {
	h, err := v.stream(o)
	if err != nil {
		return // Check tells
	}
	for _, role := range roles(h) {
		orphanRole(role, owner)
	}
}

func orphanRole(role *uint32, owner uint32) {
	for {
		w := atomic.LoadUint32(role)
		move := word.RoleOrphan(w, owner)
		// sync: end of a stream. This passes the end to whoever takes it next.
		if move.Verdict == word.NotHeld || atomic.CompareAndSwapUint32(role, w, move.Next) {
			break
		}
	}
	// Also if nothing changed: one who was killed here has told nobody.
	sys.FutexWake(role, word.All)
}

// checkStream: no more is published than there is room for, and who has an end is
// attached.
func checkStream(c *checker, where string, o *layout.Object) {
	h, err := c.stream(o)
	if err != nil {
		c.report(where, "%v", err)
		return
	}
	if o.Count == 0 || o.Count&(o.Count-1) != 0 {
		c.report(where, "%d items are no power of two", o.Count)
		return
	}
	head, tail := atomic.LoadUint64(&h.Head), atomic.LoadUint64(&h.Tail)
	switch {
	case h.Limit == 0 || h.Limit > o.Count:
		c.report(where, "Limit = %d of %d items", h.Limit, o.Count)
	case tail-head > h.Limit:
		c.report(where, "published from %d to %d, with room for %d", head, tail, h.Limit)
	case o.Kind == KindRecords:
		c.records(where, o, h, head, tail)
	}
	for name, role := range roles(h) {
		c.role(where, name, atomic.LoadUint32(role))
	}
}

func (c *checker) role(where, name string, w uint32) {
	owner := w &^ layout.RoleDied
	p := c.view.participant(layout.OwnerSlot(owner))
	switch {
	case w == 0:
	case owner&^layout.OwnerMask != 0 || owner == 0:
		c.report(where, "the %s is %#x", name, w)
	case w&layout.RoleDied != 0:
	case atomic.LoadUint32(&p.Generation) != owner&layout.GenerationMask || atomic.LoadUint32(&p.State) != layout.SlotAttached:
		c.report(where, "the %s is %#x, which is nobody", name, w)
	}
}

// records walks the records from head to tail, unless the consumer moves meanwhile.
func (c *checker) records(where string, o *layout.Object, h *layout.StreamHead, head, tail uint64) {
	b, err := mem.Slice[byte](c.mem, o.Data+o.ItemsOff, o.Count)
	if err != nil || head%8 != 0 || tail%8 != 0 {
		c.report(where, "records from %d to %d: %v", head, tail, err)
		return
	}
	for at := head; at != tail; {
		pos := at & (o.Count - 1)
		w := binary.LittleEndian.Uint64(b[pos:])
		size := layout.RecordBytes(w)
		if w == layout.RecordSkip && pos > 0 {
			size = o.Count - pos
		}
		if atomic.LoadUint64(&h.Head) != head {
			return
		}
		if w > layout.RecordLength && w != layout.RecordSkip || size > tail-at || size > o.Count-pos || size == 0 {
			c.report(where, "record at %d of %d: word %#x", pos, o.Count, w)
			return
		}
		at += size
	}
}

func describeStream(v *view, o *layout.Object) string {
	h, err := v.stream(o)
	if err != nil {
		return ""
	}
	var text strings.Builder
	unit := map[uint16]string{KindRecords: " bytes"}[o.Kind]
	head := atomic.LoadUint64(&h.Head)
	fmt.Fprintf(&text, "%d of %d%s", min(atomic.LoadUint64(&h.Tail)-head, h.Limit), h.Limit, unit)
	for _, end := range []struct {
		name        string
		role, sleep uint32
	}{
		{"producer", atomic.LoadUint32(&h.Producer), atomic.LoadUint32(&h.Space)},
		{"consumer", atomic.LoadUint32(&h.Consumer), atomic.LoadUint32(&h.Items)},
	} {
		text.WriteString(", " + v.describeRole(end.name, end.role))
		if end.sleep&layout.StreamWaiters != 0 {
			text.WriteString(" waits")
		}
	}
	if atomic.LoadUint32(&h.Closing) != 0 {
		text.WriteString(", closed")
	}
	return text.String()
}

// describeRole tells who has an end.
func (v *view) describeRole(name string, w uint32) string {
	owner := w & layout.OwnerMask
	p := v.participant(layout.OwnerSlot(owner))
	switch stale := atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner); {
	case w == 0:
		return "no " + name
	case w&layout.RoleDied != 0 || stale:
		return name + " died"
	case !v.alive(layout.OwnerSlot(owner), p):
		return fmt.Sprintf("%s pid %d (dead)", name, p.PID)
	}
	return fmt.Sprintf("%s pid %d", name, p.PID)
}
