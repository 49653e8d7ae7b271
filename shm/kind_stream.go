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
	KindPair    = layout.ObjectPair
)

func init() {
	for number, name := range map[uint16]string{KindSPSC: "SPSC", KindRecords: "Records", KindPair: "Pair"} {
		kinds[number] = &kind{
			name: name, head: streamHead, owners: layout.OwnerRoles,
			disown: disownStream, check: checkStream, describe: describeStream, rings: ringsOfStream, peek: peekStream,
		}
	}
	kinds[KindPair].head = 2 * streamHead
}

const streamHead = 6 * layout.Line

// stream is one of an object.
type stream struct {
	*layout.StreamHead
	off   uint64 // of its first item in the segment
	count uint64 // items that there is memory for
}

func (v *view) stream(o *layout.Object, n uint64) (stream, error) {
	at := o.Data + n*streamHead
	head, err := mem.At[layout.StreamHead](v.mem, at)
	return stream{head, o.Data + o.ItemsOff, o.Count}, damaged("stream", at, err)
}

// streams are those of o: one, or the two of a Pair that goes both ways.
func (v *view) streams(o *layout.Object) ([]stream, error) {
	first, err := v.stream(o, 0)
	if err != nil || o.Kind != KindPair || first.Limit == o.Count {
		return []stream{first}, err
	}
	second, err := v.stream(o, 1)
	if half := o.Count / 2; err == nil {
		first.count, second.count = half, half
		second.off += half
	}
	return []stream{first, second}, err
}

// roles are the words of the ends, with their names.
func roles(h *layout.StreamHead) map[string]*uint32 {
	return map[string]*uint32{"producer": &h.Producer, "consumer": &h.Consumer}
}

// disownStream takes the ends away from owner. What it had published stays, what it had
// not is nobody's.
func disownStream(v *view, o *layout.Object, owner uint32) {
	all, err := v.streams(o)
	if err != nil {
		return // Check tells
	}
	for _, s := range all {
		for _, role := range roles(s.StreamHead) {
			orphanRole(role, owner)
		}
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
	all, err := c.streams(o)
	if err != nil {
		c.report(where, "%v", err)
		return
	}
	for _, s := range all {
		c.lawsOf(where, o, s)
	}
}

func (c *checker) lawsOf(where string, o *layout.Object, s stream) {
	if s.count == 0 || s.count&(s.count-1) != 0 {
		c.report(where, "%d items are no power of two", s.count)
		return
	}
	head, tail := atomic.LoadUint64(&s.Head), atomic.LoadUint64(&s.Tail)
	switch {
	case s.Limit == 0 || s.Limit > s.count || o.Kind != KindSPSC && s.Limit != s.count:
		c.report(where, "Limit = %d of %d items", s.Limit, s.count)
	case tail-head > s.Limit:
		c.report(where, "published from %d to %d, with room for %d", head, tail, s.Limit)
	case o.Kind != KindSPSC:
		c.records(where, s, head, tail)
	}
	for name, role := range roles(s.StreamHead) {
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
func (c *checker) records(where string, s stream, head, tail uint64) {
	b, err := mem.Slice[byte](c.mem, s.off, s.count)
	if err != nil || head%8 != 0 || tail%8 != 0 {
		c.report(where, "records from %d to %d: %v", head, tail, err)
		return
	}
	for at := head; at != tail; {
		pos := at & (s.count - 1)
		w := binary.LittleEndian.Uint64(b[pos:])
		size := layout.RecordBytes(w)
		if w == layout.RecordSkip && pos > 0 {
			size = s.count - pos
		}
		if atomic.LoadUint64(&s.Head) != head {
			return
		}
		if w > layout.RecordLength && w != layout.RecordSkip || size > tail-at || size > s.count-pos || size == 0 {
			c.report(where, "record at %d of %d: word %#x", pos, s.count, w)
			return
		}
		at += size
	}
}

func describeStream(v *view, o *layout.Object) string {
	all, err := v.streams(o)
	if err != nil {
		return ""
	}
	var texts []string
	for _, s := range all {
		texts = append(texts, v.describe(s, o.Kind))
	}
	return strings.Join(texts, "; ")
}

func (v *view) describe(s stream, kind uint16) string {
	var text strings.Builder
	unit := " bytes"
	if kind == KindSPSC {
		unit = ""
	}
	head := atomic.LoadUint64(&s.Head)
	fmt.Fprintf(&text, "%d of %d%s", min(atomic.LoadUint64(&s.Tail)-head, s.Limit), s.Limit, unit)
	for _, end := range []struct {
		name        string
		role, sleep uint32
	}{
		{"producer", atomic.LoadUint32(&s.Producer), atomic.LoadUint32(&s.Space)},
		{"consumer", atomic.LoadUint32(&s.Consumer), atomic.LoadUint32(&s.Items)},
	} {
		text.WriteString(", " + v.describeRole(end.name, end.role))
		if end.sleep&layout.StreamWaiters != 0 {
			text.WriteString(" waits")
		}
	}
	if atomic.LoadUint32(&s.Closing) != 0 {
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
