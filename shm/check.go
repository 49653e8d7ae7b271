package shm

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
)

// Violation is one broken law of a segment.
type Violation struct {
	Where string // "object[3]", "participant[1]", "arena", …
	What  string
}

// String is "where: what".
func (v Violation) String() string { return v.Where + ": " + v.What }

// checkRounds is how often Check looks. A segment in use changes while it is
// walked, which may look like damage; real damage is there every time.
const checkRounds = 4

// Check walks every structure of the segment name and reports every law that does
// not hold. It attaches to nothing and changes nothing; the segment may be in use.
// What a dead process left and nobody has swept yet is no violation. Errors as
// Open, if the file is not even a segment.
func Check(name string) ([]Violation, error) {
	path, err := locate(name)
	if err != nil {
		return nil, fail("check", name, err)
	}
	v, err := openView(path, false)
	if err != nil {
		return nil, fail("check", path, err)
	}
	defer v.drop()
	return v.check(), nil
}

// Check is the package function on an open segment.
func (s *Segment) Check() ([]Violation, error) {
	c, err := s.use()
	if err != nil {
		return nil, fail("check", s.name(""), err)
	}
	defer c.leave()
	return c.check(), nil
}

func (v *view) check() []Violation {
	var lasting []Violation
	for round := range checkRounds {
		found := v.checkOnce()
		if round == 0 {
			lasting = found
		}
		lasting = slices.DeleteFunc(lasting, func(x Violation) bool { return !slices.Contains(found, x) })
		if len(lasting) == 0 {
			break
		}
	}
	return lasting
}

// checker collects the violations of one walk.
type checker struct {
	*view
	found  []Violation
	linked map[uint32]int // how often each object is linked into a name chain
	others bool           // some slot has another process, alive or dead and not swept yet
}

func (c *checker) report(where, format string, args ...any) {
	c.found = append(c.found, Violation{where, fmt.Sprintf(format, args...)})
}

func (v *view) checkOnce() []Violation {
	c := &checker{view: v, linked: map[uint32]int{}}
	if size, _, _, err := fileSize(v.file); err != nil {
		c.report("file", "%v", err)
	} else if err := validate(v.header, size); err != nil {
		c.report("header", "%v", err)
	}
	c.participants()
	c.chains()
	if err := v.objects(1, func(i uint32, o *layout.Object) bool { c.object(i, o); return true }); err != nil {
		c.report("objects", "%v", err)
	}
	err := heap.Walk(v.mem, v.end(), func(heap.Extent) error { return nil })
	if err != nil && !errors.Is(err, heap.ErrBusy) {
		c.report("heap", "%v", err)
	}
	return c.found
}

func (c *checker) participants() {
	for slot := range uint32(layout.MaxSlots) {
		p := c.participant(slot)
		where := fmt.Sprintf("participant[%d]", slot)
		state, generation := atomic.LoadUint32(&p.State), atomic.LoadUint32(&p.Generation)
		switch {
		case state > layout.SlotAttached:
			c.report(where, "State = %d", state)
		case generation > layout.GenerationMask:
			c.report(where, "Generation = %#x", generation)
		case state == layout.SlotAttached && generation == 0:
			c.report(where, "attached with generation 0")
		}
		c.others = c.others || state == layout.SlotAttached && !c.own(slot)
	}
}

// chains follows each name chain and counts.
func (c *checker) chains() {
	for b := range uint64(layout.Buckets) {
		err := c.chain(b, func(i uint32, o *layout.Object) bool {
			c.linked[i]++
			if c.linked[i] > 1 {
				c.report("directory", "object %d is linked twice", i)
				return false
			}
			state := atomic.LoadUint64(&o.State)
			switch state & layout.ObjectStateMask {
			case layout.ObjectCreating, layout.ObjectRemoving:
			default:
				if state&layout.ObjectNamed == 0 {
					c.report("directory", "object %d is in bucket %d and has no name", i, b)
				}
			}
			if h := o.NameHash; h%layout.Buckets != b {
				c.report("directory", "object %d is in bucket %d, its hash %#x is of bucket %d", i, b, h, h%layout.Buckets)
			}
			return true
		})
		if err != nil {
			c.report("directory", "bucket %d: %v", b, err)
		}
	}
}

func (c *checker) object(i uint32, o *layout.Object) {
	where := fmt.Sprintf("object[%d]", i)
	w := atomic.LoadUint64(&o.State)
	state, slot := w&layout.ObjectStateMask, layout.ObjectSlot(w)
	switch state {
	case layout.ObjectFree:
		if block := atomic.LoadUint64(&o.Block); block != 0 {
			c.report(where, "free with Block = %#x", block)
		}
		return
	case layout.ObjectCreating, layout.ObjectRemoving, layout.ObjectDying, layout.ObjectFreeing:
		if atomic.LoadUint32(&c.view.participant(slot).State) != layout.SlotAttached {
			c.report(where, "state %d of slot %d, which is free", state, slot)
		}
		if state == layout.ObjectCreating {
			return
		}
	case layout.ObjectReady:
	default:
		c.report(where, "State = %#x", w)
		return
	}
	c.name(where, i, o, w)
	c.holders(where, o, w)
	if state != layout.ObjectFreeing {
		c.payload(where, i, o, w)
	}
}

func (c *checker) name(where string, i uint32, o *layout.Object, w uint64) {
	named := w&layout.ObjectNamed != 0
	if !named || w&layout.ObjectStateMask != layout.ObjectReady {
		return
	}
	n := int(o.NameLen)
	if n == 0 || n > layout.MaxName {
		c.report(where, "NameLen = %d", n)
		return
	}
	name := string(o.Name[:n])
	if h := nameHash(name); h != o.NameHash {
		c.report(where, "NameHash = %#x, that of %q is %#x", o.NameHash, name, h)
	}
	if c.linked[i] != 1 {
		c.report(where, "%q is linked %d times", name, c.linked[i])
	}
}

// holders: a hold of a slot that was swept is a leak, and so is an anonymous
// object that nobody holds, unless another process may have given it up just now:
// one that runs or is stopped has yet to free it; if it died its sweep does.
func (c *checker) holders(where string, o *layout.Object, w uint64) {
	n := 0
	for slot := range uint32(layout.MaxSlots) {
		if !holds(o, slot) {
			continue
		}
		n++
		if atomic.LoadUint32(&c.view.participant(slot).State) == layout.SlotFree {
			c.report(where, "held by slot %d, which is free", slot)
		}
	}
	if n == 0 && !c.others && w&(layout.ObjectStateMask|layout.ObjectNamed) == layout.ObjectReady {
		c.report(where, "has no name and no holder, and is not freed")
	}
}

func (c *checker) payload(where string, i uint32, o *layout.Object, w uint64) {
	generation := layout.ObjectGeneration(w)
	probe := Object{core: &core{view: c.view}, record: o, index: i, generation: generation}
	if err := probe.load(); err != nil {
		c.report(where, "%v", err)
		return
	}
	from, to, err := heap.BlockSpan(c.mem, c.end(), o.Block, i, generation)
	switch {
	case err != nil:
		c.report(where, "Block = %#x: %v", o.Block, err)
	case o.Data < from || o.Data+o.Size > to:
		c.report(where, "payload %#x+%d is not inside its block %#x..%#x", o.Data, o.Size, from, to)
	}
	if err != nil {
		return
	}
	if probe.spec.Mutex {
		c.mutex(where, o)
	}
	if k := kindOf(o.Kind); k.check != nil {
		k.check(c, where, o)
	}
}

// mutex: a lock is held by a slot that is attached, in its present generation.
func (c *checker) mutex(where string, o *layout.Object) {
	m, err := mem.At[layout.Mutex](c.mem, o.Data+uint64(o.OwnerOff))
	if err != nil {
		c.report(where, "lock: %v", err)
		return
	}
	w := atomic.LoadUint32(&m.Word)
	switch state := w &^ layout.MutexWaiters; {
	case state == 0, state == layout.MutexOrphan, state == layout.MutexUnusable:
		return
	}
	owner := w & layout.OwnerMask
	p := c.view.participant(layout.OwnerSlot(owner))
	if atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner) || atomic.LoadUint32(&p.State) != layout.SlotAttached {
		c.report(where, "lock is held by slot %d generation %d, which is nobody",
			layout.OwnerSlot(owner), layout.OwnerGeneration(owner))
	}
}
