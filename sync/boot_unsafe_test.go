package sync_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"shmkit/internal/layout"
	"shmkit/internal/shmtest"
	"shmkit/shm"
	shsync "shmkit/sync"
)

func init() { shmtest.Register("create", createLocked) }

// createLocked makes a segment with a lock, and holds that.
func createLocked(c *shmtest.Child) {
	seg, err := shm.Create(c.Args[0])
	c.Must(err)
	m, err := shsync.NewMutexIn(seg, "lock")
	c.Must(err)
	o, err := seg.NewObject("counter", counterSpec(), nil)
	c.Must(err)
	shm.Items[uint64](o)[0] = 42
	c.Must(m.Lock())
	c.Say("locked")
	c.Park()
}

// A segment from before the machine was started anew: everybody who was attached
// is dead, the lock that was held gives ErrOwnerDied, the data is there.
func TestBootReset(t *testing.T) {
	watchdog(t)
	path := filepath.Join(t.TempDir(), "seg")
	p := shmtest.Start(t, "create", path)
	p.Expect("locked")
	p.Kill()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	other := []byte("another boot id.")
	_, err = f.WriteAt(other, int64(unsafe.Offsetof(layout.Header{}.BootID)))
	must(t, err)
	must(t, f.Close())

	seg, err := shm.Open(path)
	must(t, err)
	defer seg.Close()
	info, err := seg.Info()
	must(t, err)
	if n := len(info.Participants); n != 1 {
		t.Errorf("%d participants, want us alone", n)
	}
	m, err := shsync.OpenMutex(seg, "lock")
	must(t, err)
	defer m.Close()
	if err := m.Lock(); !errors.Is(err, shsync.ErrOwnerDied) {
		t.Errorf("lock that was held when the machine stopped: %v", err)
	}
	must(t, m.MarkConsistent())
	must(t, m.Unlock())
	o, err := seg.OpenObject("counter", counterSpec())
	must(t, err)
	defer o.Close()
	if n := shm.Items[uint64](o)[0]; n != 42 {
		t.Errorf("the data is %d, want 42", n)
	}
	b, err := os.ReadFile(path)
	must(t, err)
	if string(b[128:144]) == string(other) {
		t.Error("the boot id was not renewed")
	}
	found, err := seg.Check()
	if err != nil || len(found) > 0 {
		t.Errorf("Check: %v %v", found, err)
	}
}
