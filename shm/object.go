package shm

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"

	"shmkit/internal/heap"
	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/sys"
)

// Object is this process's use of one object in a segment: what a Mutex, Value
// or Array handle is made of. All handles of one process share one Object per
// object. Programs do not use it directly; packages that put something of their
// own into segments do.
//
// Use [Segment.NewObject], [Segment.OpenObject] or [OpenHandle]; the zero value is
// not usable and it must not be copied. All methods may be called concurrently.
// The object is shared with every process that opens it; if this process dies,
// its hold on it ends with the next sweep.
type Object struct {
	core       *core
	record     *layout.Object
	index      uint32
	generation uint32
	spec       Spec
	data       uint64 // offset of the payload, checked
	size       uint64
	itemsOff   uint64

	refs   int         // guarded by core.mu
	shared atomic.Bool // a handle was encoded: others may be about to use it
	local  sync.Mutex  // see Local
}

// NewObject creates an object. With a name it is reachable by OpenObject and
// stays until RemoveObject; an empty name makes it anonymous: it is freed when
// the last process that uses it closes it or dies. init, if not nil, runs before
// anybody else can see the object; its payload is zero until then.
//
// Errors: ErrName, ErrExists, ErrTooLarge, ErrClosed, and syscall.ENOSPC when the
// segment cannot grow.
func (s *Segment) NewObject(name string, spec Spec, init func(*Object) error) (*Object, error) {
	c, err := s.use()
	if err != nil {
		return nil, fail("create", s.name(name), err)
	}
	defer c.leave()
	if name != "" {
		if err := checkName(name); err != nil {
			return nil, fail("create", s.name(name), err)
		}
	}
	o, err := c.create(name, spec, init)
	return o, fail("create", s.name(name), err)
}

func (c *core) create(name string, spec Spec, init func(*Object) error) (*Object, error) {
	i, record, state, err := c.claim()
	if err != nil {
		return nil, err
	}
	o, err := c.build(i, record, state, name, spec)
	if err == nil && init != nil {
		err = init(o)
	}
	if err != nil {
		c.finishFree(i, record, state)
		return nil, err
	}
	c.hold(o)
	if name == "" {
		// sync: object published
		atomic.StoreUint64(&record.State, layout.ObjectState(layout.ObjectReady, 0, o.generation))
		return o, nil
	}
	if err := c.publish(i, record, state, name); err != nil {
		c.unhold(o)
		c.finishFree(i, record, state)
		return nil, err
	}
	return o, nil
}

// hold makes o the process's use of its object, with the bit that tells so.
func (c *core) hold(o *Object) {
	c.exposed.Store(true)
	c.mu.Lock()
	o.refs = 1
	c.refs.Add(1)
	c.open[o.index] = o
	setHolder(o.record, c.slot)
	c.mu.Unlock()
}

// unhold undoes hold.
func (c *core) unhold(o *Object) {
	c.mu.Lock()
	c.refs.Add(-1) // never the last: the caller has one
	delete(c.open, o.index)
	clearHolder(o.record, c.slot)
	c.mu.Unlock()
}

// load reads the record once and checks every number that an address is made of.
func (o *Object) load() error {
	r := o.record
	o.spec = Spec{Kind: r.Kind, Type: recordType(r), Count: r.Count}
	o.spec.Mutex = kindOf(r.Kind).lock || r.OwnerFormat == layout.OwnerMutex32
	o.data, o.size, o.itemsOff = r.Data, r.Size, r.ItemsOff
	bad := func(field string, value uint64) error {
		return &CorruptError{fmt.Sprintf("object[%d].%s", o.index, field), value, nil}
	}
	k := kindOf(o.spec.Kind)
	size, itemsOff, err := o.spec.size()
	format, _, _, _ := o.spec.owners()
	switch {
	case err != nil, k.count != 0 && o.spec.Count != k.count:
		return bad("Count", o.spec.Count)
	case o.size != size:
		return bad("Size", o.size)
	case o.itemsOff != itemsOff:
		return bad("ItemsOff", o.itemsOff)
	case r.OwnerFormat != format:
		return bad("OwnerFormat", uint64(r.OwnerFormat))
	case format != layout.OwnerNone && r.OwnerOff != 0:
		return bad("OwnerOff", uint64(r.OwnerOff))
	case o.data < layout.FirstArena || o.data%64 != 0 || o.data > o.core.end() || size > o.core.end()-o.data:
		return bad("Data", o.data)
	}
	_, err = mem.Slice[byte](o.core.mem, o.data, o.size)
	return damaged("object.Data", o.data, err)
}

// inBlock checks that the payload lies in the block of o: what is written there changes
// no other object. o is not being freed.
func (o *Object) inBlock() error {
	block := atomic.LoadUint64(&o.record.Block)
	from, to, err := heap.BlockSpan(o.core.mem, o.core.end(), block, o.index, o.generation)
	switch {
	case err != nil:
		return &CorruptError{fmt.Sprintf("object[%d].Block", o.index), block, err}
	case o.data < from || o.data > to:
		return &CorruptError{fmt.Sprintf("object[%d].Data", o.index), o.data, nil}
	case o.size > to-o.data:
		return &CorruptError{fmt.Sprintf("object[%d].Size", o.index), o.size, nil}
	}
	return nil
}

// OpenObject finds the object by name and checks that it is what want says; the
// count of items is not compared. Errors: ErrNotFound, *TypeError, *CorruptError.
func (s *Segment) OpenObject(name string, want Spec) (*Object, error) {
	c, err := s.use()
	if err != nil {
		return nil, fail("open", s.name(name), err)
	}
	defer c.leave()
	o, err := c.openName(name, want)
	return o, fail("open", s.name(name), err)
}

func (c *core) openName(name string, want Spec) (*Object, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	var last, lastGeneration uint32
	for {
		i, generation, err := c.find(name)
		if i == 0 || err != nil {
			err = c.admin(func() (err error) { i, generation, err = c.find(name); return err })
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			return nil, ErrNotFound
		}
		o, err := c.join(i, generation, want)
		if err != ErrGone {
			return o, err
		}
		// Removed and freed since; the name may be another's by now. One that is
		// gone does not come back.
		if i == last && generation == lastGeneration {
			return nil, &CorruptError{fmt.Sprintf("object[%d].State", i), uint64(generation), nil}
		}
		last, lastGeneration = i, generation
	}
}

// join makes this process a user of the object (i, generation).
func (c *core) join(i, generation uint32, want Spec) (*Object, error) {
	record, err := c.object(i)
	if err != nil {
		return nil, err
	}
	c.exposed.Store(true)
	c.mu.Lock()
	if o := c.open[i]; o != nil {
		defer c.mu.Unlock()
		if o.generation != generation {
			return nil, ErrGone
		}
		if err := want.match(o.spec); err != nil {
			return nil, err
		}
		o.refs++
		return o, nil
	}
	// First the bit, then the state: see freeIfUnused.
	setHolder(record, c.slot)
	state := settled(record, generation)
	s := state & layout.ObjectStateMask
	o := &Object{core: c, record: record, index: i, generation: generation, refs: 1}
	switch {
	case layout.ObjectGeneration(state) != generation || s != layout.ObjectReady && s != layout.ObjectRemoving:
		err = ErrGone
	default:
		if err = o.load(); err == nil {
			err = want.match(o.spec)
		}
		if err == nil {
			err = o.inBlock()
		}
	}
	if err != nil {
		clearHolder(record, c.slot)
		c.mu.Unlock()
		c.freeIfUnused(i, record, c.slot)
		return nil, err
	}
	c.refs.Add(1) // not from 0: the caller has one
	c.open[i] = o
	c.mu.Unlock()
	return o, nil
}

// settled is the state of record after the caller set its bit. A Dying object with
// the right generation has a user now, and so is Ready again: without that, who
// frees it would have to notice, and may be stopped.
func settled(record *layout.Object, generation uint32) uint64 {
	for {
		// sync: object dying
		state := atomic.LoadUint64(&record.State)
		if state&layout.ObjectStateMask != layout.ObjectDying || layout.ObjectGeneration(state) != generation {
			return state
		}
		revive(record, state)
	}
}

// Close ends one use of the object; the last one of the process ends the
// process's hold (a lock that the process still has is passed on as if it had
// died), and the last process's frees an anonymous object. It must be called once
// per NewObject, OpenObject and OpenHandle.
func (o *Object) Close() error {
	c := o.core
	c.mu.Lock()
	switch o.refs--; {
	case o.refs < 0:
		o.refs = 0
		c.mu.Unlock()
		return ErrClosed
	case o.refs > 0:
		c.mu.Unlock()
		return nil
	}
	delete(c.open, o.index)
	// Without a handle this process cannot unlock. While the bit is set the payload
	// is o's, so this is the last moment to pass a lock on.
	c.disown(o.record, c.self)
	clearHolder(o.record, c.slot)
	c.mu.Unlock()
	c.freeIfUnused(o.index, o.record, c.slot)
	return c.leave()
}

// Retain adds one use of the object, for a second handle; the caller has one
// itself. It is ended by Close.
func (o *Object) Retain() {
	o.core.mu.Lock()
	o.refs++
	o.core.mu.Unlock()
}

// TryRetain is Retain for one that may have no use of the object any more: it is false, and
// adds none, if the last use of the process has ended.
func (o *Object) TryRetain() bool {
	o.core.mu.Lock()
	defer o.core.mu.Unlock()
	if o.refs == 0 {
		return false
	}
	o.refs++
	return true
}

// AutoClose closes o when the garbage collector finds handle unreachable, unless
// the handle was encoded before: then another process may be about to open it,
// and the hold stays for the life of this process or until an explicit Close. A
// handle that is closed explicitly stops the cleanup first.
func AutoClose[H any](handle *H, o *Object) runtime.Cleanup {
	return runtime.AddCleanup(handle, func(o *Object) {
		if !o.shared.Load() {
			o.Close()
		}
	}, o)
}

// Self is the owner id of this process in o's segment: what an owner field holds
// that names us.
func (o *Object) Self() uint32 { return o.core.self }

// Liveness tells whether the process behind owner is alive; see [Life]. With ask
// it makes a system call even if the death word is quiet.
func (o *Object) Liveness(owner uint32, ask bool) Life { return o.core.liveness(owner, ask) }

// DeathWord is a futex word that changes when the process behind owner dies, and
// its value until then. ok is false if owner is us or dead already.
func (o *Object) DeathWord(owner uint32) (addr *uint32, val uint32, ok bool) {
	return o.core.deathWord(owner)
}

// WakeMourners wakes everybody who sleeps on the death word of owner. The kernel
// wakes one sleeper when a process dies; that one calls this.
func (o *Object) WakeMourners(owner uint32) {
	sys.FutexWake(&o.core.participant(layout.OwnerSlot(owner)).Death, math.MaxInt32)
}

// Enter begins an operation that may wait; the segment cannot be detached before
// the matching Leave. It fails with ErrClosed.
func (o *Object) Enter() error { return o.core.enter() }

// Leave ends what Enter began.
func (o *Object) Leave() { o.core.leave() }

// Stats are the counters of this process in o's segment; add to them atomically.
func (o *Object) Stats() *layout.Participant { return o.core.part }

// Spec is what the object is.
func (o *Object) Spec() Spec { return o.spec }

// Describe is the state of o for people, in one line: ObjectInfo.Sync.
func (o *Object) Describe() string {
	k := kindOf(o.spec.Kind)
	if k.describe == nil || o.core.enter() != nil {
		return ""
	}
	defer o.core.leave()
	return k.describe(o.core.view, o.record)
}

// PIDOf is the process id behind owner as it saw it itself, 0 if owner is stale.
func (o *Object) PIDOf(owner uint32) uint32 {
	p := o.core.participant(layout.OwnerSlot(owner))
	if atomic.LoadUint32(&p.Generation) != layout.OwnerGeneration(owner) {
		return 0
	}
	return p.PID
}

// Mutex is the lock at the start of the payload, nil if the object has none.
func (o *Object) Mutex() *layout.Mutex {
	if !o.spec.Mutex {
		return nil
	}
	m, err := mem.At[layout.Mutex](o.core.mem, o.data)
	if err != nil {
		panic("shm: checked object out of bounds: " + err.Error())
	}
	return m
}

// Head is the T at off in front of the items of o, for kinds of a fixed shape. It
// panics if there is none.
func Head[T any](o *Object, off uint64) *T {
	if off+uint64(reflect.TypeFor[T]().Size()) > o.itemsOff {
		panic(fmt.Sprintf("shm: %v has no %v at %d", o.spec, reflect.TypeFor[T](), off))
	}
	head, err := mem.At[T](o.core.mem, o.data+off)
	if err != nil {
		panic("shm: checked object out of bounds: " + err.Error())
	}
	return head
}

// Raw is the memory of the items of o, with what lies between them.
func Raw(o *Object) []byte {
	b, err := mem.Slice[byte](o.core.mem, o.data+o.itemsOff, o.size-o.itemsOff)
	if err != nil {
		panic("shm: checked object out of bounds: " + err.Error())
	}
	return b
}

// Items is the items of o as a slice over the shared memory, without a copy.
// It panics if T is not the size that the object was opened with.
//
// The mapping stays while o is reachable, or for ever after Pin.
func Items[T any](o *Object) []T {
	var zero T
	if uint32(reflect.TypeFor[T]().Size()) != o.spec.Type.Size {
		panic(fmt.Sprintf("shm: items of %d bytes seen as %T", o.spec.Type.Size, zero))
	}
	items, err := mem.Slice[T](o.core.mem, o.data+o.itemsOff, o.spec.Count)
	if err != nil {
		panic("shm: checked object out of bounds: " + err.Error())
	}
	return items
}

// Pin keeps the segment mapped until the process ends, because somebody has a raw
// slice of it that the garbage collector does not see.
func (o *Object) Pin() { o.core.pinned.Store(true) }
