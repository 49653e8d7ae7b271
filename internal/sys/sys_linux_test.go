package sys_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shmkit/internal/layout"
	"shmkit/internal/mem"
	"shmkit/internal/shmtest"
	"shmkit/internal/sys"
)

func TestMain(m *testing.M) { shmtest.Main(m) }

func init() {
	shmtest.Register("watch", watchWords)
	shmtest.Register("lock", lockByte)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// participants maps a file of n participant records.
func participants(path string, n int) ([]layout.Participant, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := sys.Allocate(f, 0, 4096); err != nil {
		return nil, err
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return mem.Slice[layout.Participant](mem.Fixed(b), 0, uint64(n))
}

// watchWords watches the words of two files, takes the second of the first file
// off again, and waits for its end.
func watchWords(c *shmtest.Child) {
	for i, path := range c.Args {
		p, err := participants(path, 3)
		c.Must(err)
		for k := range p {
			c.Must(sys.Watch(&p[k].RobustNext, &p[k].Death))
		}
		if i == 0 {
			sys.Unwatch(&p[1].RobustNext)
		}
	}
	c.Say("watching")
	switch c.Hear() {
	case "exit":
		return
	case "exec": // a program that waits for its input to end
		c.Must(syscall.Exec("/bin/cat", []string{"cat"}, nil))
	}
	c.Park()
}

// The kernel marks every watched word, in two mappings, however the process ends,
// and none that was taken off.
func TestDeathWords(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	for _, end := range []string{"kill", "exit", "exec"} {
		dir := t.TempDir()
		paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
		p := shmtest.Start(t, "watch", paths...)
		p.Expect("watching")
		a, err := participants(paths[0], 3)
		must(t, err)
		b, err := participants(paths[1], 3)
		must(t, err)
		alive := atomic.LoadUint32(&a[0].Death)
		if alive&layout.DeathWaiters == 0 || alive&layout.DeathDied != 0 {
			t.Fatalf("death word of a live process is %#x", alive)
		}
		if end == "kill" {
			p.Signal(syscall.SIGKILL)
		} else {
			p.Send(end)
		}
		for atomic.LoadUint32(&a[0].Death) == alive {
			// One sleeper is woken by the kernel; a slice bounds the test's wait only
			// if it was not.
			if _, err := sys.FutexWait([]sys.Word{{Addr: &a[0].Death, Val: alive}}, 5*time.Second); errors.Is(err, sys.ErrTimeout) {
				t.Fatal("nobody was woken")
			}
		}
		p.Kill()
		for i, w := range []*uint32{&a[0].Death, &a[2].Death, &b[0].Death, &b[1].Death, &b[2].Death} {
			if got := atomic.LoadUint32(w); got != layout.DeathWaiters|layout.DeathDied {
				t.Errorf("%s: word %d is %#x", end, i, got)
			}
		}
		if got := atomic.LoadUint32(&a[1].Death); got&layout.DeathDied != 0 {
			t.Errorf("%s: the word that was taken off is %#x", end, got)
		}
	}
}

func lockByte(c *shmtest.Child) {
	f, err := sys.OpenFile(c.Args[0], true)
	c.Must(err)
	ok, err := sys.TryLock(int(f.Fd()), layout.LockSlots+7, 1)
	c.Must(err)
	c.Say(ok)
	c.Park()
}

// A byte far beyond the end of the file is locked, seen from other descriptors,
// and free as soon as its holder is gone.
func TestLocks(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, nil, 0o600))
	p := shmtest.Start(t, "lock", path)
	p.Expect("true")
	f, err := sys.OpenFile(path, true)
	must(t, err)
	defer f.Close()
	fd := int(f.Fd())
	if ok, err := sys.TryLock(fd, layout.LockSlots, layout.MaxSlots); ok || err != nil {
		t.Errorf("range over a held byte: %v, %v", ok, err)
	}
	held, start, n, err := sys.Holder(fd, layout.LockSlots, layout.MaxSlots)
	if err != nil || !held || start != layout.LockSlots+7 || n != 1 {
		t.Errorf("Holder: %v %d %d %v", held, start-layout.LockSlots, n, err)
	}
	p.Signal(syscall.SIGKILL)
	must(t, sys.Lock(fd, layout.LockSlots+7, 1)) // waits until the kernel has released it
	p.Kill()
	second, err := sys.OpenFile(path, true)
	must(t, err)
	defer second.Close()
	if ok, err := sys.TryLock(int(second.Fd()), layout.LockSlots+7, 1); ok || err != nil {
		t.Errorf("two descriptors of one process hold one byte: %v, %v", ok, err)
	}
	must(t, sys.Unlock(fd, layout.LockSlots+7, 1))
	if ok, err := sys.TryLock(int(second.Fd()), layout.LockSlots+7, 1); !ok || err != nil {
		t.Errorf("after Unlock: %v, %v", ok, err)
	}
}

// A lock belongs to the open file and not to the process: the process has it once,
// and closing another descriptor of the file leaves it alone.
func TestLockBelongsToTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, nil, 0o600))
	open := func() *os.File {
		f, err := sys.OpenFile(path, true)
		must(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	holder, other := open(), open()
	if ok, err := sys.TryLock(int(holder.Fd()), layout.LockSlots, 1); !ok || err != nil {
		t.Fatalf("TryLock: %v, %v", ok, err)
	}
	if ok, err := sys.TryLock(int(other.Fd()), layout.LockSlots, 1); ok || err != nil {
		t.Errorf("TryLock through another descriptor: %v, %v", ok, err)
	}
	must(t, open().Close())
	if held, _, _, err := sys.Holder(int(other.Fd()), layout.LockSlots, 1); !held || err != nil {
		t.Errorf("after another descriptor was closed: held %v, %v", held, err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	f, err := sys.CreateTemp(dir, 0o644)
	must(t, err)
	defer f.Close()
	must(t, sys.Allocate(f, 0, 10000))
	path := filepath.Join(dir, "name")
	must(t, sys.Link(f, path))
	if err := sys.Link(f, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Link: %v", err)
	}
	size, blocks, links, _, _, _, err := sys.Stat(f)
	if err != nil || size != 10000 || blocks*512 < size || links != 1 {
		t.Errorf("Stat: %d bytes, %d blocks, %d links, %v", size, blocks, links, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	link := filepath.Join(dir, "link")
	must(t, os.Symlink(path, link))
	for _, bad := range []string{link, dir, "/dev/null"} {
		if g, err := sys.OpenFile(bad, false); err == nil {
			g.Close()
			t.Errorf("%s opened as a regular file", bad)
		}
	}
}

// Waiting works, slower, without futex_waitv.
func TestFutexWait(t *testing.T) {
	shmtest.Watchdog(t, time.Minute)
	words := new([2]uint32)
	list := []sys.Word{{Addr: &words[0], Val: 0}, {Addr: &words[1], Val: 0}}
	both := func() {
		t.Helper()
		if _, err := sys.FutexWait(list, time.Millisecond); !errors.Is(err, sys.ErrTimeout) {
			t.Errorf("nothing happened: %v", err)
		}
		atomic.StoreUint32(&words[0], 1)
		if _, err := sys.FutexWait(list, time.Minute); !errors.Is(err, sys.ErrAgain) {
			t.Errorf("another value: %v", err)
		}
		atomic.StoreUint32(&words[0], 0)
	}
	both()
	restore := sys.ForgoWaitV()
	defer restore()
	if sys.HasWaitV() {
		t.Error("HasWaitV after ForgoWaitV")
	}
	both()
}
