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
	kinds[KindRWMutex] = &kind{
		name: "RWMutex", head: layout.RWMutexHead, lock: true, owners: layout.OwnerReaders, count: readers,
		disown: disownReaders, check: checkReaders, describe: describeReaders,
	}
}

const readers = layout.RWMutexCells

// RWMutexSpec is what an RWMutex object is. The items are its layout.Readers.
func RWMutexSpec() Spec {
	cell, err := TypeOf[uint64]()
	if err != nil {
		panic(err)
	}
	return Spec{Kind: KindRWMutex, Type: cell, Count: readers, Mutex: true}
}

// ReaderInfo tells what one process, which may have died since, does with an RWMutex.
// It is a copy, for tools.
type ReaderInfo struct {
	Slot    uint32
	PID     uint32
	Alive   bool
	Active  uint32 // goroutines that read
	Waiting uint32 // goroutines that wait for a writer to end
}

// rwmutex is the payload of an RWMutex; ok is false if it is not one, or damaged.
func (v *view) rwmutex(o *layout.Object) (m *layout.Mutex, bell *layout.Bell, cells []uint64, ok bool) {
	m, err1 := mem.At[layout.Mutex](v.mem, o.Data)
	bell, err2 := mem.At[layout.Bell](v.mem, o.Data+layout.BellOff)
	cells, err3 := mem.Slice[uint64](v.mem, o.Data+layout.RWMutexHead, readers)
	return m, bell, cells, err1 == nil && err2 == nil && err3 == nil && o.Count == readers
}

// disownReaders takes the lock away from owner as a writer and as a reader. Readers
// that wait for it look again.
func disownReaders(v *view, o *layout.Object, owner uint32) {
	m, bell, cells, ok := v.rwmutex(o)
	if !ok {
		return
	}
	orphan(&m.Word, owner)
	for {
		b := atomic.LoadUint32(&bell.Word)
		move := word.BellRing(b)
		// sync: bell announced
		if move.Next == b || atomic.CompareAndSwapUint32(&bell.Word, b, move.Next) {
			if move.Wake > 0 {
				sys.FutexWake(&bell.Word, move.Wake)
			}
			break
		}
	}
	i := layout.ReaderCell(layout.OwnerSlot(owner))
	// sync: reader counted. The other end is the writer that waits for it.
	if atomic.SwapUint64(&cells[i], 0)&layout.ReaderActive == 0 {
		return
	}
	if r, err := mem.At[layout.Reader](v.mem, o.Data+layout.RWMutexHead+uint64(i)*8); err == nil {
		sys.FutexWake(&r.Active, 1)
	}
}

// checkReaders: only who uses the lock reads.
func checkReaders(c *checker, where string, o *layout.Object) {
	_, _, cells, ok := c.rwmutex(o)
	if !ok {
		c.report(where, "RWMutex with Count = %d", o.Count)
		return
	}
	used := map[uint32]bool{}
	for slot := range uint32(layout.MaxSlots) {
		i := layout.ReaderCell(slot)
		used[i] = true
		if w := atomic.LoadUint64(&cells[i]); w != 0 && !holds(o, slot) {
			c.report(where, "slot %d reads (%#x) and does not use it", slot, w)
		}
	}
	for i := range cells {
		if w := atomic.LoadUint64(&cells[i]); w != 0 && !used[uint32(i)] {
			c.report(where, "reader %d, of no slot, is %#x", i, w)
		}
	}
}

func (v *view) readers(o *layout.Object) (all []ReaderInfo) {
	_, _, cells, ok := v.rwmutex(o)
	if !ok {
		return nil
	}
	for slot := range uint32(layout.MaxSlots) {
		w := atomic.LoadUint64(&cells[layout.ReaderCell(slot)])
		r := ReaderInfo{Slot: slot, Active: uint32(w), Waiting: layout.ReaderWaits(w)}
		if r.Active > 0 || r.Waiting > 0 {
			p := v.participant(slot)
			r.PID, r.Alive = p.PID, v.alive(slot, p)
			all = append(all, r)
		}
	}
	return all
}

// Readers tells who reads, or waits to read, the RWMutex o. It is a snapshot, nil if
// nobody does or o is something else.
func (o *Object) Readers() []ReaderInfo {
	if o.spec.Kind != KindRWMutex || o.core.enter() != nil {
		return nil
	}
	defer o.core.leave()
	return o.core.readers(o.record)
}

// ReadersText is one line for people: "read by pid 7 (2 times), 1 waits to read".
func ReadersText(all []ReaderInfo) string {
	var parts []string
	waiting := uint32(0)
	for _, r := range all {
		waiting += r.Waiting
		if r.Active == 0 {
			continue
		}
		s := fmt.Sprintf("read by pid %d", r.PID)
		if r.Active > 1 {
			s += fmt.Sprintf(" (%d times)", r.Active)
		}
		if !r.Alive {
			s += " (dead)"
		}
		parts = append(parts, s)
	}
	if waiting > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting to read", waiting))
	}
	return strings.Join(parts, ", ")
}

func describeReaders(v *view, o *layout.Object) string {
	m, _, _, ok := v.rwmutex(o)
	if !ok {
		return ""
	}
	state := v.lockInfo(m).String()
	if s := ReadersText(v.readers(o)); s != "" {
		state += ", " + s
	}
	return state
}
