package sync_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// In these tests somebody has written into an object what no process ever writes. Every
// method of it ends all the same, without an error or with one that is documented, and
// other objects are as before. That there is no panic, SIGSEGV or SIGBUS, and no endless
// loop, is the other half of the test.

type closer interface{ Close() error }

// hostileKind is one kind of objects.
type hostileKind struct {
	head   int   // bytes in front of the items
	fields []int // offsets of what is used of them, in words of 32 bits
	make   func(s *crime, name string) (closer, error)
	open   func(seg *shm.Segment, name string) (closer, error)
	// calls makes every call of a handle, by do.
	calls func(handle closer, do calls)
	errs  []error // that the methods document, beside those that all have
}

// crime is a segment with a victim, and with others who must not be disturbed.
type crime struct {
	t         testing.TB
	kind      string
	seg       *shm.Segment
	neighbors []*shm.Object // full of neighborByte
	lock      *shsync.Mutex // that of a condition
	theirs    *shsync.Mutex // held by another process
	owners    []uint32      // of processes: this one, others that live, have died, were never there
	text      string        // what was done, for messages
	patience  time.Duration // of each call
}

const neighborByte = 0xa5

// newCrime makes the scene. With peers there are two other processes, one of them dead.
func newCrime(t testing.TB, kind string, peers bool) *crime {
	t.Helper()
	seg, err := shm.Create(filepath.Join(t.TempDir(), "seg"), shm.WithMaxSize(4<<20))
	must(t, err)
	c := &crime{t: t, kind: kind, seg: seg}
	c.theirs, err = shsync.NewMutexIn(seg, "theirs")
	must(t, err)
	o, err := seg.OpenObject("theirs", shsync.Specs["Mutex"])
	must(t, err)
	stale := func(owner uint32) uint32 {
		return layout.Owner(layout.OwnerSlot(owner), layout.NextGeneration(layout.OwnerGeneration(owner)))
	}
	c.owners = []uint32{o.Self(), stale(o.Self()), layout.Owner(layout.MaxSlots-1, 1), layout.Owner(1, 0), layout.Owner(7, 3)}
	if peers {
		for range 2 {
			p := start(t, c.theirs)
			ask(p, "lock", "<nil>")
			owner := o.Mutex().Word & layout.OwnerMask
			c.owners = append(c.owners, owner, stale(owner))
			if len(c.owners) == 7 {
				ask(p, "unlock", "<nil>")
				p.Kill()
			}
		}
	}
	must(t, o.Close())
	t.Cleanup(func() {
		must(t, c.theirs.Close())
		must(t, seg.Close())
	})
	return c
}

// victim is the object that is damaged.
type victim struct {
	*crime
	k      hostileKind
	object *shm.Object
	handle closer
}

// victim makes a new one, between two neighbors.
func (c *crime) victim() *victim {
	c.t.Helper()
	v := &victim{crime: c, k: hostileKinds[c.kind]}
	c.neighbor("before")
	var err error
	if c.kind == "Cond" {
		c.lock, err = shsync.NewMutexIn(c.seg, "lock")
		must(c.t, err)
	}
	v.handle, err = v.k.make(c, "it")
	must(c.t, err)
	v.object, err = c.seg.OpenObject("it", shsync.Specs[c.kind])
	must(c.t, err)
	c.neighbor("after")
	c.text = ""
	return v
}

func (c *crime) neighbor(name string) {
	c.t.Helper()
	typ, _ := shm.TypeOf[byte]()
	o, err := c.seg.NewObject(name, shm.Spec{Kind: shm.KindBytes, Type: typ, Count: 200}, nil)
	must(c.t, err)
	copy(shm.Raw(o), bytes.Repeat([]byte{neighborByte}, 200))
	c.neighbors = append(c.neighbors, o)
}

// poke writes at off of the payload.
func (v *victim) poke(off int, value uint32) {
	v.text += fmt.Sprintf(" [%d]=%#x", off, value)
	if off < v.k.head {
		*shm.Head[uint32](v.object, uint64(off)) = value
		return
	}
	binary.LittleEndian.PutUint32(shm.Raw(v.object)[off-v.k.head:], value)
}

func (v *victim) size() int { return v.k.head + len(shm.Raw(v.object)) }

// spots are the offsets at which damage is likely to matter: fields, and some items.
func (v *victim) spots() []int {
	spots := slices.Clone(v.k.fields)
	item := int(v.object.Spec().Type.Size)
	if item == 0 {
		return spots
	}
	n := int(v.object.Spec().Count)
	at := []int{0, 1, 2, n - 1}
	if v.kind == "RWMutex" {
		at = []int{0, int(layout.ReaderCell(1)), int(layout.ReaderCell(2)), 3, n - 1}
	}
	for _, i := range at {
		for half := 0; half < item; half += 4 {
			if off := v.k.head + i*item + half; !slices.Contains(spots, off) {
				spots = append(spots, off)
			}
		}
	}
	return spots
}

// values are what damage writes.
func (c *crime) values() []uint32 {
	values := []uint32{
		0, 1, 2, 3, 0xffff, 1<<29 - 1, 1 << 30, 1<<30 + 2, 1<<31 - 1, 1 << 31, 1<<31 + 1, 3 << 30, ^uint32(0), ^uint32(0) - 1,
		layout.MutexOrphan, layout.MutexUnusable, layout.MutexDied | 3<<20, 5,
	}
	for _, owner := range c.owners {
		values = append(values, owner, owner|1<<31, owner|1<<30)
	}
	return values
}

// suffer makes all calls, of the handle from before the damage and of one from after it.
func (v *victim) suffer() {
	v.t.Helper()
	v.use(v.handle)
	late, err := v.k.open(v.seg, "it")
	v.ended("Open", err)
	if err == nil {
		v.use(late)
		v.ended("Close", late.Close())
	}
	v.others()
}

func (v *victim) use(handle closer) {
	v.t.Helper()
	var backwards []func()
	v.k.calls(handle, func(name string, f func(ctx context.Context) error) {
		call := func() {
			ctx, cancel := context.WithTimeout(context.Background(), v.patience)
			defer cancel()
			v.ended(name, f(ctx))
		}
		call()
		backwards = append([]func(){call}, backwards...)
	})
	for _, call := range backwards {
		call()
	}
}

// ended fails the test if err is not documented.
func (v *victim) ended(call string, err error) {
	v.t.Helper()
	var corrupt *shm.CorruptError
	if errors.As(err, &corrupt) {
		if !strings.Contains(corrupt.Field, ".") {
			v.t.Errorf("%s after%s: %v names no field", call, v.text, err)
		}
		return
	}
	for _, want := range append(v.k.errs, nil, context.Canceled, context.DeadlineExceeded) {
		if errors.Is(err, want) {
			return
		}
	}
	v.t.Errorf("%s after%s: %v", call, v.text, err)
}

// others fails the test if somebody else was disturbed.
func (v *victim) others() {
	v.t.Helper()
	for _, o := range v.neighbors {
		if b := shm.Raw(o); bytes.Count(b, []byte{neighborByte}) != len(b) {
			v.t.Errorf("a neighbor has changed after%s", v.text)
		}
	}
	if len(v.owners) > 5 {
		if ok, err := v.theirs.TryLock(); ok || err != nil {
			v.t.Errorf("the lock of another process after%s: %v, %v", v.text, ok, err)
		}
	}
	found, err := v.seg.Check()
	must(v.t, err)
	index, _ := v.object.Place()
	for _, f := range found {
		if f.Where != fmt.Sprintf("object[%d]", index) {
			v.t.Errorf("Check after%s: %v", v.text, f)
		}
	}
}

// end takes the victim away. Nothing is left of it.
func (v *victim) end() {
	v.t.Helper()
	v.ended("Close", v.handle.Close())
	must(v.t, v.object.Close())
	names := []string{"it", "before", "after"}
	if v.kind == "Cond" {
		must(v.t, v.lock.Close())
		names = append(names, "lock")
	}
	for _, o := range v.neighbors {
		must(v.t, o.Close())
	}
	v.neighbors = nil
	for _, name := range names {
		must(v.t, v.seg.RemoveObject(name))
	}
	if found, err := v.seg.Check(); err != nil || len(found) > 0 {
		v.t.Errorf("after%s, and the end of the object: %v, %v", v.text, found, err)
	}
}

func eachHostileKind(t *testing.T, f func(t *testing.T, kind string)) {
	for kind := range hostileKinds {
		t.Run(kind, func(t *testing.T) { watchdog(t); f(t, kind) })
	}
}

// Each field has each value that means something somewhere.
func TestHostileWords(t *testing.T) {
	shmtest.Need("lock")
	eachHostileKind(t, func(t *testing.T, kind string) {
		c := newCrime(t, kind, true)
		v := c.victim()
		spots := v.spots()
		v.suffer()
		v.end()
		n := 0
		for _, off := range spots {
			for i, value := range c.values() {
				if testing.Short() && (off/4+i)%4 != 0 {
					continue
				}
				v := c.victim()
				v.poke(off, value)
				v.suffer()
				v.end()
				n++
			}
		}
		t.Logf("%d damages", n)
	})
}

// All bytes at once, and random ones.
func TestHostileBytes(t *testing.T) {
	shmtest.Need("lock")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	eachHostileKind(t, func(t *testing.T, kind string) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := newCrime(t, kind, true)
		v := c.victim()
		for off := 0; off < v.size(); off += 4 {
			v.poke(off, ^uint32(0))
		}
		v.text = " all ones"
		v.suffer()
		v.end()
		rounds := 100
		if testing.Short() {
			rounds = 20
		}
		for range rounds {
			v := c.victim()
			if v.patience = 0; r.IntN(4) == 0 {
				v.patience = time.Millisecond // there is time to sleep
			}
			v.scribble(r)
			v.suffer()
			v.end()
		}
	})
}

// scribble writes something to some places, likely ones and others.
func (v *victim) scribble(r *rand.Rand) {
	spots, values := v.spots(), v.values()
	for range 1 + r.IntN(6) {
		off, value := spots[r.IntN(len(spots))], values[r.IntN(len(values))]
		if r.IntN(8) == 0 {
			off = r.IntN(v.size()/4) * 4
		}
		if r.IntN(4) == 0 {
			value = r.Uint32()
		}
		v.poke(off, value)
	}
}

// FuzzHostile: whatever somebody writes into an object, every method ends as documented.
// The first byte chooses the kind; then each six are where and what.
func FuzzHostile(f *testing.F) {
	kinds := slices.Sorted(maps.Keys(hostileKinds))
	for i := range kinds {
		f.Add([]byte{byte(i), 0, 0, 255, 255, 255, 255, 4, 0, 0, 0, 16, 0})
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 {
			return
		}
		shmtest.Watchdog(t, time.Minute)
		v := newCrime(t, kinds[int(script[0])%len(kinds)], false).victim()
		for script = script[1:]; len(script) >= 6; script = script[6:] {
			off := int(binary.LittleEndian.Uint16(script)) % (v.size() / 4) * 4
			v.poke(off, binary.LittleEndian.Uint32(script[2:]))
		}
		v.suffer()
		v.end()
	})
}
