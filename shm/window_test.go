package shm_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/shm"
	shsync "shmkit/sync"
)

// Offsets of the fields that these tests write, as docs/format.md has them.
const (
	headerBootID  = 128
	headerPages   = 264
	objectState   = 0
	objectHolders = 384
)

func init() { shmtest.Register("holder", holdLock) }

// holdLock takes a lock and keeps it.
func holdLock(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	m, err := shsync.OpenMutex(seg, "lock")
	c.Must(err)
	c.Must(m.Lock())
	c.Say(seg.Path())
	c.Park()
	m.Unlock()
}

// poke writes a 64-bit word into the file of seg, which every mapping sees.
func poke(t testing.TB, seg *shm.Segment, off int64, v uint64) {
	t.Helper()
	f, err := os.OpenFile(seg.Path(), os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	_, err = f.WriteAt(binary.LittleEndian.AppendUint64(nil, v), off)
	must(t, err)
}

func peek(t testing.TB, seg *shm.Segment, off int64) uint64 {
	t.Helper()
	f, err := os.Open(seg.Path())
	must(t, err)
	defer f.Close()
	var b [8]byte
	_, err = f.ReadAt(b[:], off)
	must(t, err)
	return binary.LittleEndian.Uint64(b[:])
}

// recordAt is where the record of an object of directory page 0 is.
func recordAt(t testing.TB, seg *shm.Segment, index uint32) int64 {
	t.Helper()
	return int64(peek(t, seg, headerPages)) + int64(index)*layout.ObjectSize
}

// deadSlot is the slot of a process that was killed while it was attached to seg,
// and that nobody has swept yet.
func deadSlot(t testing.TB, seg *shm.Segment) uint32 {
	t.Helper()
	return deadSlotOf(t, seg, "attach")
}

// deadSlotOf is deadSlot for a helper that says one line.
func deadSlotOf(t testing.TB, seg *shm.Segment, helper string) uint32 {
	t.Helper()
	p := shmtest.Start(t, helper, seg.Path())
	p.Line()
	p.Kill()
	info, err := seg.Info()
	must(t, err)
	for _, p := range info.Participants {
		if !p.Alive {
			return p.Slot
		}
	}
	t.Fatal("no participant is dead")
	return 0
}

// A process is killed between the two looks at the holders of an object that it
// is about to free, and another has begun to use the object just before. The
// sweep must look again, not free what is in use.
func TestKilledInTwoMinds(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := create(t, "two-minds")
	slot := deadSlot(t, seg)
	o, err := seg.NewObject("", bytesSpec(1000), nil)
	must(t, err)
	copy(shm.Items[byte](o), "in use")
	h, err := o.Handle()
	must(t, err)
	state := recordAt(t, seg, h.Index) + objectState
	poke(t, seg, state, layout.ObjectState(layout.ObjectDying, slot, h.Generation))
	o.SweepOwner(layout.Owner(slot, 1))
	if got, want := peek(t, seg, state), layout.ObjectState(layout.ObjectReady, 0, h.Generation); got != want {
		t.Errorf("state after the sweep = %#x, want %#x", got, want)
	}
	for range 10 {
		other, err := seg.NewObject("", bytesSpec(1000), nil)
		must(t, err)
		copy(shm.Items[byte](other), "another")
		defer other.Close()
	}
	if s := string(shm.Items[byte](o)[:6]); s != "in use" {
		t.Errorf("the object reads %q", s)
	}
	must(t, o.Close())
	if got, want := peek(t, seg, state), layout.ObjectState(layout.ObjectFree, 0, h.Generation); got != want {
		t.Errorf("state after the last Close = %#x, want %#x", got, want)
	}
}

// One who frees an object is stopped between the two looks. Who comes with a
// handle in time gets the object: it does not depend on the stopped one.
func TestStoppedInTwoMinds(t *testing.T) {
	seg := create(t, "stopped")
	o, err := seg.NewObject("", bytesSpec(10), nil)
	must(t, err)
	h, err := o.Handle()
	must(t, err)
	p := shmtest.Start(t, "attach", seg.Path())
	p.Expect("attached")
	poke(t, seg, recordAt(t, seg, h.Index)+objectState, layout.ObjectState(layout.ObjectDying, 1, h.Generation))
	q := shmtest.Start(t, "handle", handleText(t, o))
	q.Line() // the content
	q.Line() // its handle: it has the object
	q.Send("close")
	q.Expect("closed")
	q.Send("exit")
	q.Wait()
	must(t, o.Close())
	p.Kill()
}

// Goroutines of one process share a file lock. A sweep stays out of the directory
// while another goroutine is in it.
func TestSweepStaysOutOfTheDirectory(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := create(t, "directory")
	slot := deadSlot(t, seg)
	o, err := seg.NewObject("name", bytesSpec(10), nil)
	must(t, err)
	h, err := o.Handle()
	must(t, err)
	state := recordAt(t, seg, h.Index) + objectState
	removing := layout.ObjectState(layout.ObjectRemoving|layout.ObjectNamed, slot, h.Generation)
	poke(t, seg, state, removing)
	swept := make(chan struct{})
	must(t, seg.Admin(func() error {
		go func() {
			o.SweepOwner(layout.Owner(slot, 1))
			close(swept)
		}()
		for range 10_000 {
			runtime.Gosched()
			if peek(t, seg, state) != removing {
				t.Error("two goroutines are in the directory at once")
				break
			}
		}
		return nil
	}))
	<-swept
	o.SweepOwner(layout.Owner(slot, 1)) // if the first had to leave it
	if got, want := peek(t, seg, state), layout.ObjectState(layout.ObjectReady, 0, h.Generation); got != want {
		t.Errorf("state after the sweep = %#x, want %#x", got, want)
	}
	must(t, o.Close())
}

// One who waits for the directory of a segment, which a stopped process may be in,
// does not keep others of the process from other segments.
func TestOpenWaitsAlone(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg, err := shm.Create("waits")
	must(t, err)
	poke(t, seg, headerBootID, 1) // so that Open wants LockAdmin
	must(t, seg.Close())
	f, err := os.OpenFile(seg.Path(), os.O_RDWR, 0)
	must(t, err)
	must(t, sys.Lock(int(f.Fd()), layout.LockAdmin, 1))
	opened := make(chan error)
	for range 2 {
		go func() {
			again, err := shm.Open(seg.Path())
			if err == nil {
				err = again.Close()
			}
			opened <- err
		}()
	}
	for range 50 {
		other, err := shm.Create("other")
		must(t, err)
		runtime.Gosched()
		must(t, other.Close())
		must(t, shm.Remove("other"))
	}
	must(t, f.Close()) // and with it the lock goes
	must(t, <-opened)
	must(t, <-opened)
	must(t, shm.Remove("waits"))
}

// One process died with a lock and in the middle of removing a name, another one
// is stopped in the directory, and a third sweeps the dead one's slot, which waits
// for the directory. Nobody who wants the lock waits for any of them.
func TestLockDoesNotWaitForTheDirectory(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, sweeper := range []bool{false, true} {
		seg := create(t, fmt.Sprint("chain-", sweeper))
		m, err := shsync.NewMutexIn(seg, "lock")
		must(t, err)
		o, err := seg.NewObject("name", bytesSpec(10), nil)
		must(t, err)
		h, err := o.Handle()
		must(t, err)
		slot := deadSlotOf(t, seg, "holder")
		state := recordAt(t, seg, h.Index) + objectState
		poke(t, seg, state, layout.ObjectState(layout.ObjectRemoving|layout.ObjectNamed, slot, h.Generation))
		f, err := os.OpenFile(seg.Path(), os.O_RDWR, 0)
		must(t, err)
		fd := int(f.Fd())
		must(t, sys.Lock(fd, layout.LockAdmin, 1)) // as one who is stopped there
		var p *shmtest.Process
		if sweeper {
			p = shmtest.Start(t, "attach", seg.Path())
			for held := false; !held; runtime.Gosched() {
				held, _, _, err = sys.Holder(fd, layout.LockSlots+int64(slot), 1)
				must(t, err)
			}
		}
		if err := m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
			t.Errorf("Lock: %v, want ErrOwnerDied", err)
		}
		must(t, m.MarkConsistent())
		must(t, m.Unlock())
		must(t, f.Close())
		if p == nil {
			p = shmtest.Start(t, "attach", seg.Path())
		}
		p.Expect("attached") // and so it has swept
		if got, want := peek(t, seg, state), layout.ObjectState(layout.ObjectReady, 0, h.Generation); got != want {
			t.Errorf("state after the sweep = %#x, want %#x", got, want)
		}
		must(t, o.Close())
		must(t, m.Close())
		p.Kill()
	}
}

// A sweep looks at an object whose name a living process is removing. Before it
// takes the hold of the dead away, the other is done, and has seen that hold. The
// sweep is the last one then, and has to free the object.
func TestSweepIsTheLast(t *testing.T) {
	seg := create(t, "last")
	slot := deadSlot(t, seg)
	keep, err := seg.NewObject("", bytesSpec(1), nil)
	must(t, err)
	defer keep.Close()
	o, err := seg.NewObject("", bytesSpec(1), nil)
	must(t, err)
	h, err := o.Handle()
	must(t, err)
	record := recordAt(t, seg, h.Index)
	holders := record + objectHolders + 8*int64(slot/64)
	poke(t, seg, holders, peek(t, seg, holders)|1<<(slot%64))
	must(t, o.Close())
	poke(t, seg, record+objectState, layout.ObjectState(layout.ObjectRemoving, 0, h.Generation))
	defer shm.OnDisown(func() {
		poke(t, seg, record+objectState, layout.ObjectState(layout.ObjectReady, 0, h.Generation))
	})()
	keep.SweepOwner(layout.Owner(slot, 1))
	if got, want := peek(t, seg, record+objectState), layout.ObjectState(layout.ObjectFree, 0, h.Generation); got != want {
		t.Errorf("state after the sweep = %#x, want %#x", got, want)
	}
}
