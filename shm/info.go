package shm

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// Info is what a look at a segment shows. It is a snapshot: the segment may
// change while it is taken.
type Info struct {
	Path         string
	ID           ID
	Anonymous    bool
	Created      time.Time
	Bytes        uint64 // in use by the file
	MaxBytes     uint64
	Heap         heap.Stats
	Participants []ParticipantInfo
	Objects      []ObjectInfo
	Err          error // why the file is no sound segment; then all else but Path is zero
}

// ParticipantInfo describes one attached process, or one that died and was not
// swept yet.
type ParticipantInfo struct {
	Slot       uint32
	Generation uint32
	PID        uint32 // in its own PID namespace
	Name       string
	Language   string
	Attached   time.Time
	Alive      bool
	Sleeps     uint64
	Wakes      uint64
	Recoveries uint64
	Sweeps     uint64
}

// ObjectInfo describes one object.
type ObjectInfo struct {
	Index      uint32
	Generation uint32
	Name       string // empty if anonymous
	Kind       string
	Type       Type
	Count      uint64
	Offset     uint64 // of the first item, from the start of the file
	Bytes      uint64 // of payload
	Created    time.Time
	CreatorPID uint32
	Users      int // processes that hold it open
	Lock       *LockInfo
	Sync       string     // state and owners of what Lock does not tell, in one line
	Rings      []RingInfo // of a queue or stream; a Pair that goes both ways has two
}

// LockInfo describes the lock of an object.
type LockInfo struct {
	State     string // "free", "held", "owner died", "not recoverable"
	OwnerPID  uint32 // if held
	OwnerSlot uint32 // if held
	Alive     bool   // whether the holder is
	Waiters   bool   // somebody may be asleep
	// Since is how long a waiter has seen this holder; 0 if nobody waited: taking
	// a free lock reads no clock.
	Since     time.Duration
	Takeovers uint64 // times it was taken over from a dead holder
}

// Inspect looks at the segment name without attaching to it and without writing
// to it. Errors as Open.
func Inspect(name string) (*Info, error) {
	path, err := locate(name)
	if err != nil {
		return nil, fail("inspect", name, err)
	}
	v, err := openView(path, false)
	if err != nil {
		return nil, fail("inspect", path, err)
	}
	defer v.drop()
	info, err := v.info()
	return info, fail("inspect", path, err)
}

// Info looks at an open segment.
func (s *Segment) Info() (*Info, error) {
	c, err := s.use()
	if err != nil {
		return nil, fail("inspect", s.name(""), err)
	}
	defer c.leave()
	info, err := c.info()
	return info, fail("inspect", c.path, err)
}

func (v *view) info() (*Info, error) {
	h := v.header
	info := &Info{
		Path: v.path, ID: v.id, Anonymous: h.Kind == layout.KindAnonymous,
		Created: time.Unix(0, h.CreatedNS), Bytes: v.end(), MaxBytes: h.MaxSize,
	}
	for slot := range uint32(layout.MaxSlots) {
		if p := v.participant(slot); atomic.LoadUint32(&p.State) != layout.SlotFree {
			info.Participants = append(info.Participants, v.participantInfo(slot, p))
		}
	}
	err := v.objects(1, func(i uint32, o *layout.Object) bool {
		if s := atomic.LoadUint64(&o.State) & layout.ObjectStateMask; s == layout.ObjectReady || s == layout.ObjectRemoving {
			info.Objects = append(info.Objects, v.objectInfo(i, o))
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	if info.Heap, err = heap.Summarize(v.mem, v.end()); errors.Is(err, heap.ErrBusy) {
		err = nil // an owner that never rests: the sums lack its arena
	}
	return info, damaged("heap", 0, err)
}

func (v *view) participantInfo(slot uint32, p *layout.Participant) ParticipantInfo {
	language := map[uint32]string{layout.LanguageGo: "Go", layout.LanguageC: "C"}[p.Language]
	return ParticipantInfo{
		Slot: slot, Generation: atomic.LoadUint32(&p.Generation), PID: p.PID,
		Name: text(p.Name[:], len(p.Name)), Language: language, Attached: time.Unix(0, p.AttachedNS),
		Alive:  v.alive(slot, p),
		Sleeps: atomic.LoadUint64(&p.Sleeps), Wakes: atomic.LoadUint64(&p.Wakes),
		Recoveries: atomic.LoadUint64(&p.Recoveries), Sweeps: atomic.LoadUint64(&p.Sweeps),
	}
}

// alive: a failed question counts as alive, because tools must not call a process
// dead on a guess. An attached viewer does not see its own lock, hence own. While
// somebody sweeps the slot, its lock says nothing and the death word all.
func (v *view) alive(slot uint32, p *layout.Participant) bool {
	if atomic.LoadUint32(&p.Death)&layout.DeathProved != 0 {
		return false
	}
	held, err := v.held(slot)
	return held || err != nil || v.own(slot)
}

// own tells whether this very process owns slot through v's descriptor.
func (v *view) own(slot uint32) bool {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	c := registry.cores[v.id]
	return c != nil && c.slot == slot
}

func (v *view) objectInfo(i uint32, o *layout.Object) ObjectInfo {
	info := ObjectInfo{
		Index: i, Generation: layout.ObjectGeneration(atomic.LoadUint64(&o.State)),
		Name: text(o.Name[:], int(o.NameLen)), Kind: KindName(o.Kind), Type: recordType(o), Count: o.Count,
		Offset: o.Data + o.ItemsOff, Bytes: o.Size, Created: time.Unix(0, o.CreatedNS), CreatorPID: o.CreatorPID,
	}
	for slot := range uint32(layout.MaxSlots) {
		if holds(o, slot) {
			info.Users++
		}
	}
	if o.OwnerFormat == layout.OwnerMutex32 || kindOf(o.Kind).lock {
		if m, err := mem.At[layout.Mutex](v.mem, o.Data+uint64(o.OwnerOff)); err == nil {
			info.Lock = v.lockInfo(m)
		}
	}
	if k := kindOf(o.Kind); k.describe != nil {
		info.Sync = k.describe(v, o)
	}
	if k := kindOf(o.Kind); k.rings != nil {
		info.Rings = k.rings(v, o)
	}
	return info
}

func text(b []byte, n int) string {
	b = b[:min(n, len(b))]
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// String is one line for people.
func (l LockInfo) String() string {
	if l.State != "held" {
		return l.State
	}
	s := fmt.Sprintf("held by pid %d", l.OwnerPID)
	if !l.Alive {
		s += " (dead)"
	}
	if l.Since > 0 {
		s += fmt.Sprintf(" for at least %v", l.Since.Round(time.Millisecond))
	}
	if l.Waiters {
		s += ", waited for"
	}
	return s
}
