package shm_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() {
	shmtest.Register("handle", openHandleText)
	shmtest.Register("anonymous", makeAnonymous)
	shmtest.Register("attach", attachSegment)
	shmtest.Register("storm", stormWorker)
	shmtest.Register("open", tryOpen)
	shmtest.Register("churn", churnAnonymous)
}

func handleText(t testing.TB, o *shm.Object) string {
	t.Helper()
	h, err := o.Handle()
	must(t, err)
	text, err := h.MarshalText()
	must(t, err)
	return string(text)
}

// openHandleText opens bytes by their handle, shows them, changes them, and sends
// a handle of its own back.
func openHandleText(c *shmtest.Child) {
	var h shm.Handle
	c.Must(h.UnmarshalText([]byte(c.Args[0])))
	o, err := shm.OpenHandle(h, bytesSpec(0))
	c.Must(err)
	c.Say(string(shm.Items[byte](o)))
	copy(shm.Items[byte](o), "child!")
	h, err = o.Handle()
	c.Must(err)
	text, err := h.MarshalText()
	c.Must(err)
	c.Say(string(text))
	c.Hear()
	c.Must(o.Close())
	c.Say("closed")
	c.Hear()
}

// conformance: SM-05, SM-07, SM-12
func TestHandleAcrossProcesses(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg, err := shm.Default()
	must(t, err)
	o, err := seg.NewObject("", bytesSpec(6), nil)
	must(t, err)
	copy(shm.Items[byte](o), "parent")
	p := shmtest.Start(t, "handle", handleText(t, o))
	p.Expect("parent")
	if want := handleText(t, o); p.Line() != want {
		t.Error("the child's handle of the same object differs")
	}
	if s := string(shm.Items[byte](o)); s != "child!" {
		t.Errorf("parent sees %q", s)
	}
	p.Send("close")
	p.Expect("closed")
	if s := string(shm.Items[byte](o)); s != "child!" {
		t.Errorf("after the child closed it: %q", s)
	}
	p.Send("exit")
	p.Wait()
	if s := string(shm.Items[byte](o)); s != "child!" {
		t.Errorf("after the child left: %q", s)
	}
	sound(t, seg)
	must(t, o.Close())
}

// makeAnonymous makes an object on its default heap and sends its handle.
func makeAnonymous(c *shmtest.Child) {
	seg, err := shm.Default()
	c.Must(err)
	o, err := seg.NewObject("", bytesSpec(6), nil)
	c.Must(err)
	copy(shm.Items[byte](o), "orphan")
	h, err := o.Handle()
	c.Must(err)
	text, err := h.MarshalText()
	c.Must(err)
	c.Say(string(text))
	if c.Hear() == "clean" {
		c.Must(o.Close())
		c.Must(shm.CloseDefault())
		return
	}
	c.Park()
}

func anonymousFiles(t testing.TB) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shm.Dir(), "anon-*"))
	must(t, err)
	return len(files)
}

// conformance: SM-11, RT-01
func TestAnonymousSegmentOfTheDead(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	must(t, shm.CloseDefault())
	before := anonymousFiles(t)
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		p := shmtest.Start(t, "anonymous")
		text := p.Line()
		var h shm.Handle
		must(t, h.UnmarshalText([]byte(text)))
		o, err := shm.OpenHandle(h, bytesSpec(0))
		must(t, err)
		p.Signal(end)
		p.Kill()
		if s := string(shm.Items[byte](o)); s != "orphan" {
			t.Errorf("after its maker died: %q", s)
		}
		if n, err := shm.Sweep(); n != 0 || err != nil {
			t.Errorf("Sweep took a segment that is in use: %d, %v", n, err)
		}
		must(t, o.Close()) // the last user: the file goes
		if n := anonymousFiles(t); n != before {
			t.Errorf("%v: %d files, want %d", end, n, before)
		}
	}
	p := shmtest.Start(t, "anonymous") // nobody else ever opens it
	p.Line()
	p.Kill()
	if n := anonymousFiles(t); n != before+1 {
		t.Errorf("%d files before the sweep, want %d", n, before+1)
	}
	_, err := shm.List()
	must(t, err)
	if n := anonymousFiles(t); n != before {
		t.Errorf("%d files after List, want %d", n, before)
	}
	p = shmtest.Start(t, "anonymous")
	p.Line()
	p.Send("clean")
	p.Wait()
	if n := anonymousFiles(t); n != before {
		t.Errorf("%d files after a clean exit, want %d", n, before)
	}
}

// attachSegment opens a segment and stays.
func attachSegment(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	_, err = seg.NewObject("", bytesSpec(5000), nil)
	c.Must(err)
	c.Say("attached")
	c.Park()
}

// The dead keep nothing: slots, holds and memory come back when somebody attaches.
func TestSlotsOfTheDead(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	seg := create(t, "slots")
	var all []*shmtest.Process
	for range 20 {
		p := shmtest.Start(t, "attach", seg.Path())
		p.Expect("attached")
		all = append(all, p)
	}
	alive := func() (n, objects int) {
		info, err := seg.Info()
		must(t, err)
		for _, p := range info.Participants {
			if p.Alive {
				n++
			}
		}
		return n, len(info.Objects)
	}
	if n, objects := alive(); n != 21 || objects != 20 {
		t.Errorf("%d alive, %d objects", n, objects)
	}
	for _, p := range all {
		p.Kill()
	}
	if n, _ := alive(); n != 1 {
		t.Errorf("%d alive after 20 were killed", n)
	}
	sound(t, seg)
	p := shmtest.Start(t, "attach", seg.Path())
	p.Expect("attached")
	info, err := seg.Info()
	must(t, err)
	if len(info.Participants) != 2 || len(info.Objects) != 1 {
		t.Errorf("%d participants and %d objects after the sweep, want 2 and 1", len(info.Participants), len(info.Objects))
	}
	p.Kill()
}

// stormWorker makes, opens, uses and removes objects of a few names, for ever.
func stormWorker(c *shmtest.Child) {
	seed, err := strconv.ParseUint(c.Args[1], 10, 64)
	c.Must(err)
	r := rand.New(rand.NewPCG(seed, 7))
	seg, err := shm.Open(c.Args[0])
	c.Must(err)
	c.Say("running")
	ok := func(err error) {
		for _, fine := range []error{nil, shm.ErrExists, shm.ErrNotFound, shm.ErrGone, shm.ErrType, shsync.ErrOwnerDied} {
			if err == nil || errors.Is(err, fine) {
				return
			}
		}
		c.Must(err)
	}
	for {
		name := "n" + strconv.Itoa(r.IntN(6))
		switch r.IntN(5) {
		case 0:
			o, err := seg.NewObject(name, bytesSpec(uint64(r.IntN(20000))), nil)
			ok(err)
			if err == nil {
				fill(c, o, byte(r.IntN(256)))
				ok(o.Close())
			}
		case 1:
			ok(seg.RemoveObject(name))
		case 2:
			o, err := seg.OpenObject(name, bytesSpec(0))
			ok(err)
			if err == nil {
				fill(c, o, byte(r.IntN(256)))
				ok(o.Close())
			}
		case 3:
			o, err := seg.NewObject("", bytesSpec(uint64(r.IntN(3000))), nil)
			ok(err)
			for i, b := range shm.Items[byte](o) {
				if b != 0 {
					c.Must(fmt.Errorf("byte %d of a new object is %d", i, b))
				}
			}
			fill(c, o, 0xAA)
			ok(o.Close())
		case 4:
			m, err := shsync.OpenMutex(seg, "lock")
			ok(err)
			err = m.Lock()
			ok(err)
			if err != nil {
				ok(m.MarkConsistent())
			}
			ok(m.Unlock())
			ok(m.Close())
		}
	}
}

func fill(c *shmtest.Child, o *shm.Object, b byte) {
	items := shm.Items[byte](o)
	for i := range items {
		items[i] = b
	}
}

// Processes that make and remove objects are killed at random. The law: Check is
// clean while it goes on, and at the end nothing is left but what has a name.
func TestStorm(t *testing.T) {
	shmtest.Watchdog(t, 2*time.Minute)
	seg := create(t, "storm", shm.WithSize(4096), shm.WithMaxSize(256<<20))
	m, err := shsync.NewMutexIn(seg, "lock")
	must(t, err)
	seed := rand.Uint64() >> 1
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	kills := 60
	if testing.Short() {
		kills = 10
	}
	start := func() *shmtest.Process {
		p := shmtest.Start(t, "storm", seg.Path(), strconv.FormatUint(r.Uint64(), 10))
		p.Expect("running")
		return p
	}
	all := []*shmtest.Process{start(), start(), start()}
	for range kills {
		i := r.IntN(len(all))
		for range r.IntN(2000) {
			seg.Path() // a random while, without a clock
		}
		all[i].Kill()
		sound(t, seg)
		all[i] = start()
	}
	for _, p := range all {
		p.Kill()
	}
	must(t, m.Close())
	atEnd(t, seg)
}

// atEnd removes all names and asserts that all memory is free.
func atEnd(t *testing.T, seg *shm.Segment) {
	t.Helper()
	again, err := shm.Create(filepath.Join(t.TempDir(), "other")) // unrelated: Open below must attach anew
	must(t, err)
	must(t, again.Close())
	p := shmtest.Start(t, "open", seg.Path()) // attaching sweeps the dead
	p.Expect("<nil>")
	p.Wait()
	info, err := seg.Info()
	must(t, err)
	for _, o := range info.Objects {
		if o.Name == "" {
			t.Errorf("anonymous object %d is left: %+v", o.Index, o)
			continue
		}
		must(t, seg.RemoveObject(o.Name))
	}
	// What was leaked by the killed comes back when memory is short.
	o, err := seg.NewObject("", bytesSpec(200<<20), nil)
	must(t, err)
	must(t, o.Close())
	if info, err = seg.Info(); err != nil || info.Heap.Blocks > 2 {
		t.Errorf("%d blocks in use at the end, want at most two directory pages (%v)", info.Heap.Blocks, err)
	}
	sound(t, seg)
}

// tryOpen opens a segment and tells what came of it.
func tryOpen(c *shmtest.Child) {
	seg, err := shm.Open(c.Args[0])
	switch {
	case errors.Is(err, fs.ErrPermission):
		c.Say("permission", strings.Contains(err.Error(), c.Args[0]))
	default:
		c.Say(err)
	}
	if err == nil {
		c.Must(seg.Close())
	}
}

func TestPermission(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	dir, err := os.MkdirTemp("/dev/shm", "shmkit-test-perm-")
	must(t, err)
	defer os.RemoveAll(dir)
	must(t, os.Chmod(dir, 0o755))
	seg, err := shm.Create(filepath.Join(dir, "mine"))
	must(t, err)
	defer seg.Close()
	exe, err := os.ReadFile(os.Args[0]) // where another user may run it
	must(t, err)
	copied := filepath.Join(dir, "test")
	must(t, os.WriteFile(copied, exe, 0o755))
	p := shmtest.StartWith(t, func(cmd *exec.Cmd) {
		cmd.Path = copied
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}, "open", seg.Path())
	p.Expect("permission true")
	p.Wait()
}

// churnAnonymous opens and leaves one anonymous segment again and again.
func churnAnonymous(c *shmtest.Child) {
	var h shm.Handle
	c.Must(h.UnmarshalText([]byte(c.Args[0])))
	c.Say("ready")
	c.Hear()
	for range 50 {
		o, err := shm.OpenHandle(h, bytesSpec(0))
		if errors.Is(err, shm.ErrGone) {
			break
		}
		c.Must(err)
		c.Must(o.Close())
	}
	c.Say("done")
}

// Processes that leave an anonymous segment together leave no file.
func TestLastOneOut(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for range 10 {
		must(t, shm.CloseDefault())
		before := anonymousFiles(t)
		seg, err := shm.Default()
		must(t, err)
		o, err := seg.NewObject("", bytesSpec(10), nil)
		must(t, err)
		text := handleText(t, o)
		var all []*shmtest.Process
		for range 3 {
			p := shmtest.Start(t, "churn", text)
			p.Expect("ready")
			all = append(all, p)
		}
		for _, p := range all {
			p.Send("go")
		}
		must(t, o.Close())
		must(t, shm.CloseDefault())
		for _, p := range all {
			p.Expect("done")
			p.Wait()
		}
		if n := anonymousFiles(t); n != before {
			t.Fatalf("%d files, want %d", n, before)
		}
	}
}
