package shm_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	shmtest.Register("half", leaveHalfMade)
	shmtest.Register("find", findOnRequest)
	shmtest.Register("replace", replaceForEver)
}

// leaveHalfMade holds the lock "last" and stays in the middle of making "half".
func leaveHalfMade(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	m, err := shsync.OpenMutex(seg, "last")
	c.Must(err)
	c.Must(m.Lock())
	_, err = seg.NewObject("half", bytesSpec(100), func(*shm.Object) error {
		c.Say("inside")
		c.Park()
		return nil
	})
	c.Must(err)
}

// What the dead were making goes with the next one who attaches, name and all.
func TestHalfMadeOfTheDead(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := create(t, "half")
	m, err := shsync.NewMutexIn(seg, "last")
	must(t, err)
	defer m.Close()
	p := shmtest.Start(t, "half", seg.Path())
	p.Expect("inside")
	p.Kill()
	q := shmtest.Start(t, "open", seg.Path())
	q.Expect("<nil>")
	q.Wait()
	info, err := seg.Info()
	must(t, err)
	if len(info.Objects) != 1 {
		t.Errorf("%d objects, want the lock alone", len(info.Objects))
	}
	sound(t, seg)
	o, err := seg.NewObject("half", bytesSpec(100), nil)
	must(t, err)
	must(t, o.Close())
}

// A sweeper is killed in the middle. The next one starts over and leaves nothing
// undone.
func TestSweeperKilled(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := create(t, "sweeper")
	first, err := seg.NewObject("", bytesSpec(1), nil) // keeps a low record for "half"
	must(t, err)
	m, err := shsync.NewMutexIn(seg, "last")
	must(t, err)
	defer m.Close()
	must(t, first.Close())
	p := shmtest.Start(t, "half", seg.Path())
	p.Expect("inside")
	p.Kill()

	// A sweeper needs LockAdmin to take the name "half" back; there it stops.
	f, err := sys.OpenFile(seg.Path(), true)
	must(t, err)
	defer f.Close()
	must(t, sys.Lock(int(f.Fd()), layout.LockAdmin, 1))
	q := shmtest.Start(t, "open", seg.Path())
	waitsForFileLock(t, q)
	q.Kill()
	must(t, sys.Unlock(int(f.Fd()), layout.LockAdmin, 1))

	r := shmtest.Start(t, "open", seg.Path())
	r.Expect("<nil>")
	r.Wait()
	info, err := seg.Info()
	must(t, err)
	if len(info.Participants) != 1 || len(info.Objects) != 1 {
		t.Errorf("%d participants and %d objects after the sweep, want us and the lock",
			len(info.Participants), len(info.Objects))
	}
	if state := m.Info().State; state != "owner died" {
		t.Errorf("the lock of the dead is %q", state)
	}
	sound(t, seg)
}

// waitsForFileLock returns when a thread of p sleeps in fcntl.
func waitsForFileLock(t *testing.T, p *shmtest.Process) {
	t.Helper()
	want := []byte(strconv.Itoa(syscall.SYS_FCNTL) + " ")
	for {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", p.PID()))
		must(t, err)
		for _, path := range files {
			if line, err := os.ReadFile(path); err == nil && bytes.HasPrefix(line, want) {
				return
			}
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// findOnRequest looks for objects by the names that it is told.
func findOnRequest(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	c.Say("ready")
	for {
		o, err := seg.OpenObject(c.Hear(), bytesSpec(0))
		if err == nil {
			c.Say("found", shm.Items[byte](o))
			c.Must(o.Close())
			continue
		}
		c.Say(err)
	}
}

// Nobody finds an object by its name before its payload is made, and then everybody
// finds the payload.
func TestInitBeforeName(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := create(t, "init")
	p := shmtest.Start(t, "find", seg.Path())
	p.Expect("ready")
	o, err := seg.NewObject("x", bytesSpec(3), func(o *shm.Object) error {
		p.Send("x")
		if line := p.Line(); line == "found [0 0 0]" || line == "found [1 2 3]" {
			t.Errorf("%s before it was made", line)
		}
		copy(shm.Items[byte](o), []byte{1, 2, 3})
		return nil
	})
	must(t, err)
	p.Send("x")
	p.Expect("found [1 2 3]")
	must(t, o.Close())
}

// words is an array of eight words.
func words() shm.Spec {
	typ, _ := shm.TypeOf[uint64]()
	return shm.Spec{Kind: shm.KindArray, Type: typ, Count: 8}
}

// replaceForEver makes "x" and removes it, with another content each time.
func replaceForEver(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	c.Say("running")
	for n := uint64(0); ; n++ {
		o, err := seg.NewObject("x", words(), func(o *shm.Object) error {
			for i := range shm.Items[uint64](o) {
				shm.Items[uint64](o)[i] = n
			}
			return nil
		})
		c.Must(err)
		c.Must(o.Close())
		c.Must(seg.RemoveObject("x"))
	}
}

// A process opens an object that another one is about to free: it gets one that
// stays, or none.
func TestOpenAgainstRemove(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := create(t, "replace")
	p := shmtest.Start(t, "replace", seg.Path())
	p.Expect("running")
	opened, rounds := 0, 30000
	if testing.Short() {
		rounds = 3000
	}
	for range rounds {
		o, err := seg.OpenObject("x", words())
		if err != nil {
			continue
		}
		opened++
		word := &shm.Items[uint64](o)[0]
		was := atomic.LoadUint64(word)
		for range 20000 {
			if now := atomic.LoadUint64(word); now != was {
				t.Fatalf("opened %d times: %d became %d, the object was freed while it was in use", opened, was, now)
			}
		}
		must(t, o.Close())
	}
	t.Logf("opened %d times", opened)
	p.Kill()
}

// An anonymous segment stays while somebody is attached: who leaves before takes
// nothing along.
func TestFirstOneOut(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	must(t, shm.CloseDefault())
	seg, err := shm.Default()
	must(t, err)
	o, err := seg.NewObject("", bytesSpec(6), nil)
	must(t, err)
	handle := handleText(t, o)
	files := anonymousFiles(t)
	for range 2 {
		copy(shm.Items[byte](o), "parent")
		p := shmtest.Start(t, "handle", handle)
		p.Expect("parent")
		p.Line()
		p.Send("close")
		p.Expect("closed")
		if n := anonymousFiles(t); n != files {
			t.Errorf("%d files after another process left, want %d", n, files)
		}
		p.Send("exit")
		p.Wait()
	}
	must(t, o.Close())
}
